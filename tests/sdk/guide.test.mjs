// docs/plugins.md: its commands are run in their order, its programs are files that are built, and they do what the page says.
import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { BUILD, ROOT, startHub } from "../e2e/support/hub.mjs";
import { EXAMPLES, Installation, runs, shell } from "./toolbox.mjs";

const PAGE = readFileSync(path.join(ROOT, "docs/plugins.md"), "utf8");
const BLOCKS = [...PAGE.matchAll(/^```(\w+)\n([^]*?)^```$/gm)].map(([, language, text]) => ({ language, text }));
const of = (...languages) => BLOCKS.filter(({ language }) => languages.includes(language)).map(({ text }) => text);
const RUN = /^wshub (?!.*--check)--set/m; // a hub that stays

let sdk;
let folder;
let env;
before(async () => {
  sdk = await Installation.make();
  folder = sdk.folder("guide");
  mkdirSync(path.join(folder, "build"));
  symlinkSync(BUILD, path.join(folder, "build/release"));
  symlinkSync(path.join(ROOT, "node_modules"), path.join(folder, "node_modules"));
  copyFileSync(path.join(EXAMPLES, "tiny/tiny.c"), path.join(folder, "tiny.c"));
  env = { HOME: folder, CMAKE_GENERATOR: "Ninja", PATH: `${folder}/wshub/bin:${process.env.PATH}`, WSHUB_BUILD: "" };
});
after(() => sdk?.remove());

describe("docs/plugins.md", () => {
  it("has commands that work in their order, and a client that prints what it says", async () => {
    const commands = of("sh");
    assert.equal(commands.filter((text) => RUN.test(text)).length, 1);
    for (const text of commands) {
      if (!RUN.test(text)) {
        await shell(text, { cwd: folder, env });
        continue;
      }
      const set = Object.fromEntries([...text.replace("$PWD", folder).matchAll(/--set (\S+?)=(\S+)/g)].map(([, key, value]) => [key, value]));
      const hub = await startHub({ program: path.join(folder, "wshub/bin/wshub"), set });
      try {
        const file = sdk.write(folder, "greet.mjs", of("js")[0]);
        const printed = await runs(process.execPath, [file], { cwd: folder, env: { HUB: hub.url } });
        assert.equal(printed, of("text")[0]);
      } finally {
        await hub.stop();
      }
    }
    assert.ok(existsSync(path.join(folder, "tiny.so")));
    assert.ok(existsSync(path.join(folder, "wshub/lib/wshub/plugins/greeter.so")));
  });

  it("shows an INI file that the hub takes", async () => {
    for (const text of of("ini")) {
      writeFileSync(path.join(folder, "wshub.ini"), text);
      assert.match(await shell("wshub --config wshub.ini --check", { cwd: folder, env }), /^ok: /);
    }
  });

  it("shows files that are built, whole or in part", () => {
    const examples = readdirSync(EXAMPLES, { withFileTypes: true }).filter((entry) => entry.isDirectory()).flatMap(({ name }) => {
      return readdirSync(path.join(EXAMPLES, name)).map((file) => path.join(EXAMPLES, name, file));
    });
    const made = ["src/plugin.cpp", "test/plugin_test.cpp", "CMakeLists.txt"].map((file) => path.join(folder, "greeter", file));
    const sources = [...made, ...examples].map((file) => readFileSync(file, "utf8"));
    const shown = of("cpp", "c", "cmake");
    for (const text of shown) assert.ok(sources.some((source) => source.includes(text)), `in no file that is built:\n${text}`);
    for (const whole of sources.slice(0, made.length)) assert.ok(shown.includes(whole), `not shown:\n${whole}`);
    assert.deepEqual(BLOCKS.filter(({ language }) => !["sh", "js", "text", "ini", "cpp", "c", "cmake"].includes(language)), []);
  });
});
