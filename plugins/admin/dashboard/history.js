// What the hub's totals (`admin:stats`) were while this page was open, as rates and latencies for the charts.
import { parseTime } from "./format.js";

const KEPT = 1800; // samples: an hour, at one each two seconds
const APART = 0.9; // seconds; over less, a rate says nothing

// The columns, in the order of `columns()`.
export const SERIES = [
  "time", // seconds since 1970, of this browser
  "eventsIn",
  "eventsOut",
  "bytesIn",
  "bytesOut",
  "p50", // milliseconds
  "p99",
  "sessions",
  "websocket",
  "polling",
  "lag", // milliseconds
  "memory", // bytes
  "queued", // bytes
  "cpu", // per cent of one core
];

export class History {
  #rows = [];
  #last = null; // {at, stats}

  // Forgets nothing when the hub was restarted or the line was lost: there is a gap instead.
  add(stats, at = Date.now()) {
    const before = this.#last;
    const restarted = before && before.stats.started !== stats.started;
    const seconds = before && secondsBetween(before, { at, stats });
    if (before && !restarted && seconds < APART) return;
    if (restarted) this.gap(at);
    this.#last = { at, stats };
    if (!before || restarted) {
      this.#push([at / 1000, ...new Array(6).fill(null), ...levels(stats), null]);
      return;
    }
    const per = (name) => Math.max(0, (stats[name] - before.stats[name]) / seconds);
    const handled = difference(stats.handlers, before.stats.handlers);
    this.#push([
      at / 1000,
      per("events_in"),
      per("events_out"),
      per("bytes_in"),
      per("bytes_out"),
      quantile(handled, 0.5),
      quantile(handled, 0.99),
      ...levels(stats),
      100 * per("cpu_seconds"),
    ]);
  }

  // Nothing is known of this time.
  gap(at = Date.now()) {
    this.#last = null;
    if (this.#rows.length > 0) this.#push([at / 1000, ...new Array(SERIES.length - 1).fill(null)]);
  }

  // Of the last `seconds`: an array for each of the named series, the time first.
  columns(names, seconds) {
    const since = Date.now() / 1000 - seconds;
    const rows = this.#rows.filter((row) => row[0] >= since);
    return ["time", ...names].map((name) => rows.map((row) => row[SERIES.indexOf(name)]));
  }
  latest(name) {
    return this.#rows.at(-1)?.[SERIES.indexOf(name)] ?? null;
  }

  #push(row) {
    this.#rows.push(row);
    if (this.#rows.length > KEPT) this.#rows.shift();
  }
}

// By the hub's clock, since answers may be late.
function secondsBetween(before, now) {
  const seconds = (parseTime(now.stats.time) - parseTime(before.stats.time)) / 1000;
  return Number.isFinite(seconds) ? seconds : (now.at - before.at) / 1000;
}

function levels(stats) {
  const { websocket = 0, polling = 0 } = stats.sessions_by_transport ?? {};
  return [stats.sessions, websocket, polling, stats.loop_lag_ms, stats.rss_bytes, stats.queued_bytes];
}

// How many calls took between the bound before and each bound, since then: [{le, count}], bounds in seconds.
function difference(now, before) {
  const own = (buckets) => buckets.map(({ le, count }, i) => ({ le, count: count - (buckets[i - 1]?.count ?? 0) }));
  if (!Array.isArray(now?.buckets) || !Array.isArray(before?.buckets)) return [];
  const old = own(before.buckets);
  return own(now.buckets).map(({ le, count }, i) => ({ le, count: Math.max(0, count - (old[i]?.count ?? 0)) }));
}

// Milliseconds; null without calls. Within a bucket as if calls were spread evenly; above the last bound, that bound.
export function quantile(buckets, share) {
  const all = buckets.reduce((sum, { count }) => sum + count, 0);
  if (all === 0) return null;
  let rest = share * all;
  let lower = 0;
  for (const { le, count } of buckets) {
    const upper = typeof le === "number" && Number.isFinite(le) ? le : null;
    if (upper === null) break;
    if (count > 0 && rest <= count) return 1000 * (lower + (upper - lower) * (rest / count));
    rest -= count;
    lower = upper;
  }
  return 1000 * lower;
}
