// `wshub ctl` against hubs with real clients: what each operation shows and does, who may, what is wrong; and the socket itself.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFileSync, existsSync, lstatSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe, it } from "node:test";
import { request } from "./protocol/raw.mjs";
import { BUILD, PROGRAM, runHub, soon, startHub } from "./support/hub.mjs";
import { Client, HOW } from "./support/clients.mjs";
import { Exposition } from "./support/prometheus.mjs";

const SETTINGS = { "plugins.enabled": "messaging, rooms, users", "limits.events_per_second": 0 };
const hubs = [];
async function hubWith(set = {}, options = {}) {
  const hub = await startHub({ set: { ...SETTINGS, ...set }, ...options });
  hubs.push(hub);
  return hub;
}
const hub = await hubWith();
after(async () => {
  for (const each of hubs) await each.stop();
});

const socketOf = (of) => path.join(of.directory, "state", "control.sock");
// What the program says: {code, stdout, stderr}.
function run(...args) {
  const end = new Promise((resolve) => {
    execFile(PROGRAM, args, { maxBuffer: 1 << 26 }, (error, stdout, stderr) => resolve({ code: error ? error.code : 0, stdout, stderr }));
  });
  return soon(end, `wshub ${args.join(" ")}`);
}
const ctl = (...args) => run("ctl", "--socket", socketOf(hub), ...args);
async function done(...args) {
  const { code, stdout, stderr } = await ctl(...args);
  assert.equal(code, 0, stderr);
  assert.equal(stderr, "");
  return stdout;
}
const asked = async (...args) => JSON.parse(await done(...args, "--json"));
async function fails(code, pattern, ...args) {
  const said = await ctl(...args);
  assert.equal(said.code, code, said.stdout + said.stderr);
  assert.match(said.stderr, pattern);
  assert.equal(said.stdout, "");
}
async function withClients(count, act, on = hub) {
  const clients = [];
  try {
    for (let i = 0; i < count; ++i) clients.push(await Client.connect(on, HOW[i % HOW.length]));
    return await act(...clients);
  } finally {
    for (const client of clients) client.close();
  }
}
// The bytes that the socket answers to these, until it closes or has said so many lines.
function exchange(bytes, lines = 1) {
  const answer = new Promise((resolve, reject) => {
    const socket = net.connect(socketOf(hub));
    let text = "";
    socket.setEncoding("utf8").on("data", (more) => {
      text += more;
      if (text.split("\n").length > lines) socket.end();
    });
    socket.on("error", (error) => (error.code === "EPIPE" || error.code === "ECONNRESET" ? resolve(text) : reject(error)));
    socket.on("close", () => resolve(text));
    socket.write(bytes);
  });
  return soon(answer, "the socket's answer");
}

