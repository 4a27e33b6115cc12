// The two servers that are measured, each run on a free port of this machine and always ended.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const HERE = path.dirname(fileURLToPath(import.meta.url));
export const ROOT = path.resolve(HERE, "../..");
export const BUILD = path.resolve(process.env.WSHUB_BUILD ?? path.join(ROOT, "build/release"));
export const HUB = path.join(BUILD, "bin/wshub");
export const LOAD = path.join(BUILD, "bin/wshub_load");
export const FLOOR = path.join(BUILD, "bin/wshub_floor");
export const OUT = path.join(ROOT, "build/bench");

const START_PATIENCE = 20_000;
const STOP_PATIENCE = 10_000;
// As many connections as this machine lets us have.
const SHELL = 'ulimit -n "$(ulimit -Hn)"; exec "$0" "$@"';

const running = new Set();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

export function startNode(...options) {
  return start([process.execPath, "--expose-gc", path.join(HERE, "node_server.mjs"), ...options]);
}

// As many threads as the hub has loops.
export function startFloor() {
  return start([FLOOR, String(os.availableParallelism?.() ?? os.cpus().length)]);
}

// Everything as shipped, but for what would get in the way of load: the rate limit, and log lines.
export function startHub(set = {}) {
  mkdirSync(OUT, { recursive: true });
  const config = path.join(OUT, "wshub.ini");
  writeFileSync(config, "");
  const settings = {
    "server.port": 0,
    "limits.events_per_second": 0,
    "limits.bytes_per_second": 0,
    "log.level": "warn",
    ...set,
  };
  return start([HUB, "--config", config, ...Object.entries(settings).flatMap(([key, value]) => ["--set", `${key}=${value}`])]);
}

async function start(command) {
  const child = spawn("sh", ["-c", SHELL, ...command], { stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  child.once("exit", () => running.delete(child));
  let said = "";
  const port = new Promise((resolve, reject) => {
    const look = (text) => {
      said += text;
      const found = /127\.0\.0\.1:(\d+)/.exec(said);
      if (found) resolve(Number(found[1]));
    };
    child.stdout.setEncoding("utf8").on("data", look);
    child.stderr.setEncoding("utf8").on("data", look);
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`${command[0]} ended with ${code} at its start:\n${said}`)));
    setTimeout(() => reject(new Error(`${command[0]} did not say where it listens:\n${said}`)), START_PATIENCE).unref();
  });
  try {
    return server(child, await port);
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
}

function server(child, port) {
  return {
    pid: child.pid,
    port,
    async stats() {
      return (await fetch(`http://127.0.0.1:${port}/stats`)).json();
    },
    async collectGarbage() {
      await (await fetch(`http://127.0.0.1:${port}/gc`, { method: "POST" })).text();
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      const killer = setTimeout(() => child.kill("SIGKILL"), STOP_PATIENCE);
      await ended;
      clearTimeout(killer);
    },
  };
}

// Runs wshub_load and gives back its figures, with its exit status as `status`.
export async function load(server, args) {
  const target = ["--port", String(server.port), "--pid", String(server.pid), "--json", "-"];
  const child = spawn(LOAD, [...args, ...target], { stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  let out = "";
  let error = "";
  child.stdout.setEncoding("utf8").on("data", (text) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text) => (error += text));
  const [status] = await once(child, "close");
  running.delete(child);
  if (status !== 0 && status !== 1) throw new Error(`wshub_load ${args.join(" ")} ended with ${status}: ${error}`);
  return { ...JSON.parse(out), status };
}
