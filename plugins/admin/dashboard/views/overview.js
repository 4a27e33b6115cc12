// How the hub is doing: figures, charts, and what is happening right now.
import { h, scroller, select, setChildren, setText } from "../dom.js";
import { Chart } from "../charts.js";
import * as format from "../format.js";
import { ActivityFeed } from "./activity.js";
import { transportName } from "./columns.js";

const TILES = [
  ["Connections", (s) => format.count(s.sessions), (s) => transports(s)],
  ["Users", (s) => format.count(s.users), () => "with a username"],
  ["Rooms", (s) => format.count(s.rooms), () => ""],
  ["Events in", (_, now) => format.perSecond(now("eventsIn")), (s) => `${format.count(s.events_in)} in all`],
  ["Events out", (_, now) => format.perSecond(now("eventsOut")), (s) => `${format.count(s.events_out)} in all`],
  ["Waiting to be sent", (s) => format.bytes(s.queued_bytes), () => "in all queues"],
  ["Memory", (s) => format.bytes(s.rss_bytes), (_, now) => `${format.percent(now("cpu"))} of a core`],
  ["Running for", (s) => format.duration(s.uptime_s), (s) => `since ${format.dateTime(s.started)}`],
];

const transports = ({ sessions_by_transport: by = {} }) =>
  Object.entries(by)
    .map(([transport, number]) => `${format.count(number)} ${transportName(transport)}`)
    .join(", ");

const CHARTS = [
  {
    title: "Events",
    note: "per second",
    series: [
      { name: "eventsIn", label: "In", color: "--chart-a", filled: true },
      { name: "eventsOut", label: "Out", color: "--chart-b" },
    ],
    format: format.rate,
  },
  {
    title: "Handler time",
    note: "how long plugins take for an event",
    series: [
      { name: "p50", label: "Median", color: "--chart-a" },
      { name: "p99", label: "99 %", color: "--chart-b" },
    ],
    format: format.milliseconds,
  },
  {
    title: "Connections",
    series: [
      { name: "websocket", label: "WebSocket", color: "--chart-a", filled: true },
      { name: "polling", label: "Polling", color: "--chart-b" },
    ],
    format: format.count,
  },
  {
    title: "Traffic",
    note: "bytes per second",
    series: [
      { name: "bytesIn", label: "In", color: "--chart-a", filled: true },
      { name: "bytesOut", label: "Out", color: "--chart-b" },
    ],
    format: format.bytes,
  },
  {
    title: "Loop lag",
    note: "how late the hub's threads are",
    series: [{ name: "lag", label: "Worst", color: "--chart-a", filled: true }],
    format: format.milliseconds,
  },
  {
    title: "Memory",
    series: [
      { name: "memory", label: "Process", color: "--chart-a", filled: true },
      { name: "queued", label: "Waiting to be sent", color: "--chart-b" },
    ],
    format: format.bytes,
  },
];

const SPANS = [
  ["120", "2 minutes"],
  ["600", "10 minutes"],
  ["3600", "1 hour"],
];

export function overview(app) {
  const tiles = TILES.map(([label, value, detail]) => {
    const shown = h("dd", { class: "value" });
    const more = h("dd", { class: "detail" });
    return { value, detail, shown, more, element: h("div", { class: "tile panel" }, h("dt", {}, label), shown, more) };
  });
  const charts = CHARTS.map((chart) => new Chart(chart));
  const feed = new ActivityFeed(app);
  const spaces = h("tbody");
  let seconds = 120;
  const span = select(SPANS, String(seconds), (value) => {
    seconds = Number(value);
    draw();
  });
  span.setAttribute("aria-label", "Time shown in the charts");

  const draw = () => charts.forEach((chart) => chart.show(app.history, seconds));
  const show = () => {
    if (!app.stats) return;
    const now = (name) => app.history.latest(name);
    for (const { value, detail, shown, more } of tiles) {
      setText(shown, value(app.stats, now));
      setText(more, detail(app.stats, now));
    }
    const rows = (app.stats.namespaces ?? []).map(({ name, sockets }) =>
      h("tr", {}, h("th", { scope: "row" }, h("bdi", {}, name)), h("td", { class: "number" }, format.count(sockets))),
    );
    setChildren(spaces, rows);
    draw();
  };
  wshubTheme.onChange(() => charts.forEach((chart) => chart.restyle()));

  return {
    id: "overview",
    title: "Overview",
    icon: "overview",
    element: h(
      "div",
      { class: "overview" },
      h(
        "dl",
        { class: "tiles" },
        tiles.map(({ element }) => element),
      ),
      h(
        "div",
        { class: "bar" },
        h("p", { class: "note" }, "Charts begin when this page is opened."),
        h("span", { class: "spring" }),
        span,
      ),
      h(
        "div",
        { class: "charts" },
        charts.map(({ element }) => element),
      ),
      h(
        "div",
        { class: "columns" },
        feed.element,
        h(
          "section",
          { class: "panel", "aria-labelledby": "spaces-title" },
          h("h2", { id: "spaces-title" }, "Namespaces"),
          scroller(
            "Namespaces",
            h(
              "table",
              {},
              h(
                "thead",
                {},
                h("tr", {}, h("th", { scope: "col" }, "Name"), h("th", { scope: "col", class: "number" }, "Connections")),
              ),
              spaces,
            ),
          ),
        ),
      ),
    ),
    start() {
      charts.forEach((chart) => chart.start());
      feed.start();
      show();
    },
    stop() {
      charts.forEach((chart) => chart.stop());
      feed.stop();
    },
    onStats: show,
  };
}