describe("wshub ctl", () => {
  it("shows how the hub is", () =>
    withClients(3, async () => {
      const stats = await asked("stats");
      assert.equal(stats.sockets, 3);
      assert.deepEqual(stats.sessions_by_transport, { websocket: 2, polling: 1 });
      const table = await done("stats");
      assert.match(table, /^sessions +3 \(2 by WebSocket, 1 by polling\)$/m);
    }));

  it("counts what the metrics count", () =>
    withClients(2, async (a) => {
      await a.ask("message", "x".repeat(5000)); // more goes out than came in
      const stats = await asked("stats");
      const metrics = new Exposition((await request(hub.port, { path: "/metrics" })).body);
      for (const name of ["events_in", "events_out", "bytes_in", "bytes_out"]) {
        assert.equal(stats[name], metrics.value(`wshub_${name}_total`), name);
      }
      assert.notEqual(stats.bytes_in, stats.bytes_out);
      assert.equal(stats.handlers.count, metrics.value("wshub_handler_seconds_count"));
    }));

  it("tells what a client was refused, and when it last sent and got something", async () => {
    const own = await hubWith({ "limits.max_event_bytes": 100, "limits.events_per_second": 0.01, "limits.events_burst": 4 });
    const of = async (sid) => JSON.parse((await run("ctl", "--socket", socketOf(own), "session", sid, "--json")).stdout);
    await withClients(2, async (loud, silent) => {
      loud.inbox.length = 0;
      for (const code of ["PAYLOAD_TOO_LARGE", "PAYLOAD_TOO_LARGE"]) assert.equal((await loud.acked("message", "x".repeat(101))).code, code);
      assert.equal((await loud.acked("nobody_knows_this")).code, "UNKNOWN_EVENT");
      assert.equal((await loud.acked("message", "x")).status, "received");
      for (let i = 0; i < 3; ++i) assert.equal((await loud.acked("message", "x")).code, "RATE_LIMIT");
      assert.deepEqual((await of(loud.id)).refusals, { rate_limit: 3, payload_too_large: 2, errors: 1 });
      const table = (await run("ctl", "--socket", socketOf(own), "session", loud.id)).stdout;
      assert.match(table, /^refused +3 for their rate, 2 for their size, 1 otherwise$/m);
      const quiet = await of(silent.id);
      assert.equal(quiet.last_event_in, null);
      assert.match(quiet.last_event_out, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
      assert.deepEqual([quiet.events_in, quiet.refusals], [0, { rate_limit: 0, payload_too_large: 0, errors: 0 }]);
    }, own);
  });

  it("tells how a plugin does", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "wshub-ctl-"));
    try {
      for (const [name, file] of [["counter", "counter_1"], ["good", "good"]]) {
        copyFileSync(path.join(BUILD, `tests/bad_plugins/built/${file}.so`), path.join(folder, `${name}.so`));
      }
      const own = await hubWith({ "plugins.directory": folder, "plugins.enabled": "counter, good", "plugins.slow_handler": "20ms" });
      await withClients(1, async (client) => {
        await client.ask("slow", 50);
        for (let i = 0; i < 2; ++i) await client.ask("boom");
        const { items } = JSON.parse((await run("ctl", "--socket", socketOf(own), "plugins", "--json")).stdout);
        const of = (wanted) => items.find(({ name }) => name === wanted);
        assert.deepEqual([of("counter").slow, of("counter").errors], [1, 0]);
        assert.deepEqual([of("good").slow, of("good").errors], [0, 2]);
      }, own);
      await own.stop();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("shows who is connected, and one of them", () =>
    withClients(2, async (a, b) => {
      await a.ask("system:setData", { username: "Zoë" });
      await b.ask("join_room", "lobby");
      const table = await done("sessions", "sort=username");
      const lines = table.split("\n");
      assert.match(lines[0], /^SID +NAMESPACE +USERNAME +ADDRESS/);
      assert.ok(lines[1].startsWith(a.id) && lines[1].includes("Zoë"));
      assert.match(table, /2 shown, 2 match, 2 in all/);
      assert.equal((await asked("sessions", "zoë".slice(0, 2))).items[0].sid, a.id);
      assert.equal((await asked("sessions", "room=lobby")).items[0].sid, b.id);
      assert.equal((await asked("sessions", "transport=polling")).matched, 1);
      // Who has no name comes last, whatever the order.
      for (const order of ["asc", "desc"]) {
        assert.deepEqual((await asked("sessions", "sort=username", `order=${order}`)).items.map(({ sid }) => sid), [a.id, b.id], order);
      }
      const one = await done("session", b.id);
      assert.match(one, /^rooms +lobby$/m);
      assert.match(one, /joined +lobby/);
      await fails(1, /NOT_FOUND: there is no such session/, "session", "nobody");
    }));

  it("shows rooms and who is in them", () =>
    withClients(2, async (a, b) => {
      for (const client of [a, b]) await client.ask("join_room", "both");
      assert.deepEqual((await asked("rooms", "bot")).items, [{ namespace: "/", name: "both", members: 2 }]);
      assert.match(await done("rooms"), /^\/ +both +2$/m);
      assert.match(await done("room", "both"), /2 shown, 2 in the room/);
    }));

  it("shows what clients call themselves and their rooms without anything that moves the terminal", () =>
    withClients(1, async (client) => {
      // CSI in one character, DEL, the end of a line to some, and text turned round.
      const room = "\u009b31mred\u007f\u2028\u202egnp.exe\u2066";
      await client.ask("join_room", room);
      await client.ask("system:setData", { username: "\u202eJé" }); // a name cannot have the others
      const seen = "\\u009b31mred\\x7f\\u2028\\u202egnp.exe\\u2066";
      const harmful = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/;
      for (const args of [["rooms"], ["room", room], ["sessions"], ["session", client.id], ["rooms", "--json"], ["session", client.id, "--json"]]) {
        const shown = await done(...args);
        assert.doesNotMatch(shown, harmful, args.join(" "));
        if (args.length === 1 && args[0] === "rooms") assert.ok(shown.includes(` ${seen} `), shown);
        if (args[0] === "sessions") assert.ok(shown.includes(" \\u202eJé "), shown);
      }
      assert.deepEqual((await asked("rooms")).items, [{ namespace: "/", name: room, members: 1 }]);
      await done("leave", client.id, room);
      await hub.logged(/taken out of a room .*room="\\u009b31mred\\x7f\\u2028\\u202egnp\.exe\\u2066"/);
      assert.doesNotMatch(hub.log, harmful);
    }));

  it("kicks, takes out of rooms, broadcasts", () =>
    withClients(2, async (a, b) => {
      // Clients of the test before may still be going.
      for (let tries = 0; (await asked("stats")).sockets !== 2; ++tries) assert.ok(tries < 500);
      await a.ask("join_room", "r");
      a.inbox.length = b.inbox.length = 0;
      assert.equal(await done("broadcast", "news", '["x", {"n": 1.50}]'), "sent to 2 clients\n");
      for (const client of [a, b]) await client.gets(["news", "x", { n: 1.5 }]);
      await done("leave", a.id, "r");
      await a.gets(["room_left", { room: "r", sid: a.id }]);
      const { id } = b;
      assert.equal(await done("kick", id, "reason=spam"), "disconnected\n");
      assert.equal(await b.disconnected(), "io server disconnect");
      assert.match(await done("closes"), /kicked: spam/);
      const [closed] = (await asked("closes", "limit=1")).items;
      assert.deepEqual([closed.sid, closed.namespace, closed.username, closed.reason], [id, "/", null, "kicked: spam"]);
      await hub.logged(new RegExp(`control: kicked sid=${id} reason="spam" by="socket uid=\\d+ gid=\\d+ pid=\\d+"`));
      await hub.logged(/control: broadcast event=news namespace=\/ room="" receivers=2 by="socket uid=/);
      await fails(1, /NOT_FOUND: it is not in that room/, "leave", a.id, "r");
      await a.ask("join_room", "r");
      assert.equal(await done("broadcast", "news", "room=r"), "sent to 1 clients\n");
      await hub.logged(/control: broadcast event=news namespace=\/ room="r" receivers=1 by="socket uid=/);
      await fails(1, /NOT_FOUND/, "kick", id);
      await fails(1, /INVALID_FORMAT/, "broadcast", "disconnect");
    }));

  it("shows and reloads plugins, clients stay", () =>
    withClients(1, async (a) => {
      assert.match(await done("plugins"), /^rooms +\S+ +running/m);
      assert.match(await done("plugins"), /^auth +\S+ +disabled/m);
      assert.match(await done("reload", "rooms"), /^rooms reloaded version=\S+ before=\S+$/m);
      await hub.logged(/control: reload plugin="rooms" by="socket uid=/);
      assert.match(await done("plugins"), /^rooms .* 1 +done /m);
      assert.equal(await done("reload"), "nothing had changed\n");
      assert.deepEqual(await a.acked("join_room", "after"), { status: "joined", room: "after" });
      await fails(1, /NOT_FOUND: no plugin of that name runs/, "reload", "nobody");
    }));

  it("tells why a reload was not done", async () => {
    const own = await hubWith();
    writeFileSync(path.join(own.directory, "wshub.ini"), "[server]\nprot = 1\n");
    const { code, stderr } = await run("ctl", "--socket", socketOf(own), "reload");
    assert.equal(code, 1);
    assert.match(stderr, /INTERNAL: .*wshub\.ini:2 \[server\] prot.*did you mean port\?/);
  });

  it("says so of a namespace that is none", async () => {
    for (const args of [["sessions"], ["rooms"], ["room", "x"], ["broadcast", "news"]]) {
      await fails(1, /^wshub ctl: NOT_FOUND: there is no namespace \/nowhere\n$/, ...args, "namespace=/nowhere");
    }
  });

  it("changes the log level", async () => {
    assert.equal(await done("log-level", "debug"), "log level debug, before info\n");
    await done("stats");
    await hub.logged(/debug +control connection opened/);
    assert.equal(await done("log-level", "info"), "log level info, before debug\n");
    await hub.logged(/control: log level=info before=debug by="socket uid=/);
    assert.equal(await done("log-level", "warn"), "log level warn, before info\n");
    assert.equal(await done("log-level", "info"), "log level info, before warn\n");
    await fails(1, /expected one of trace, debug/, "log-level", "loud");
  });

  it("drains: refuses new clients, closes those that are there, takes them again", async () => {
    const own = await hubWith();
    const at = ["ctl", "--socket", socketOf(own)];
    await withClients(
      6,
      async (...clients) => {
        const ready = async () => (await request(own.port, { path: "/readyz" })).status;
        assert.equal(await ready(), 200);
        assert.match((await run(...at, "drain", "600ms")).stdout, /^draining: 6 sessions/);
        assert.equal(await ready(), 503);
        await Promise.all(clients.map((client) => client.disconnected()));
        assert.equal((await fetch(`${own.url}/socket.io/?EIO=4&transport=polling`)).status, 503);
        assert.equal((await run(...at, "drain", "on=no")).stdout, "takes new clients again\n");
        assert.equal(await ready(), 200);
      },
      own,
    );
    await withClients(1, async (client) => assert.ok(client.id), own);
  });

  it("drains what plugins serve by themselves, too", async () => {
    const own = await hubWith({ "plugins.directory": path.join(BUILD, "tests/bad_plugins/built"), "plugins.enabled": "channels" });
    const at = ["ctl", "--socket", socketOf(own)];
    const handshake = async () => (await request(own.port, { path: "/engine/?EIO=4&transport=polling" })).status;
    assert.equal(await handshake(), 200);
    assert.equal((await run(...at, "drain", "1m")).code, 0);
    assert.equal(await handshake(), 503);
    assert.equal((await run(...at, "drain", "on=no")).code, 0);
    assert.equal(await handshake(), 200);
  });

  it("pages, sorts and searches two thousand sessions right", async () => {
    const own = await hubWith({ "log.level": "warn" });
    const ask = async (...args) => JSON.parse((await run("ctl", "--socket", socketOf(own), "sessions", ...args, "--json")).stdout);
    const clients = [];
    try {
      for (let i = 0; i < 2000; i += 50) {
        clients.push(...(await Promise.all(Array.from({ length: 50 }, () => Client.connect(own, "websocket")))));
      }
      await Promise.all(clients.map((client, i) => client.ask("system:setData", { username: `user ${String(i).padStart(4, "0")}` })));
      const seen = [];
      for (let offset = 0; offset < 2000; offset += 200) {
        const page = await ask("sort=username", `offset=${offset}`, "limit=200");
        assert.equal(page.total, 2000);
        assert.equal(page.matched, 2000);
        seen.push(...page.items.map(({ username }) => username));
      }
      assert.deepEqual(seen, clients.map((_, i) => `user ${String(i).padStart(4, "0")}`));
      const down = await ask("sort=username", "order=desc", "limit=1");
      assert.equal(down.items[0].username, "user 1999");
      const found = await ask("USER 19", "sort=username");
      assert.equal(found.matched, 100);
      for (const sort of ["latency", "queued_bytes", "events_in", "address", "transport", "connected"]) {
        const page = await ask(`sort=${sort}`, "limit=200", "offset=1900");
        assert.equal(page.items.length, 100, sort);
      }
      await clients[7].ask("message", "x");
      assert.equal((await ask("sort=events_in", "order=desc", "limit=1")).items[0].sid, clients[7].id);
      assert.equal((await ask("offset=5000")).items.length, 0);
    } finally {
      for (const client of clients) client.close();
    }
  });

  it("says what is wrong with a command line", async () => {
    for (const [pattern, ...args] of [
      [/ctl needs an operation/],
      [/unknown operation "sesions", did you mean sessions\?/, "sesions"],
      [/session needs sid/, "session"],
      [/limit=many: expected a whole number/, "sessions", "limit=many"],
      [/unexpected argument "more"/, "stats", "more"],
      [/unknown option "--jsn", did you mean --json\?/, "stats", "--jsn"],
      [/args=\{oops: expected JSON/, "broadcast", "x", "{oops"],
      [/--timeout "soon": expected a duration/, "stats", "--timeout", "soon"],
    ]) {
      await fails(2, pattern, ...args);
    }
    await fails(1, /INVALID_FORMAT: .*limit/, "sessions", "limit=201");
  });

  it("takes a sid that begins with a dash for one", async () => {
    await fails(1, /NOT_FOUND: there is no such session/, "session", "-PJre5LmSwEAAAEAAAAF");
    await fails(1, /NOT_FOUND: there is no such session/, "session", "--", "--Jre5LmSwEAAAEAAAAF");
  });

  it("says so when no hub is there", async () => {
    const { code, stderr } = await run("ctl", "--socket", path.join(tmpdir(), "no such socket"), "stats");
    assert.equal(code, 3);
    assert.match(stderr, /no hub answers at .*no such socket/);
  });

  it("finds the hub by its configuration", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "wshub-ctl-"));
    try {
      const ini = path.join(folder, "own.ini");
      writeFileSync(ini, `[control]\nsocket = ${socketOf(hub)}\n`);
      const { code, stdout } = await run("ctl", "--config", ini, "stats");
      assert.equal(code, 0);
      assert.match(stdout, /^version /);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("teaches each operation, with examples", async () => {
    const all = (await run("ctl", "--help")).stdout;
    for (const name of ["stats", "sessions", "kick", "drain"]) {
      assert.match(all, new RegExp(`^  ${name} `, "m"));
      const help = (await run("ctl", name, "--help")).stdout;
      assert.match(help, new RegExp(`wshub ctl ${name}`));
      assert.equal((await run("help", "ctl", name)).stdout, help);
    }
  });
});

describe("the control socket", () => {
  it("is for its user and group, or as configured", async () => {
    assert.equal(statSync(socketOf(hub)).mode & 0o777, 0o660);
    const own = await hubWith({ "control.mode": "0600" });
    assert.equal(statSync(socketOf(own)).mode & 0o777, 0o600);
  });

  it("is gone when the hub has stopped, and is not there when it is off", async () => {
    const own = await startHub({ set: SETTINGS });
    const socket = socketOf(own);
    assert.ok(existsSync(socket));
    await own.stop();
    assert.ok(!existsSync(socket));
    const off = await hubWith({ "control.enabled": "false" });
    assert.ok(!existsSync(socketOf(off)));
  });

  it("of a hub that lives is not taken by another one", async () => {
    const other = await hubWith({ "server.state_directory": path.join(hub.directory, "state") });
    await other.logged(/another hub serves it; wshub ctl cannot reach this hub/);
    assert.equal(JSON.parse((await ctl("stats", "--json")).stdout).version.length > 0, true);
    const named = await runHub({ set: { "server.port": 0, "control.socket": socketOf(hub), "plugins.enabled": "" } });
    assert.equal(named.code, 1);
    assert.match(named.stderr, /\[control\] socket = ".*control.sock": another hub serves it/);
    await done("stats");
  });

  it("that a dead hub left behind is replaced", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "wshub-ctl-"));
    try {
      const socket = path.join(folder, "left.sock");
      const dead = await startHub({ set: { ...SETTINGS, "control.socket": socket } });
      dead.signal("SIGKILL");
      await dead.ended;
      assert.ok(lstatSync(socket).isSocket());
      await hubWith({ "control.socket": socket });
      assert.equal((await run("ctl", "--socket", socket, "stats")).code, 0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("that is something else, or cannot be made, keeps the hub from starting", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "wshub-ctl-"));
    try {
      const file = path.join(folder, "precious");
      writeFileSync(file, "data");
      for (const [socket, reason] of [
        [file, /there is something that is no socket/],
        [path.join(folder, "x".repeat(200)), /longer than the 100 bytes/],
      ]) {
        const end = await runHub({ set: { "server.port": 0, "control.socket": socket, "plugins.enabled": "" } });
        assert.equal(end.code, 1);
        assert.match(end.stderr, reason);
      }
      const wrong = await runHub({ set: { "control.mode": "rw" } });
      assert.match(wrong.stderr, /\[control\] mode = "rw": expected an octal mode/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("answers hostile input in words, and stays", async () => {
    for (const [bytes, code] of [
      ["nonsense\n", "INVALID_FORMAT"],
      ["{}\n", "INVALID_FORMAT"],
      ["[1,2]\n", "INVALID_FORMAT"],
      ['{"operation":7}\n', "INVALID_FORMAT"],
      ['{"operation":"stats","arguments":[]}\n', "INVALID_FORMAT"],
      ['{"operation":"stats","arguments":{"x":1}}\n', "INVALID_FORMAT"],
      ['{"operation":"stats","who":"me"}\n', "INVALID_FORMAT"],
      ['{"operation":"rm -rf"}\n', "NOT_FOUND"],
      [Buffer.from([0, 255, 254, 10]), "INVALID_FORMAT"],
      [`${"[".repeat(100_000)}\n`, "INVALID_FORMAT"],
      [Buffer.alloc(2_000_000, "x"), "INVALID_FORMAT"],
    ]) {
      const answer = JSON.parse((await exchange(bytes)).split("\n")[0]);
      assert.equal(answer.ok, false);
      assert.equal(answer.error.code, code, bytes.toString().slice(0, 60));
    }
    const several = await exchange('{"operation":"stats"}\n{"operation":"closes"}\n{"operation":"x"}\n', 3);
    assert.deepEqual(several.trim().split("\n").map((line) => JSON.parse(line).ok), [true, true, false]);
    await done("stats");
  });

  it("keeps few connections, says so to one more, and serves it when they have gone", async () => {
    const sockets = Array.from({ length: 8 }, () => net.connect(socketOf(hub)).setEncoding("utf8"));
    const answers = sockets.map((socket) => new Promise((resolve, reject) => socket.once("data", resolve).once("error", reject).once("close", reject)));
    for (const socket of sockets) socket.write('{"operation":"stats"}\n');
    for (const answer of await soon(Promise.all(answers), "eight answers")) assert.match(answer, /^\{"ok":true,/);
    await fails(1, /^wshub ctl: BUSY: the hub serves 8 others here, try again\n$/, "stats");
    for (const socket of sockets) socket.destroy();
    for (let tries = 0; (await ctl("stats")).code !== 0; ++tries) assert.ok(tries < 50);
  });
});
