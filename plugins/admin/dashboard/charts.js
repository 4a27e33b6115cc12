// A chart with its title and the current figures as text, drawn by uPlot.
import { h, setText } from "./dom.js";
import { clockTime, NONE } from "./format.js";

const uPlot = globalThis.uPlot;
const HEIGHT = 168;
const together = uPlot.sync("overview"); // the cursor is at the same time in all charts

const variable = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export class Chart {
  // series: [{name, label, color}] with the name in the history and a colour's variable.
  constructor({ title, note, series, format }) {
    this.series = series;
    this.format = format;
    this.values = series.map(() => h("span", { class: "value" }, NONE));
    this.canvas = h("div", { class: "plot", "aria-hidden": "true" });
    this.when = h("span", { class: "when" });
    this.element = h(
      "figure",
      { class: "chart panel" },
      h("figcaption", {}, h("h2", {}, title), note && h("span", { class: "note" }, note), this.when),
      this.canvas,
      h(
        "ul",
        { class: "legend" },
        series.map(({ label, color }, i) => {
          const swatch = h("span", { class: "swatch" });
          swatch.style.background = `var(${color})`;
          return h("li", {}, swatch, label, " ", this.values[i]);
        }),
      ),
    );
    this.resized = new ResizeObserver(() => this.#resize());
    this.pointed = null; // index that the pointer is at
  }

  // Draws again with the colours that hold now.
  restyle() {
    this.plot?.destroy();
    this.plot = null;
    if (this.data) this.#draw();
  }
  start() {
    this.resized.observe(this.canvas);
  }
  stop() {
    this.resized.disconnect();
  }

  show(history, seconds) {
    this.data = history.columns(
      this.series.map(({ name }) => name),
      seconds,
    );
    this.seconds = seconds;
    if (this.plot) this.plot.setData(this.data);
    else this.#draw();
    if (this.pointed === null) this.#tell(this.data[0].length - 1);
  }

  #tell(index) {
    this.values.forEach((value, i) => setText(value, this.format(this.data[i + 1][index] ?? null)));
    setText(this.when, this.pointed === null ? "" : clockTime(1000 * this.data[0][index]));
  }
  #point(index) {
    this.pointed = index ?? null;
    this.#tell(this.pointed ?? this.data[0].length - 1);
  }

  #resize() {
    const width = Math.floor(this.canvas.clientWidth);
    if (this.plot && width > 0 && width !== this.plot.width) this.plot.setSize({ width, height: HEIGHT });
    else if (!this.plot && this.data) this.#draw();
  }

  #draw() {
    const width = Math.floor(this.canvas.clientWidth);
    if (width === 0) return; // not shown; #resize() comes when it is
    const axis = {
      stroke: variable("--muted"),
      font: `11px ${variable("--font")}`,
      grid: { stroke: variable("--grid"), width: 1 },
      ticks: { show: false },
    };
    const now = () => Date.now() / 1000;
    this.plot = new uPlot(
      {
        width,
        height: HEIGHT,
        padding: [8, 20, 0, 0],
        legend: { show: false },
        cursor: {
          sync: { key: together.key },
          drag: { x: false, y: false },
          y: false,
          points: { size: 6 },
        },
        hooks: { setCursor: [(plot) => this.#point(plot.cursor.idx)] },
        scales: {
          x: { time: true, range: () => [now() - this.seconds, now()] },
          y: { range: (_, __, most) => [0, most > 0 ? most * 1.1 : 1] },
        },
        axes: [
          { ...axis, space: 70, size: 26, values: (_, splits) => splits.map((at) => clockTime(1000 * at, this.seconds < 600)) },
          { ...axis, space: 34, size: 62, values: (_, splits) => splits.map((value) => this.format(value)) },
        ],
        series: [
          {},
          ...this.series.map(({ label, color, filled }) => ({
            label,
            stroke: variable(color),
            width: 1.75,
            fill: filled ? `${variable(color)}1f` : undefined,
            points: { show: false },
          })),
        ],
      },
      this.data,
      this.canvas,
    );
  }
}
