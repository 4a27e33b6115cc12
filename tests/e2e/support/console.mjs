// `wshub client` as a person or a script runs it.
import { spawn } from "node:child_process";
import { PROGRAM, soon } from "./hub.mjs";

const running = new Set();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

export class ClientConsole {
  // `args` behind `wshub client`; `program` and `before`: another program in front of it.
  constructor(args, { program = PROGRAM, before = ["client"], env = {} } = {}) {
    this.stdout = this.stderr = "";
    this.child = spawn(program, [...before, ...args], { stdio: ["pipe", "pipe", "pipe"], env: { ...process.env, TZ: "UTC", ...env } });
    running.add(this.child);
    this.waiting = [];
    for (const stream of ["stdout", "stderr"]) {
      this.child[stream].setEncoding("utf8").on("data", (text) => {
        this[stream] += text;
        this.waiting.splice(0).forEach((wake) => wake());
      });
    }
    this.child.stdin.on("error", () => {}); // it may have ended before it read all
    this.closed = new Promise((resolve) => this.child.on("close", (code, signal) => {
      running.delete(this.child);
      this.over = true;
      this.waiting.splice(0).forEach((wake) => wake());
      resolve(code ?? signal);
    }));
  }
  get all() {
    return this.stdout + this.stderr;
  }
  type(...lines) {
    for (const line of lines) this.child.stdin.write(`${line}\n`);
  }
  // Resolves when it has said this on standard output.
  async says(pattern) {
    for (;;) {
      const found = pattern.exec(this.stdout);
      if (found) return found;
      if (this.over) throw new Error(`it ended before it said ${pattern}:\n${this.all}`);
      await soon(new Promise((resolve) => this.waiting.push(resolve)), () => `${pattern} in:\n${this.all}`);
    }
  }
  // Its exit code, or the signal that ended it.
  ended() {
    return soon(this.closed, () => `the end of the console:\n${this.all}`);
  }
  kill() {
    this.child.kill("SIGKILL");
  }
}

// Runs it to its end: {code, stdout, stderr, lines (of --json)}.
export async function runConsole(args, input = "", options = {}) {
  const console = new ClientConsole(args, options);
  try {
    console.child.stdin.end(input);
    const code = await console.ended();
    const lines = args.includes("--json") ? console.stdout.split("\n").filter(Boolean).map((line) => JSON.parse(line)) : [];
    return { code, stdout: console.stdout, stderr: console.stderr, lines };
  } finally {
    console.kill();
  }
}
