// What the tests of the SDK share: commands with a time limit, an installation that was moved, the code of documents.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { BUILD, ROOT } from "../e2e/support/hub.mjs";

const PATIENCE = 600_000; // milliseconds; compilers on a busy machine
export const EXAMPLES = path.join(ROOT, "sdk/examples");
export const WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Wsign-conversion", "-Werror"];

// Runs a command to its end: {code, output}.
export function run(command, args, { cwd, env = {} } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, timeout: PATIENCE, killSignal: "SIGKILL" });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
    child.on("error", reject).on("close", (code) => resolve({ code, output }));
  });
}
// One that must end well; gives what it wrote.
export async function runs(command, args, options) {
  const { code, output } = await run(command, args, options);
  assert.equal(code, 0, `${[command, ...args].join(" ")}\n${output}`);
  return output;
}
// Lines for a shell, as documents and programs print them.
export const shell = (lines, options) => runs("sh", ["-euc", lines], options);

// The build, installed and then moved elsewhere.
export class Installation {
  static async make() {
    const directory = mkdtempSync(path.join(tmpdir(), "wshub-sdk-"));
    const here = path.join(directory, "here");
    for (const component of ["hub", "sdk"]) {
      await runs("cmake", ["--install", BUILD, "--prefix", here, "--component", component]);
    }
    const installation = new Installation();
    installation.directory = directory;
    installation.first = here;
    installation.prefix = path.join(directory, "there");
    renameSync(here, installation.prefix);
    installation.program = path.join(installation.prefix, "bin/wshub");
    // Found as by somebody who has the program in his PATH. What generates is not what is tested.
    installation.env = {
      PATH: `${path.join(installation.prefix, "bin")}:${process.env.PATH}`,
      CMAKE_GENERATOR: "Ninja",
      PKG_CONFIG_PATH: path.dirname(installation.file("wshub-sdk.pc")),
    };
    return installation;
  }
  // The only file that is called so.
  file(name) {
    const found = this.files().filter((file) => path.basename(file) === name);
    assert.equal(found.length, 1, `${name}: ${found}`);
    return found[0];
  }
  files() {
    const below = (folder) => {
      return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
        const file = path.join(folder, entry.name);
        return entry.isDirectory() ? below(file) : [file];
      });
    };
    return below(this.prefix);
  }
  headers() {
    return readdirSync(path.join(this.prefix, "include/wshub")).sort();
  }
  folder(name) {
    return mkdtempSync(path.join(this.directory, `${name}-`));
  }
  write(folder, name, text) {
    const file = path.join(folder, name);
    writeFileSync(file, text);
    return file;
  }
  remove() {
    rmSync(this.directory, { recursive: true });
  }
}
