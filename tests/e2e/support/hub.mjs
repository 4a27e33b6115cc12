// Runs the real program for a test: on a free port, with a configuration of its own, always ended.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../..");
export const BUILD = path.resolve(process.env.WSHUB_BUILD ?? path.join(ROOT, "build/release"));
export const PROGRAM = path.join(BUILD, "bin/wshub");
export const PLUGINS = path.join(BUILD, "plugins");

const PATIENCE = Number(process.env.WSHUB_E2E_PATIENCE ?? 20_000); // milliseconds
const START_PATIENCE = 30_000;
const STOP_PATIENCE = 20_000;
const START_LINE = /listening on \S*?:(\d+)\b/;

// The promise's value; or an error with `what` (a text, or a function that gives one then) when it takes longer than anything
// here should.
export function soon(promise, what, patience = PATIENCE) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`not within ${patience} ms: ${typeof what === "function" ? what() : what}`));
    }, patience);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

const running = new Set();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => process.exit(1));
// A test that failed may have left a hub and clients, which would keep this process for ever. The files' own `after` run in
// the time that is left here.
after(() => setTimeout(() => process.exit(1), STOP_PATIENCE).unref());

function launch({ program = PROGRAM, ini = "", set = {}, args = [], env = {} }) {
  const directory = mkdtempSync(path.join(tmpdir(), "wshub-e2e-"));
  const file = path.join(directory, "wshub.ini");
  writeFileSync(file, ini);
  // Nothing a test starts leaves a trace, or finds another's.
  set = { "server.state_directory": path.join(directory, "state"), ...set };
  const settings = Object.entries(set).flatMap(([key, value]) => ["--set", `${key}=${value}`]);
  const child = spawn(program, ["--config", file, ...settings, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  running.add(child);
  const said = { stdout: "", stderr: "", all: "" };
  for (const stream of ["stdout", "stderr"]) {
    child[stream].setEncoding("utf8").on("data", (text) => {
      said[stream] += text;
      said.all += text;
      if (process.env.WSHUB_E2E_LOG) process.stderr.write(text);
    });
  }
  const ended = new Promise((resolve) => {
    child.on("close", (code, signal) => {
      running.delete(child);
      rmSync(directory, { recursive: true, force: true });
      resolve({ code, signal });
    });
  });
  return { child, said, ended, file, directory };
}

// Runs the program until it ends by itself: {code, signal, stdout, stderr, all, file}.
export async function runHub(options = {}) {
  const { child, said, ended, file } = launch(options);
  try {
    const { code, signal } = await soon(ended, `the end of wshub ${(options.args ?? []).join(" ")}`, STOP_PATIENCE);
    return { code, signal, ...said, file };
  } finally {
    child.kill("SIGKILL");
  }
}

// A hub that listens. `set`: settings by "section.key", as on the command line; `ini`: text of the configuration file;
// `program`: another one than the build's; `env`: variables of its environment, beside ours.
export async function startHub({ set = {}, ...options } = {}) {
  // What comes by itself (heartbeats when chance says, system:stats at each connect) is for tests that are about it.
  const calm = {};
  if (!set["plugins.directory"]) calm["plugin.heartbeat.interval"] = 0;
  if (!options.ini?.includes("[plugins]")) calm["plugins.enabled"] = "messaging, rooms, heartbeat";
  const started = launch({ set: { "server.port": 0, ...calm, ...set }, ...options });
  const hub = new Hub(started);
  try {
    hub.port = await soon(hub.portOfStartLine(), "the start line", START_PATIENCE);
  } catch (error) {
    started.child.kill("SIGKILL");
    throw new Error(`${error.message}\n${started.said.all}`);
  }
  hub.url = `http://127.0.0.1:${hub.port}`;
  return hub;
}

class Hub {
  #child;
  #said;
  constructor({ child, said, ended, directory }) {
    this.#child = child;
    this.#said = said;
    this.ended = ended; // {code, signal}
    this.directory = directory;
  }
  get pid() {
    return this.#child.pid;
  }
  // Everything the program wrote so far.
  get log() {
    return this.#said.all;
  }
  // Of that, what went to standard output.
  get printed() {
    return this.#said.stdout;
  }
  // Resolves when the log has something that matches.
  logged(pattern) {
    return soon(this.#match(pattern), `${pattern} in the log`);
  }
  async #match(pattern) {
    for (;;) {
      const found = pattern.exec(this.#said.all);
      if (found) return found;
      const more = await Promise.race([this.#more(), this.ended]);
      if (more) throw new Error(`the program ended (${JSON.stringify(more)}) before it said ${pattern}`);
    }
  }
  #more() {
    return new Promise((resolve) => {
      const { stdout, stderr } = this.#child;
      const done = () => {
        stdout.off("data", done);
        stderr.off("data", done);
        resolve();
      };
      stdout.on("data", done);
      stderr.on("data", done);
    });
  }
  async portOfStartLine() {
    return Number((await this.#match(START_LINE))[1]);
  }
  signal(name) {
    this.#child.kill(name);
  }
  // Ends it as an operator would, and insists on a clean end.
  async stop() {
    this.signal("SIGTERM");
    let end;
    try {
      end = await soon(this.ended, "the end after SIGTERM", STOP_PATIENCE);
    } catch (error) {
      this.signal("SIGKILL");
      throw new Error(`${error.message}\n${this.log}`);
    }
    assert.deepEqual(end, { code: 0, signal: null }, `the hub did not end cleanly\n${this.log}`);
  }
}
