// The program as an operator meets it: what it says about its configuration and plugins, and how it ends.
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { PLUGINS, runHub, soon, startHub } from "./support/hub.mjs";
import { Client, refused } from "./support/clients.mjs";

const lines = (text) => text.split("\n").filter((line) => line !== "");

describe("--check", () => {
  it("says nothing is wrong, and starts nothing", async () => {
    const { code, stderr } = await runHub({ args: ["--check"], ini: "[server]\nport = 3999\n" });
    assert.deepEqual([code, stderr], [0, ""]);
  });

  it("says everything that is wrong, with file, line, section, key, value and what would do", async () => {
    const ini = [
      "[server]",
      "prot = 80", // 2
      "threads = many", // 3
      "port = 70000", // 4
      "[engine]",
      "ping_interval = 25 parsecs", // 6
      "[nonsense]", // 7
      "a = 1",
      "[limits]",
      "max_event_bytes = -5", // 10
      "max_json_depth = 10",
      "max_json_depth = 11", // 12
      "[plugin.rooms]",
      "members_only = perhaps", // 14
      "member_only = yes", // 15
      "[plugins]",
      "unknown_event = shrug", // 17
      "this is no setting", // 18
    ].join("\n");
    const { code, stderr, file } = await runHub({ args: ["--check"], ini });
    assert.equal(code, 1);
    const expected = [
      [2, "[server]", "prot", "80"],
      [3, "[server]", "threads", "many"],
      [4, "[server]", "port", "70000"],
      [6, "[engine]", "ping_interval", "25 parsecs", "25s"],
      [7, "nonsense"],
      [10, "[limits]", "max_event_bytes", "-5"],
      [12, "[limits]", "max_json_depth"],
      [17, "[plugins]", "unknown_event", "shrug"],
      [18],
    ];
    for (const [line, ...words] of expected) {
      const said = lines(stderr).find((text) => text.includes(`${file}:${line}`));
      assert.ok(said, `nothing about line ${line} in\n${stderr}`);
      for (const word of words) assert.ok(said.includes(word), `${word} is not in: ${said}`);
    }
  });

  it("calls wrong what the start would only skip", async () => {
    const set = { "plugins.enabled": "messaging,nope", "plugins.on_error": "skip" };
    const { code, stderr } = await runHub({ args: ["--check"], set });
    assert.equal(code, 1);
    assert.match(stderr, /nope\.so: cannot open/);
  });

  it("names a section of a plugin that nobody knows, also one without keys", async () => {
    const { code, stderr, file } = await runHub({ args: ["--check"], ini: "[server]\n[plugin.romms]\n# members_only = yes\n" });
    assert.equal(code, 1);
    assert.ok(stderr.includes(`${file}:2 [plugin.romms]: no plugin romms is installed in`), stderr);
  });

  it("tells of values that do not go together", async () => {
    const { code, stderr } = await runHub({ args: ["--check"], set: { "engine.cors_credentials": true } });
    assert.equal(code, 1);
    assert.match(stderr, /\[engine\] cors_credentials = "true": expected false, or cors_origin to name/);
  });

  it("says what is wrong with plugins' settings", async () => {
    const ini = "[plugin.rooms]\nmembers_only = perhaps\nmember_only = yes\n[plugin.no-such]\na = 1\n";
    const { code, stderr, file } = await runHub({ args: ["--check"], ini });
    assert.equal(code, 1);
    for (const [line, ...words] of [
      [2, "[plugin.rooms]", "members_only", "perhaps", "true or false"],
      [3, "[plugin.rooms]", "member_only", "members_only"],
      [5, "plugin.no-such"],
    ]) {
      const said = lines(stderr).find((text) => text.includes(`${file}:${line}`));
      assert.ok(said, `nothing about line ${line} in\n${stderr}`);
      for (const word of words) assert.ok(said.includes(word), `${word} is not in: ${said}`);
    }
  });

  it("checks the settings of installed plugins that are not enabled", async () => {
    const ini = (value) => `[plugins]\nenabled = messaging\n[plugin.rooms]\nmembers_only = ${value}\n`;
    assert.equal((await runHub({ args: ["--check"], ini: ini("yes") })).code, 0);
    const { code, stderr } = await runHub({ args: ["--check"], ini: ini("perhaps") });
    assert.equal(code, 1);
    assert.match(stderr, /members_only.*perhaps/);
  });

  it("tells who sets up a plugin that is not enabled", async () => {
    const { code, stderr, file } = await runHub({ args: ["--check"], ini: "[plugin.auth]\nheader =\nmode = token\ntokens = hunter2\n" });
    assert.equal(code, 0, stderr);
    assert.ok(stderr.includes(`[plugin.auth] has no effect, since auth is not in [plugins] enabled; it sets mode (${file}:3)`), stderr);
    assert.ok(!stderr.includes("hunter2"));
    const shipped = fileURLToPath(new URL("../../etc/wshub.ini", import.meta.url));
    assert.doesNotMatch((await runHub({ args: ["--config", shipped, "--check"] })).stderr, /has no effect/);
  });

  it("a configuration with a fault does not start either", async () => {
    const { code, stderr, stdout } = await runHub({ ini: "[server]\nport = http\n" });
    assert.equal(code, 1);
    assert.match(stderr, /port.*http/);
    assert.doesNotMatch(stdout, /listening/);
  });
});

