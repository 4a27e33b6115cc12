// Figures and times as people read them.

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const NARROW = "\u202f";
const isNumber = (value) => typeof value === "number" && Number.isFinite(value);
export const NONE = "–";

export const count = (value) => (isNumber(value) ? whole.format(value) : NONE);

// Three digits or so.
function brief(value) {
  const size = Math.abs(value);
  if (size >= 100 || Number.isInteger(value)) return whole.format(value);
  return value.toFixed(size >= 10 ? 1 : 2).replace(/\.?0+$/, "");
}

function scaled(value, base, units) {
  if (!isNumber(value)) return NONE;
  let step = 0;
  while (Math.abs(value) >= base && step < units.length - 1) {
    value /= base;
    ++step;
  }
  return `${step === 0 ? brief(value) : brief(value)}${units[step] && NARROW + units[step]}`;
}

export const bytes = (value) => scaled(value, 1000, ["B", "KB", "MB", "GB", "TB"]);
export const rate = (value) => scaled(value, 1000, ["", "k", "M", "G"]);
export const perSecond = (value) => (isNumber(value) ? `${rate(value)}/s` : NONE);
export const bytesPerSecond = (value) => (isNumber(value) ? `${bytes(value)}/s` : NONE);
export const percent = (value) => (isNumber(value) ? `${brief(value)}${NARROW}%` : NONE);

export function milliseconds(value) {
  if (!isNumber(value)) return NONE;
  if (value >= 1000) return `${brief(value / 1000)}${NARROW}s`;
  if (value > 0 && value < 0.995) return `${whole.format(Math.max(1, value * 1000))}${NARROW}µs`;
  return `${brief(value)}${NARROW}ms`;
}

// "3 d 4 h": the two largest units.
export function duration(seconds) {
  if (!isNumber(seconds)) return NONE;
  let rest = Math.max(0, Math.round(seconds));
  const parts = [];
  for (const [unit, size] of [
    ["d", 86_400],
    ["h", 3600],
    ["min", 60],
    ["s", 1],
  ]) {
    const number = Math.floor(rest / size);
    rest -= number * size;
    if (number > 0 || (unit === "s" && parts.length === 0)) parts.push(`${number}${NARROW}${unit}`);
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.join(" ");
}

// Milliseconds since 1970; the hub's times are UTC, with or without a Z. NaN if it is no time.
export function parseTime(text) {
  if (typeof text !== "string") return Number.NaN;
  return Date.parse(/(?:Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text}Z`);
}

const two = (number) => String(number).padStart(2, "0");
export function clockTime(ms, withSeconds = true) {
  const date = new Date(ms);
  return `${two(date.getHours())}:${two(date.getMinutes())}${withSeconds ? `:${two(date.getSeconds())}` : ""}`;
}
// In the reader's own time zone.
export function dateTime(text) {
  const ms = parseTime(text);
  if (Number.isNaN(ms)) return NONE;
  const date = new Date(ms);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clockTime(ms)}`;
}
// The time of day today, else the date too.
export function shortTime(text, now) {
  const ms = parseTime(text);
  if (Number.isNaN(ms)) return NONE;
  return new Date(ms).toDateString() === new Date(now).toDateString() ? clockTime(ms) : dateTime(text);
}

// What the hub calls by_its_names.
export const words = (text) => (typeof text === "string" ? text.replaceAll("_", " ") : NONE);
