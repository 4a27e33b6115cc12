// ./dev bench [quick|full] [case...]: measures wshub and Node's socket.io in turn, in the same run, and writes
// build/bench/report.md and report.json. See docs/performance.md.
import { spawnSync } from "node:child_process";
import { accessSync, constants, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";

import { CASES } from "./cases.mjs";
import { FLOOR, HUB, LOAD, OUT, load, startFloor, startHub, startNode } from "./servers.mjs";

const ROUNDS = { quick: 3, full: 5 };
// What each case compares, by the names of its columns.
function serversOf({ without, floor }) {
  if (without) return { without: () => startHub(without), wshub: () => startHub() };
  return { node: () => startNode(), wshub: () => startHub(), ...(floor ? { floor: () => startFloor() } : {}) };
}

const { size, cases } = commandLine(process.argv.slice(2));
for (const program of [HUB, LOAD, FLOOR]) mustExist(program);

const facts = machine();
const results = [];
for (const benchCase of cases) {
  console.error(benchCase.title);
  const rounds = [];
  for (let round = 0; round < ROUNDS[size]; ++round) rounds.push(await measureEach(benchCase));
  results.push(summary(benchCase, rounds));
  write(facts, results); // after each, so that what ends a long run early does not take all with it
}
console.log(markdown(facts, results));
console.log(`written to ${path.relative(process.cwd(), OUT) || "."}/report.md and report.json`);

function write(facts, results) {
  mkdirSync(OUT, { recursive: true });
  writeFileSync(path.join(OUT, "report.json"), JSON.stringify({ facts, results }, null, 1) + "\n");
  writeFileSync(path.join(OUT, "report.md"), markdown(facts, results));
}

function commandLine(words) {
  const known = CASES.map((each) => each.name);
  const size = words.includes("full") ? "full" : "quick";
  const named = words.filter((word) => word !== "full" && word !== "quick");
  const wrong = named.filter((word) => !known.includes(word));
  if (wrong.length > 0) fail(`no such case: ${wrong.join(", ")}. Known: quick, full, ${known.join(", ")}`);
  const wanted = (each) => (named.length > 0 ? named.includes(each.name) : size === "full" || !each.fullOnly);
  return { size, cases: CASES.filter(wanted) };
}

function mustExist(program) {
  try {
    accessSync(program, constants.X_OK);
  } catch {
    fail(`${program} is missing: run ./dev build first`);
  }
}

function fail(sentence) {
  console.error(`bench: ${sentence}`);
  process.exit(2);
}

// One round: each server fresh, one after the other, so that both meet the machine in the same mood.
async function measureEach(benchCase) {
  const round = {};
  for (const [name, startServer] of Object.entries(serversOf(benchCase))) {
    const server = await startServer();
    try {
      round[name] = await measure(benchCase, server, name);
    } finally {
      await server.stop();
    }
    const figures = round[name];
    const warning = figures.status === 0 ? "" : `  NOT CLEAN: ${trouble(figures)}`;
    console.error(`  ${name.padEnd(7)} ${number(figures[benchCase.figure])} ${benchCase.unit}${warning}`);
  }
  return round;
}

async function measure(benchCase, server, name) {
  const [mode, ...rest] = [...benchCase.args, ...(benchCase[size] ?? [])];
  if (!benchCase.collectGarbage || name !== "node") return load(server, [mode, ...rest]);
  // Before, and as soon as all are there: what is left then is what connections hold.
  await server.collectGarbage();
  const clients = Number(rest[rest.indexOf("--clients") + 1]);
  const running = load(server, [mode, ...rest]);
  const deadline = Date.now() + 30_000;
  while (Date.now() < deadline && (await server.stats()).connections < clients) await pause(200);
  await pause(500);
  await server.collectGarbage();
  return running;
}

function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

// Which of the figures that should be zero are not.
function trouble(figures) {
  const bad = /failed|lost|duplicated|out_of_order|damaged|wrong|unexpected|given_up/;
  const found = Object.entries(figures).filter(([key, value]) => bad.test(key) && value !== 0);
  return found.map(([key, value]) => `${key}=${value}`).join(" ") || "see report.json";
}

function summary(benchCase, rounds) {
  const servers = {};
  for (const name of Object.keys(serversOf(benchCase))) {
    const runs = rounds.map((round) => round[name]);
    const values = runs.map((run) => run[benchCase.figure]).filter(Number.isFinite);
    servers[name] = {
      median: median(values),
      least: Math.min(...values),
      most: Math.max(...values),
      clean: runs.every((run) => run.status === 0),
      extra: Object.fromEntries((benchCase.extra ?? []).map((key) => [key, median(runs.map((run) => run[key]))])),
      threads: median(runs.map((run) => run.server_threads).filter(Number.isFinite)),
    };
  }
  const { goal, below, without } = benchCase;
  const ratio = without ? undefined : servers.node.median / servers.wshub.median;
  const difference = without ? servers.wshub.median - servers.without.median : undefined;
  const bounded = difference ?? servers.wshub.median;
  const reached = goal !== undefined ? ratio >= goal : below !== undefined ? bounded < below : undefined;
  return { ...benchCase, servers, ratio, difference, reached, rounds };
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  if (sorted.length === 0) return NaN;
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function machine() {
  const version = (program, args) => spawnSync(program, args, { encoding: "utf8" }).stdout?.trim() ?? "";
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: os.cpus()[0]?.model ?? "unknown",
    cores: os.cpus().length,
    kernel: os.release(),
    load_before: os.loadavg()[0],
    wshub: version(HUB, ["--version"]),
    node: process.version,
    socket_io: socketIoVersion(),
    memory_gb: Math.round(os.totalmem() / 2 ** 30),
    size,
    rounds: ROUNDS[size],
  };
}

function socketIoVersion() {
  try {
    return createRequire(import.meta.url)("socket.io/package.json").version;
  } catch {
    return fail("Node's socket.io is missing: run ./dev setup first");
  }
}

function number(value) {
  if (!Number.isFinite(value)) return "–";
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toFixed(digits);
}

function markdown(facts, results) {
  const cell = (result, name) => {
    const { median, least, most, clean } = result.servers[name];
    return `${number(median)} ${result.unit} (${number(least)}–${number(most)})${clean ? "" : " *not clean*"}`;
  };
  const verdict = ({ reached }) => (reached === undefined ? "" : reached ? "reached" : "missed");
  const goal = ({ goal, below, unit }) => (goal ? `≥ ${goal}` : below ? `< ${below} ${unit}` : "");
  const beside = results.filter((result) => !result.without);
  const rows = beside.map(
    (result) =>
      `| ${result.title} | ${cell(result, "node")} | ${cell(result, "wshub")} | ${number(result.ratio)} | ${goal(result)} | ${verdict(result)} |`,
  );
  const more = beside.flatMap((result) =>
    (result.extra ?? []).map((key) => {
      const { node, wshub } = result.servers;
      return `| ${result.name} | ${key} | ${number(node.extra[key])} | ${number(wshub.extra[key])} |`;
    }),
  );
  const costs = results
    .filter((result) => result.without)
    .map(
      (result) =>
        `| ${result.title} | ${cell(result, "wshub")} | ${cell(result, "without")} | ${number(result.difference)} ${result.unit} | ${goal(result)} | ${verdict(result)} |`,
    );
  const floors = results
    .filter((result) => result.floor)
    .map((result) => {
      const { node, wshub, floor } = result.servers;
      const atMost = number(node.median / floor.median);
      return `| ${result.title} | ${cell(result, "floor")} | ${atMost} | ${number(result.ratio)} | ${number(wshub.median - floor.median)} ${result.unit} |`;
    });
  const threads = (name) => {
    const counts = results.map((result) => result.servers[name]?.threads).filter(Number.isFinite);
    return counts.length > 0 ? Math.max(...counts) : "?";
  };
  return `# wshub and Node's socket.io, side by side

${facts.date}; ${facts.processor}, ${facts.cores} cores, Linux ${facts.kernel}; load of the machine before: ${number(facts.load_before)}.
${facts.wshub || "wshub"} with ${threads("wshub")} threads (one loop a core by default);
socket.io ${facts.socket_io} on Node ${facts.node} with ${threads("node")} threads (one runs JavaScript).
Medians of ${facts.rounds} rounds, servers in turn, each fresh; in brackets the least and the most.
${table("| case | Node | wshub | Node / wshub | goal | |", rows)}${table("| case | also | Node | wshub |", more)}${table("| a server that only reads and writes | it | Node / it | Node / wshub | wshub costs more by |", floors)}${table("| what wshub does by itself | with it | without | difference | goal | |", costs)}`;
}

// Nothing without rows.
function table(head, rows) {
  if (rows.length === 0) return "";
  return `\n${head}\n${head.replace(/[^|]+/g, " --- ")}\n${rows.join("\n")}\n`;
}