describe("--print-config and --set", () => {
  it("print what is in effect, in a form that says the same again", async () => {
    const ini = "[engine]\nping_interval = 7s\n[plugin.rooms]\nmembers_only = yes\n";
    const state = { "server.state_directory": "/nowhere/state" };
    const first = await runHub({ args: ["--print-config"], ini, set: { "server.port": 4321, ...state } });
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stdout, /^\[engine\]$[^[]*^ping_interval = 7s$/m);
    assert.match(first.stdout, /^\[server\]$[^[]*^port = 4321$/m);
    assert.match(first.stdout, /^\[engine\]$[^[]*^ping_timeout = 20s$/m);
    assert.match(first.stdout, /^\[plugin\.rooms\]$[^[]*^members_only = (yes|true)$/m);
    const again = await runHub({ args: ["--print-config"], ini: first.stdout, set: state });
    assert.equal(again.code, 0, again.stderr);
    assert.equal(again.stdout, first.stdout);
  });

  it("show the paths of plugins as they are meant, relative to the file", async () => {
    const ini = "[plugins]\nenabled = auth\n[plugin.auth]\ntokens_file = keys/../tokens\nwebhook_ca_file = /ca.pem\n";
    const { code, stdout, stderr, file } = await runHub({ args: ["--print-config"], ini });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^\[plugin\.auth\]$[^[]*^webhook_ca_file = \/ca\.pem$/m);
    assert.match(stdout, /^keys_file =$/m);
    assert.ok(stdout.includes(`\ntokens_file = ${path.join(path.dirname(file), "tokens")}\n`), stdout);
  });

  it("--set goes before the file, the last one first, and is split at the last dot", async () => {
    const set = ["--set", "plugin.rooms.members_only=no", "--set", "plugin.rooms.members_only=true", "--set", "engine.cookie=a=b"];
    const { stdout, stderr, code } = await runHub({ args: ["--print-config", ...set.slice(0, 4)], ini: "[plugin.rooms]\nmembers_only = no\n" });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^\[plugin\.rooms\]$[^[]*^members_only = true$/m);
    const wrong = await runHub({ args: ["--check", ...set.slice(4)] });
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /--set.*cookie.*"a=b"/);
  });

  it("a --set that is none, an unknown option, a file that is not there", async () => {
    for (const args of [["--set", "nonsense"], ["--set", "server.prot=1"], ["--no-such-option"]]) {
      const { code, stderr } = await runHub({ args });
      assert.notEqual(code, 0, args.join(" "));
      assert.ok(stderr.includes(args.at(-1).split("=")[0].split(".").at(-1)), stderr);
    }
    const { code, stderr } = await runHub({ args: ["--config", "/no/such/file.ini"] });
    assert.notEqual(code, 0);
    assert.notEqual(stderr, "");
  });

  it("--version", async () => {
    const { code, stdout } = await runHub({ args: ["--version"] });
    assert.equal(code, 0);
    assert.match(stdout, /^wshub \d+\.\d+\.\d+\n$/);
  });
});

describe("plugins", () => {
  let directory;
  before(() => {
    directory = mkdtempSync(path.join(tmpdir(), "wshub-plugins-"));
    for (const name of ["messaging", "rooms", "heartbeat"]) {
      cpSync(path.join(PLUGINS, `${name}.so`), path.join(directory, `${name}.so`));
    }
    for (const size of [0, 100, 20_000]) {
      cpSync(path.join(PLUGINS, "rooms.so"), path.join(directory, `cut-${size}.so`));
      truncateSync(path.join(directory, `cut-${size}.so`), size);
    }
    writeFileSync(path.join(directory, "text.so"), "this is no plugin\n".repeat(100));
  });
  after(() => rmSync(directory, { recursive: true }));

  const enable = (...names) => ({ "plugins.directory": directory, "plugins.enabled": names.join(", ") });
  const broken = [
    ["missing", /missing\.so.*No such file/],
    ["cut-0", /cut-0\.so.*empty/],
    ["cut-100", /cut-100\.so/],
    ["cut-20000", /cut-20000\.so.*truncated/],
    ["text", /text\.so.*not a shared library/],
  ];

  it("the start line names those that run", async () => {
    const hub = await startHub({ set: enable("rooms", "messaging") });
    assert.match(hub.log, /listening on .*\brooms\b.*\bmessaging\b/);
    const client = await Client.connect(hub);
    await client.acked("message", 1);
    await client.gets(["message", { from: client.id, data: 1 }]);
    await refused(client, "UNKNOWN_EVENT", "ping");
    client.close();
    await hub.stop();
  });

  it("one that is missing or broken refuses the start with one clear line", async () => {
    for (const [name, pattern] of broken) {
      for (const args of [[], ["--check"]]) {
        const { code, stdout, stderr } = await runHub({ args, set: { "server.port": 0, ...enable("messaging", name) } });
        assert.equal(code, 1, `${name}: ${stderr}`);
        assert.doesNotMatch(stdout, /listening/);
        assert.equal(lines(stderr).filter((line) => line.includes(`${name}.so`)).length, 1, stderr);
        assert.match(stderr, pattern);
      }
    }
  });

  it("or is skipped, as configured, and the others run", async () => {
    const names = broken.map(([name]) => name);
    const hub = await startHub({ set: { ...enable(...names, "messaging"), "plugins.on_error": "skip" } });
    for (const [, pattern] of broken) assert.match(hub.log, pattern);
    const client = await Client.connect(hub);
    assert.deepStrictEqual(await client.acked("message", 1), { status: "received", sid: client.id });
    await client.gets(["message", { from: client.id, data: 1 }]);
    await refused(client, "UNKNOWN_EVENT", "join_room", "r");
    client.close();
    await hub.stop();
  });

  it("none at all is fine", async () => {
    const hub = await startHub({ set: { "plugins.enabled": "" } });
    const client = await Client.connect(hub);
    await refused(client, "UNKNOWN_EVENT", "message", 1);
    client.close();
    await hub.stop();
  });
});

describe("the port", () => {
  it("that is taken is one clear line and exit code 1", async () => {
    const other = net.createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    const { port } = other.address();
    const { code, stdout, stderr } = await runHub({ set: { "server.port": port } });
    other.close();
    assert.equal(code, 1);
    assert.doesNotMatch(stdout, /listening/);
    const said = lines(stderr).filter((line) => line.includes(String(port)));
    assert.equal(said.length, 1, stderr);
    assert.match(said[0], /in use/i);
  });

  it("of a hub is not shared with a second one", async () => {
    const hub = await startHub();
    const { code, stderr } = await runHub({ set: { "server.port": hub.port } });
    assert.equal(code, 1);
    assert.match(stderr, /in use/i);
    await hub.stop();
  });
});

describe("the log", () => {
  it("goes to the file named, relative to the configuration, and never holds payloads", async () => {
    const hub = await startHub({ ini: "[log]\nfile = hub.log\nlevel = debug\nformat = json\n" });
    const client = await Client.connect(hub);
    await client.acked("message", { secret: "s3cret-payload" });
    await client.gets(["message", { from: client.id, data: { secret: "s3cret-payload" } }]);
    client.close();
    const file = path.join(hub.directory, "hub.log");
    hub.signal("SIGTERM");
    // The directory goes with the hub: read first, at the last moment there is.
    const before = readFileSync(file, "utf8");
    assert.deepEqual(await soon(hub.ended, "the end"), { code: 0, signal: null });
    assert.ok(lines(before).length > 0);
    for (const line of lines(before)) assert.equal(typeof JSON.parse(line), "object", line);
    assert.doesNotMatch(before, /s3cret-payload/);
  });
});
