// The commands that start no hub: check, config, plugins, help.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe, it } from "node:test";
import { PLUGINS, PROGRAM, soon } from "./support/hub.mjs";

const folder = mkdtempSync(path.join(tmpdir(), "wshub-commands-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const written = (name, text) => {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
};
function run(...args) {
  const end = new Promise((resolve) => {
    execFile(PROGRAM, args, (error, stdout, stderr) => resolve({ code: error ? error.code : 0, stdout, stderr }));
  });
  return soon(end, `wshub ${args.join(" ")}`);
}

describe("wshub check", () => {
  const good = written("good.ini", "[server]\nport = 3999\n[plugins]\nenabled = rooms\n");
  const bad = written("bad.ini", "[server]\nprot = 1\nport = many\n");

  it("says that all is well, or everything that is not", async () => {
    assert.deepEqual(await run("check", "--config", good), { code: 0, stdout: `ok: ${good}\n`, stderr: "" });
    const { code, stdout, stderr } = await run("check", "--config", bad);
    assert.equal(code, 1);
    assert.equal(stdout, "");
    assert.match(stderr, /prot.*did you mean port\?[^]*port = "many"/);
    assert.deepEqual(await run("--check", "--config", bad), { code, stdout, stderr });
  });

  it("says the same as JSON", async () => {
    assert.deepEqual(JSON.parse((await run("check", "--config", good, "--json")).stdout), { ok: true, configuration: good, problems: [] });
    const { code, stdout, stderr } = await run("check", "--config", bad, "--json");
    assert.equal(code, 1);
    assert.equal(stderr, "");
    const said = JSON.parse(stdout);
    assert.equal(said.ok, false);
    assert.equal(said.problems.length, 2);
  });
});

describe("wshub config", () => {
  const file = written("config.ini", "[server]\nport = 3999\n[plugins]\nenabled = rooms, admin\n[plugin.admin]\ntoken = sesame\n[plugin.rooms]\nmembers_only = true\n");

  it("shows what is in force, in a form that gives the same again", async () => {
    const { code, stdout } = await run("config", "--config", file);
    assert.equal(code, 0);
    assert.match(stdout, /^port = 3999$/m);
    assert.match(stdout, /^# token is set, and secret$/m);
    assert.ok(!stdout.includes("sesame"));
    assert.equal((await run("--print-config", "--config", file)).stdout, stdout);
    const again = written("again.ini", stdout);
    assert.equal((await run("config", "--config", again, "--set", "plugin.admin.token=x")).stdout, stdout);
  });

  it("shows what differs from the defaults, and nothing else", async () => {
    const { stdout } = await run("config", "--config", file, "--diff-defaults");
    assert.equal(stdout, "[server]\nport = 3999\n\n[plugins]\nenabled = rooms, admin\n\n[plugin.rooms]\nmembers_only = true\n\n[plugin.admin]\n# token is set, and secret\n");
    const none = written("none.ini", "");
    assert.equal((await run("config", "--config", none, "--diff-defaults")).stdout, "# nothing differs from the defaults\n");
  });

  it("shows it as JSON, secrets masked", async () => {
    const all = JSON.parse((await run("config", "--config", file, "--json")).stdout);
    assert.equal(all.server.port, "3999");
    assert.equal(all["plugin.admin"].token, "***");
    const some = JSON.parse((await run("config", "--config", file, "--diff-defaults", "--json")).stdout);
    assert.deepEqual(some["plugin.rooms"], { members_only: "true" });
  });

  it("says of each key what it is for and what it takes, in a file that gives the same again", async () => {
    const { code, stdout } = await run("config", "--config", file, "--describe");
    assert.equal(code, 0);
    const lines = stdout.split("\n");
    const above = (line) => lines[lines.indexOf(line) - 1];
    assert.match(above("port = 3999"), /^# The TCP port to listen on.* \(a whole number from 0 to 65535\)$/);
    assert.match(above("members_only = true"), /^# .* \(bool\)$/);
    assert.match(above("# token is set, and secret"), /^# .* \(secret\)$/);
    const plain = (await run("config", "--config", file)).stdout;
    assert.equal(lines.filter((line, i) => !(line.startsWith("# ") && /^(# token is|[a-z_]+ =)/.test(lines[i + 1]))).join("\n"), plain);
    const again = written("described.ini", stdout);
    assert.equal((await run("config", "--config", again, "--set", "plugin.admin.token=x")).stdout, plain);
  });

  it("says the same as JSON, with defaults and without what is set", async () => {
    const { stdout } = await run("config", "--config", file, "--describe", "--json");
    const all = JSON.parse(stdout);
    const key = (section, name) => all[section].find((each) => each.key === name);
    assert.equal(key("server", "port").default, "3000");
    assert.match(key("server", "port").values, /^a whole number from 0/);
    assert.deepEqual([key("plugin.rooms", "members_only").values, key("plugin.rooms", "members_only").default], ["bool", "false"]);
    assert.deepEqual([key("plugin.admin", "token").secret, key("metrics", "token").secret, key("server", "port").secret], [true, true, false]);
    assert.ok(!stdout.includes("sesame"));
  });
});

describe("wshub plugins", () => {
  const mixed = path.join(folder, "plugins");
  const none = written("plugins.ini", "[plugins]\ndirectory = plugins\nenabled = rooms\n");

  it("lists what is installed, and what cannot be loaded, and why", async () => {
    mkdirSync(mixed);
    copyFileSync(path.join(PLUGINS, "rooms.so"), path.join(mixed, "rooms.so"));
    copyFileSync(path.join(PLUGINS, "messaging.so"), path.join(mixed, "messaging.so"));
    writeFileSync(path.join(mixed, "broken.so"), "not a plugin");
    const { code, stdout } = await run("plugins", "list", "--config", none);
    assert.equal(code, 0);
    assert.match(stdout, /^NAME +VERSION +ABI +ENABLED +NEEDS +FILE$/m);
    assert.match(stdout, /^rooms +\S+ +1\.0 +yes /m);
    assert.match(stdout, /^messaging +\S+ +1\.0 +no /m);
    assert.match(stdout, /^refused: .*broken\.so: /m);
    const json = JSON.parse((await run("plugins", "list", "--config", none, "--json")).stdout);
    assert.deepEqual(json.items.map(({ name, enabled }) => [name, enabled]), [["messaging", false], ["rooms", true]]);
    assert.equal(json.refused.length, 1);
  });

  it("tells what is in a file, by path or by name", async () => {
    const { code, stdout } = await run("plugins", "info", path.join(PLUGINS, "rooms.so"));
    assert.equal(code, 0, stdout);
    assert.match(stdout, /^name +rooms$/m);
    assert.match(stdout, /^events +.*join_room/m);
    assert.match(stdout, /^members_only +/m);
    const json = JSON.parse((await run("plugins", "info", "rooms", "--json")).stdout);
    assert.equal(json.name, "rooms");
    assert.equal(json.abi, "1.0");
    assert.equal(json.refused, null);
    assert.ok(json.events.includes("join_room"));
    assert.ok(json.settings.some(({ key }) => key === "members_only"));
  });

  it("says as JSON too what is wrong with the configuration", async () => {
    const bad = written("bad-plugins.ini", "[server]\nprot = 1\n");
    const { stdout } = await run("check", "--json", "--config", bad);
    assert.equal(JSON.parse(stdout).problems.length, 1);
    for (const command of [["list"], ["info", "rooms"]]) {
      assert.deepEqual(await run("plugins", ...command, "--config", bad, "--json"), { code: 1, stdout, stderr: "" });
      const plain = await run("plugins", ...command, "--config", bad);
      assert.deepEqual([plain.code, plain.stdout], [1, ""]);
      assert.match(plain.stderr, /prot.*did you mean port\?/);
    }
  });

  it("tells why a file would be refused", async () => {
    const { code, stdout } = await run("plugins", "info", path.join(mixed, "broken.so"));
    assert.equal(code, 1);
    assert.match(stdout, /^refused +/m);
    const crash = await run("plugins", "info", path.join(PLUGINS, "..", "tests/bad_plugins/built/static_crashes.so"), "--json");
    assert.equal(crash.code, 1);
    assert.notEqual(JSON.parse(crash.stdout).refused, null);
  });
});

describe("wshub help", () => {
  it("tells of each command what it does, with examples and exit codes", async () => {
    for (const command of ["serve", "check", "config", "plugins", "new-plugin", "client", "ctl"]) {
      const help = await run(command, "--help");
      assert.equal(help.code, 0);
      assert.match(help.stdout, new RegExp(`^ *wshub ${command}`, "m"));
      assert.match(help.stdout, /^Examples$|^Operations$/m);
      assert.equal((await run("help", command)).stdout, help.stdout);
    }
    assert.equal((await run("help")).stdout, (await run("--help")).stdout);
  });

  it("says of what it knows nothing, and what may have been meant", async () => {
    for (const [sentence, ...topic] of [
      ['no help on "nonsense"', "nonsense"],
      ['no help on "cleint", did you mean client?', "cleint"],
      ['no help on "ctl nonsense"', "ctl", "nonsense"],
      ['no help on "ctl sesions", did you mean ctl sessions?', "ctl", "sesions"],
    ]) {
      assert.deepEqual(await run("help", ...topic), { code: 2, stdout: "", stderr: `wshub: ${sentence}\nwshub --help shows what there is\n` });
    }
  });

  it("helps with a mistyped command", async () => {
    const { code, stderr } = await run("plugin", "list");
    assert.equal(code, 2);
    assert.match(stderr, /unknown command "plugin", did you mean plugins\?/);
  });
});
