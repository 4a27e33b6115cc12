// Who has gone lately, and why. The hub remembers the last thousand.
import { h } from "../dom.js";
import { LiveTable, Pager } from "../table.js";
import * as format from "../format.js";
import { transportName } from "./columns.js";

// What somebody may have to look into.
const FAULTS = new Set([
  "ping_timeout",
  "transport_error",
  "parse_error",
  "too_big",
  "queue_full",
  "rate_limit",
  "connect_timeout",
  "overload",
]);

export function closes(app) {
  let wanted = { offset: 0, limit: 50 };
  const table = new LiveTable({
    caption: "Closed connections, the last one first",
    keyOf: (row) => `${row.time}\n${row.sid}`,
    empty: "Nobody has gone yet.",
    columns: [
      {
        label: "Connection",
        class: "who",
        text: (row) => `${row.username ?? ""}\n${row.sid ?? ""}`,
        paint: (cell, row) =>
          cell.replaceChildren(
            h("bdi", { class: row.username === null ? "name nobody" : "name" }, row.username ?? "no username"),
            h("span", { class: "id" }, row.sid ?? "never joined"),
          ),
      },
      { label: "Closed", text: (row) => format.shortTime(row.time, app.now()), title: (row) => format.dateTime(row.time) },
      {
        label: "Reason",
        text: (row) => format.words(row.reason),
        paint: (cell, row) =>
          cell.replaceChildren(h("span", { class: FAULTS.has(row.reason) ? "badge bad" : "badge" }, format.words(row.reason))),
      },
      { label: "Address", class: "wide mono", text: (row) => row.address },
      { label: "Transport", class: "wide", text: (row) => transportName(row.transport) },
      { label: "Was connected for", class: "number wide", text: (row) => format.duration(row.duration_s) },
    ],
  });
  const pager = new Pager({
    what: "closed connections",
    onMove: (offset) => change({ offset }),
    onSize: (limit) => change({ limit }),
  });
  const poller = app.poller({
    every: 3000,
    ask: () => app.hub.ask("closes", wanted),
    show: ({ total, items }) => {
      table.show(items);
      pager.show({ ...wanted, shown: items.length, matched: total });
    },
  });
  function change(by) {
    wanted = { ...wanted, ...by, offset: by.offset ?? 0 };
    poller.now();
  }

  return {
    id: "closes",
    title: "Closes",
    icon: "closes",
    element: h(
      "div",
      {},
      h("p", { class: "note" }, "The last connections that ended, the newest first. The hub remembers up to a thousand."),
      h("div", { class: "panel flush" }, table.element),
      pager.element,
    ),
    start: () => poller.start(),
    stop: () => poller.stop(),
    refresh: () => poller.now(),
  };
}
