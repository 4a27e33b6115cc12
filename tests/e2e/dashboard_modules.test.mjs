// What the dashboard computes, without a browser.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as format from "../../plugins/admin/dashboard/format.js";
import { History, quantile } from "../../plugins/admin/dashboard/history.js";

const plain = (text) => text.replaceAll("\u202f", " ");
const totals = (more = {}) => ({
  started: "2026-01-01T00:00:00.000Z",
  events_in: 0,
  events_out: 0,
  bytes_in: 0,
  bytes_out: 0,
  sessions: 3,
  sessions_by_transport: { websocket: 2, polling: 1 },
  loop_lag_ms: 0.5,
  rss_bytes: 1000,
  queued_bytes: 10,
  cpu_seconds: 0,
  ...more,
});

describe("figures as text", () => {
  it("have three digits and a unit", () => {
    const cases = [
      [
        format.bytes,
        [
          [0, "0 B"],
          [999, "999 B"],
          [1000, "1 KB"],
          [1234, "1.23 KB"],
          [61_400_000, "61.4 MB"],
          [null, "–"],
          [Number.NaN, "–"],
        ],
      ],
      [
        format.milliseconds,
        [
          [0, "0 ms"],
          [0.2041, "204 µs"],
          [0.0001, "1 µs"],
          [1.5, "1.5 ms"],
          [12.34, "12.3 ms"],
          [2500, "2.5 s"],
          [null, "–"],
        ],
      ],
      [
        format.duration,
        [
          [0, "0 s"],
          [59.6, "1 min"],
          [61, "1 min 1 s"],
          [3600, "1 h"],
          [93_784, "1 d 2 h"],
          [86_400 + 5, "1 d"],
          [undefined, "–"],
        ],
      ],
      [
        format.perSecond,
        [
          [0, "0/s"],
          [1999.6, "2 k/s"],
          [12.34, "12.3/s"],
          [null, "–"],
        ],
      ],
      [
        format.count,
        [
          [1234567, "1,234,567"],
          [undefined, "–"],
        ],
      ],
    ];
    for (const [show, pairs] of cases) for (const [value, text] of pairs) assert.equal(plain(show(value)), text, String(value));
  });
  it("are times of UTC, however the hub writes them", () => {
    assert.equal(format.parseTime("2026-02-20T12:00:00"), Date.UTC(2026, 1, 20, 12));
    assert.equal(format.parseTime("2026-02-20T12:00:00.250Z"), Date.UTC(2026, 1, 20, 12, 0, 0, 250));
    assert.ok(Number.isNaN(format.parseTime(null)));
    assert.equal(format.dateTime("yesterday"), "–");
  });
});

describe("what was", () => {
  it("is rates of the totals, over the time that has passed", () => {
    const history = new History();
    const now = Date.now();
    history.add(totals({ events_in: 100, cpu_seconds: 1 }), now - 4000);
    history.add(totals({ events_in: 300, cpu_seconds: 2 }), now);
    const [time, eventsIn, cpu, polling] = history.columns(["eventsIn", "cpu", "polling"], 600);
    assert.deepEqual(time, [(now - 4000) / 1000, now / 1000]);
    assert.deepEqual(
      [eventsIn, cpu, polling],
      [
        [null, 50],
        [null, 25],
        [1, 1],
      ],
    );
  });
  it("does not make a rate of two answers at the same time", () => {
    const history = new History();
    const now = Date.now();
    history.add(totals(), now - 2000);
    history.add(totals({ events_in: 5 }), now - 1990);
    history.add(totals({ events_in: 10 }), now);
    assert.deepEqual(history.columns(["eventsIn"], 600)[1], [null, 5]);
  });
  it("has a gap where the hub was restarted", () => {
    const history = new History();
    const now = Date.now();
    history.add(totals({ events_in: 1000 }), now - 4000);
    history.add(totals({ events_in: 7, started: "2026-01-02T00:00:00.000Z" }), now - 2000);
    history.add(totals({ events_in: 9, started: "2026-01-02T00:00:00.000Z" }), now);
    assert.deepEqual(history.columns(["sessions"], 600)[1], [3, null, 3, 3]);
    assert.deepEqual(history.columns(["eventsIn"], 600)[1], [null, null, null, 1]);
  });
  it("shows no more than the time asked for", () => {
    const history = new History();
    const now = Date.now();
    history.add(totals(), now - 100_000);
    history.add(totals(), now);
    assert.equal(history.columns(["sessions"], 60)[0].length, 1);
  });
  it("has the latency of the calls in between, not of all", () => {
    const history = new History();
    const now = Date.now();
    const buckets = (...counts) => ({ handlers: { buckets: counts.map((count, i) => ({ le: [0.001, 0.01, 0.1][i], count })) } });
    history.add(totals(buckets(1000, 1000, 1000)), now - 2000);
    history.add(totals(buckets(1000, 1100, 1100)), now);
    const [, [first, second]] = history.columns(["p50"], 600);
    assert.equal(first, null);
    assert.ok(Math.abs(second - 5.5) < 1e-6, String(second));
  });
});

describe("a quantile", () => {
  const buckets = (...counts) => counts.map((count, i) => ({ le: [0.001, 0.01, 0.1, "+Inf"][i], count }));
  it("lies within its bucket", () => {
    assert.equal(quantile(buckets(10, 0, 0, 0), 0.5), 0.5);
    assert.equal(Math.round(quantile(buckets(0, 0, 4, 0), 0.5)), 55);
    assert.equal(quantile(buckets(99, 0, 1, 0), 0.99), 1);
  });
  it("of slower calls than any bucket's is the last bound", () => assert.equal(quantile(buckets(0, 0, 0, 9), 0.99), 100));
  it("of no calls is none", () => assert.equal(quantile(buckets(0, 0, 0, 0), 0.5), null));
});
