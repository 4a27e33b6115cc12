// New builds of plugins, as their author would make them: a source with a constant is changed, compiled, and linked with
// the plugin's other objects by the command that linked it first.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { BUILD } from "./hub.mjs";

const run = promisify(execFile);

export class Linker {
  #folder = mkdtempSync(path.join(tmpdir(), "wshub-relink-"));
  #commands = new Map(); // by target
  #builds = 0;

  // The newest build's constant, which the plugin can see as `wshub_test_build`.
  get build() {
    return this.#builds;
  }

  // The bytes of a new build of what the target of CMake makes.
  async link(target) {
    const number = ++this.#builds;
    const [source, object, library] = ["c", "o", "so"].map((ending) => path.join(this.#folder, `build.${ending}`));
    writeFileSync(source, `extern const int wshub_test_build;\nconst int wshub_test_build = ${number};\n`);
    await run(this.#compiler(), ["-fPIC", "-fvisibility=hidden", "-c", source, "-o", object]);
    await run("sh", ["-c", `${(await this.#command(target)).replace("OUTPUT", library)} ${object}`], { cwd: BUILD });
    return readFileSync(library);
  }

  #compiler() {
    return /^CMAKE_C_COMPILER:\w+=(.*)$/m.exec(readFileSync(path.join(BUILD, "CMakeCache.txt"), "utf8"))[1];
  }

  // What links the target, with OUTPUT for the file that it makes.
  async #command(target) {
    if (!this.#commands.has(target)) {
      const { stdout } = await run("ninja", ["-C", BUILD, "-t", "commands", target], { maxBuffer: 10_000_000 });
      const link = stdout.split("\n").flatMap((line) => line.split(" && ")).filter((command) => / -shared /.test(command));
      assert.ok(link.length > 0, `nothing links ${target}`);
      this.#commands.set(target, link.at(-1).replace(/ -o \S+/, " -o OUTPUT"));
    }
    return this.#commands.get(target);
  }

  remove() {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
