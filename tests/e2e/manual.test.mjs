// What an installed program brings for who types: manual pages and completion in bash, held against the program's own help.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { PROGRAM, ROOT } from "./support/hub.mjs";

const scratch = mkdtempSync(path.join(tmpdir(), "wshub-manual-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

const help = (...command) => execFileSync(PROGRAM, [...command, "--help"], { encoding: "utf8" });
// The lines below a heading of the help.
const chapter = (title) => new RegExp(`^${title}\\n((?: .*\\n)*)`, "m").exec(help())?.[1] ?? "";
const commands = [...new Set([...chapter("Commands").matchAll(/^ {2}([a-z][a-z-]*)/gm)].map((found) => found[1]))];
const options = (text) => [...new Set([...text.matchAll(/(?<=^|[\s[(])(--[a-z][a-z-]*)/gm)].map((found) => found[1]))];

describe("the manual", () => {
  let page, configuration;
  before(() => {
    execFileSync("node", [path.join(ROOT, "packaging/man/make.mjs"), PROGRAM, ROOT, scratch, "/etc"]);
    // As it is written; the minus is roff's.
    const read = (name) => readFileSync(path.join(scratch, name), "utf8").replaceAll("\\-", "-").replaceAll("\\fB", "").replaceAll("\\fR", "");
    [page, configuration] = [read("wshub.1"), read("wshub.ini.5")];
  });

  it("tells every command, every option and every exit code of the help", () => {
    assert.ok(commands.includes("new-plugin"));
    for (const command of commands) assert.match(page, new RegExp(`^ *${command}\\b`, "m"));
    assert.ok(options(help()).length > 4);
    for (const text of [help(), ...commands.map((command) => help(command))]) {
      for (const option of options(text)) assert.ok(page.includes(option), option);
    }
    for (const heading of ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "COMMANDS", "EXAMPLES", "FILES", "SIGNALS", "SEE ALSO"]) {
      assert.equal(page.split(`\n.SH ${heading}\n`).length, 2, heading);
    }
  });

  it("tells every key of the configuration, with its default", () => {
    const installed = JSON.parse(execFileSync(PROGRAM, ["plugins", "list", "--json"], { encoding: "utf8" })).items.map(({ name }) => name);
    assert.ok(installed.includes("auth") && installed.includes("admin"), installed.join(" "));
    const sections = JSON.parse(execFileSync(PROGRAM, ["config", "--describe", "--json", "--set", `plugins.enabled=${installed}`], { encoding: "utf8" }));
    const keys = Object.values(sections).flat();
    assert.ok(keys.length > 100, `${keys.length}`);
    for (const { key } of keys) assert.match(configuration, new RegExp(`^\\.TP\\n${key}\\b`, "m"));
    for (const name of installed) assert.match(configuration, new RegExp(`^\\.SH \\[plugin\\.${name}\\]`, "m"));
    assert.match(configuration, /^port = 3000$/m);
  });

  it("is roff without a fault", { skip: spawnSync("groff", ["--version"]).status !== 0 && "there is no groff here" }, () => {
    for (const name of ["wshub.1", "wshub.ini.5"]) {
      const { stderr } = spawnSync("groff", ["-man", "-Tutf8", "-ww", "-z", path.join(scratch, name)], { encoding: "utf8" });
      assert.equal(stderr, "", name);
    }
  });
});

const BASH_COMPLETION = "/usr/share/bash-completion/bash_completion";
describe("completion in bash", { skip: !existsSync(BASH_COMPLETION) && "there is no bash-completion here" }, () => {
  // What bash would offer behind these words, the last of which is begun.
  const offers = (...words) => offersOf(path.dirname(PROGRAM), ...words);
  // The same of the program in that folder.
  function offersOf(folder, ...words) {
    const script = path.join(scratch, "complete.sh");
    writeFileSync(
      script,
      `source ${BASH_COMPLETION}
source ${path.join(ROOT, "packaging/completion/wshub.bash")}
compopt() { :; } # outside of a completion there is nothing to set
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=\${#COMP_LINE} COMP_TYPE=9 COMP_KEY=9
$(complete -p wshub | sed 's/.*-F \\([^ ]*\\).*/\\1/') wshub "\${COMP_WORDS[COMP_CWORD]}" "\${COMP_WORDS[COMP_CWORD-1]}"
printf '%s\\n' "\${COMPREPLY[@]}"
`,
    );
    const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
    const { stdout, stderr } = spawnSync("bash", ["--norc", script, "wshub", ...words], { encoding: "utf8", env, cwd: scratch });
    assert.equal(stderr, "");
    return stdout.split("\n").filter((line) => line !== "");
  }

  it("offers every command", () => assert.deepEqual(offers("").filter((name) => commands.includes(name)).sort(), [...commands].sort()));

  it("offers every option, of each command its own", () => {
    for (const option of options(help())) assert.ok(offers("--").includes(option), option);
    for (const command of commands) {
      for (const option of options(help(command))) assert.ok(offers(command, "--").includes(option), `${command} ${option}`);
    }
    assert.deepEqual(offers("--con"), ["--config"]);
  });

  it("offers files for a configuration, and keys for --set", () => {
    writeFileSync(path.join(scratch, "mine.ini"), "");
    writeFileSync(path.join(scratch, "other.txt"), "");
    assert.deepEqual(offers("--config", "").filter((name) => /mine|other/.test(name)), ["mine.ini"]);
    assert.deepEqual(offers("--set", "server.thr"), ["server.threads="]);
  });

  it("offers keys to those, too, who may not read the installed configuration", () => {
    const folder = mkdtempSync(path.join(scratch, "bin-"));
    const script = `#!/bin/sh\ncase "$*" in *--config*|*--help*) exec ${PROGRAM} "$@" ;; esac\necho "cannot be read" >&2\nexit 1\n`;
    writeFileSync(path.join(folder, "wshub"), script, { mode: 0o755 });
    assert.deepEqual(offersOf(folder, "--set", "server.thr"), ["server.threads="]);
  });
});
