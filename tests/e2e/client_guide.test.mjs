// The programs of docs/clients.md, run as they stand there against a hub with its default configuration: they print what the page says.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { ROOT, soon, startHub } from "./support/hub.mjs";

// The system's Python, for which Debian has the client.
const INTERPRETERS = { js: process.execPath, python: "/usr/bin/python3" };

// {name, language, source, output} of each program that is followed by what it prints.
function programs(page) {
  const blocks = [...page.matchAll(/^```(\w+)\n([^]*?)^```\n/gm)].map(([, language, text]) => ({ language, text }));
  return blocks.flatMap(({ language, text: source }, i) => {
    if (!(language in INTERPRETERS)) return [];
    const name = /^\W+(\w+\.\w+)/.exec(source)[1];
    assert.equal(blocks[i + 1]?.language, "text", `docs/clients.md does not say what ${name} prints`);
    return [{ name, language, source, output: blocks[i + 1].text }];
  });
}

const all = programs(readFileSync(path.join(ROOT, "docs/clients.md"), "utf8"));
let hub;
let directory;
before(async () => {
  hub = await startHub({ ini: readFileSync(path.join(ROOT, "etc/wshub.ini"), "utf8") });
  directory = mkdtempSync(path.join(tmpdir(), "wshub-guide-"));
  symlinkSync(path.join(ROOT, "node_modules"), path.join(directory, "node_modules"));
});
after(async () => {
  await hub?.stop();
  if (directory) rmSync(directory, { recursive: true });
});

describe("docs/clients.md", () => {
  it("has programs", () => assert.deepEqual(all.map(({ name }) => name), ["hello.mjs", "talk.mjs", "picture.mjs", "hello.py"]));
  for (const { name, language, source, output } of all) {
    it(`${name} prints what the page says`, async () => {
      const file = path.join(directory, name);
      writeFileSync(file, source);
      const child = spawn(INTERPRETERS[language], [file], { env: { ...process.env, HUB: hub.url } });
      let printed = "";
      let wrong = "";
      child.stdout.setEncoding("utf8").on("data", (text) => (printed += text));
      child.stderr.setEncoding("utf8").on("data", (text) => (wrong += text));
      try {
        const code = await soon(new Promise((resolve) => child.on("close", resolve)), () => `the end of ${name}: ${printed}${wrong}`);
        assert.equal(code, 0, wrong);
        assert.equal(printed, output);
      } finally {
        child.kill("SIGKILL");
      }
    });
  }
});
