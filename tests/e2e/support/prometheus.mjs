// A strict reader of Prometheus's text format 0.0.4, and what promtool's linter asks of names. Debian's promtool comes in the
// package of the whole server, 96 MB that also start a service, which is too much to ask of a machine that runs tests; where
// it is there anyway, metrics.test.mjs asks it too.
import assert from "node:assert/strict";

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"/;
const NUMBER = /^(?:[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?|[-+]Inf|NaN)$/;
const SUFFIXES = { histogram: ["_bucket", "_sum", "_count"], counter: [""], gauge: [""] };

function readLabels(text, line) {
  const labels = {};
  while (text !== "") {
    const found = LABEL.exec(text);
    assert.ok(found, `no label at "${text}" in: ${line}`);
    const [all, name, value] = found;
    assert.ok(!(name in labels), `label ${name} twice in: ${line}`);
    assert.ok(!name.startsWith("__"), `label ${name} is reserved: ${line}`);
    labels[name] = value.replace(/\\(.)/g, (_, c) => (c === "n" ? "\n" : c));
    text = text.slice(all.length);
    if (text === "") break;
    assert.ok(text.startsWith(",") && text.length > 1, `no comma at "${text}" in: ${line}`);
    text = text.slice(1);
  }
  return labels;
}

// "name{labels} value" without a time: the hub gives none.
function readSample(line) {
  const found = /^([^\s{]+)(?:\{(.*)\})? (\S+)$/.exec(line);
  assert.ok(found, `no sample: ${line}`);
  const [, name, labels, value] = found;
  assert.match(name, NAME);
  assert.match(value, NUMBER, line);
  return { name, labels: readLabels(labels ?? "", line), value: value.endsWith("Inf") ? Number(value.replace("Inf", "Infinity")) : Number(value) };
}

const keyOf = (labels) => JSON.stringify(Object.entries(labels).sort());

export class Exposition {
  // Throws an assertion that quotes the line at fault.
  constructor(text) {
    this.families = new Map(); // name → {help, type, samples}
    assert.ok(text.endsWith("\n"), "the last line has no end");
    assert.ok(!text.includes("\r"), "there are carriage returns");
    let family;
    for (const line of text.slice(0, -1).split("\n")) {
      if (line.startsWith("# HELP ")) {
        const [, name, help] = /^# HELP (\S+) (.*)$/.exec(line) ?? assert.fail(`no help: ${line}`);
        assert.match(name, NAME);
        assert.ok(!this.families.has(name), `${name} stands in two places`);
        assert.doesNotMatch(help, /\\(?![\\n])/, line);
        family = { name, help, samples: [] };
        this.families.set(name, family);
      } else if (line.startsWith("# TYPE ")) {
        const [, name, type] = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(line) ?? assert.fail(`no type: ${line}`);
        assert.equal(name, family?.name, `TYPE without its HELP: ${line}`);
        assert.equal(family.type, undefined, `TYPE twice: ${line}`);
        assert.equal(family.samples.length, 0, `TYPE behind samples: ${line}`);
        family.type = type;
      } else {
        const sample = readSample(line);
        assert.ok(family?.type, `a sample before its TYPE: ${line}`);
        const suffix = sample.name.slice(family.name.length);
        assert.ok(sample.name.startsWith(family.name) && SUFFIXES[family.type].includes(suffix), `not of ${family.name}: ${line}`);
        family.samples.push(sample);
      }
    }
    for (const each of this.families.values()) this.#check(each);
  }

  #check({ name, type, help, samples }) {
    const seen = new Set();
    for (const sample of samples) {
      const key = sample.name + keyOf(sample.labels);
      assert.ok(!seen.has(key), `twice: ${key}`);
      seen.add(key);
      if (type === "counter") assert.ok(sample.value >= 0, `${name} counts ${sample.value}`);
    }
    if (type === "histogram") this.#checkHistogram(name, samples);
    this.#lint(name, type, help, samples);
  }

  #checkHistogram(name, samples) {
    const series = new Map();
    for (const { name: full, labels: { le, ...labels }, value } of samples) {
      const key = keyOf(labels);
      if (!series.has(key)) series.set(key, { buckets: [] });
      const one = series.get(key);
      assert.equal(le !== undefined, full === `${name}_bucket`, `le belongs to buckets alone: ${full}`);
      if (le === undefined) one[full.slice(name.length + 1)] = value;
      else one.buckets.push([le === "+Inf" ? Infinity : Number(le), value]);
    }
    for (const [key, { buckets, sum, count }] of series) {
      const what = `${name}${key}`;
      assert.ok(buckets.length > 1 && buckets.at(-1)[0] === Infinity, `${what} has no last bucket`);
      for (let i = 1; i < buckets.length; ++i) {
        assert.ok(buckets[i][0] > buckets[i - 1][0], `${what}: bounds do not grow`);
        assert.ok(buckets[i][1] >= buckets[i - 1][1], `${what}: counts shrink`);
      }
      assert.equal(buckets.at(-1)[1], count, `${what}: the last bucket is not the count`);
      assert.equal(typeof sum, "number", `${what} has no sum`);
    }
  }

  // As promtool check metrics.
  #lint(name, type, help, samples) {
    assert.notEqual(help.trim(), "", `${name} has no help`);
    assert.equal(type === "counter", name.endsWith("_total"), `${name} is a ${type}`);
    assert.doesNotMatch(name, /_(count|sum|bucket|info_total)$/, name);
    assert.doesNotMatch(name, /[A-Z:]/, name);
    assert.doesNotMatch(name, /(^|_)(counter|gauge|histogram|summary)($|_)/, name);
    assert.doesNotMatch(name, /_(milliseconds?|microseconds?|nanoseconds?|ms|us|ns|minutes?|hours?|days?|kb|mb|kilobytes?|megabytes?|bits?|percent)(_|$)/, name);
    for (const { labels } of samples) {
      for (const label of Object.keys(labels)) {
        assert.doesNotMatch(label, /[A-Z]/, `${name}{${label}}`);
        assert.equal(label === "le", type === "histogram" && label === "le", name);
      }
    }
  }

  // The value of the one sample with exactly these labels, or of all together that have them and perhaps more.
  value(name, labels = {}) {
    const wanted = Object.entries(labels);
    const family = this.families.get(name) ?? this.families.get(name.replace(/_(bucket|sum|count)$/, ""));
    assert.ok(family, `there is no ${name}`);
    const found = family.samples.filter((sample) => sample.name === name && wanted.every(([key, value]) => sample.labels[key] === value));
    assert.notEqual(found.length, 0, `there is no ${name}${JSON.stringify(labels)}`);
    return found.reduce((sum, sample) => sum + sample.value, 0);
  }
}
