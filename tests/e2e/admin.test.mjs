// The admin events with the official client over every transport: who may ask, what is shown of connections, what changes are told.
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe, it } from "node:test";
import { PROGRAM, runHub, startHub } from "./support/hub.mjs";
import { Client, HOW, quiet, refused } from "./support/clients.mjs";
import { RawClient } from "./support/raw.mjs";

const TOKEN = "sesame, öffne dich";
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const CONNECTED_AT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/;
const QUIET = {
  "plugins.enabled": "messaging, rooms, heartbeat, admin",
  "plugin.heartbeat.interval": 0,
  "plugin.admin.stats_interval": 0,
  "limits.events_per_second": 0,
};

const hubs = [];
async function hubWith(set = {}) {
  const hub = await startHub({ set: { ...QUIET, "plugin.admin.token": TOKEN, ...set } });
  hubs.push(hub);
  return hub;
}
const noisy = await hubWith({ "log.level": "trace" });
const loopback = await hubWith({ "plugin.admin.access": "loopback" });
const open = await hubWith({ "plugin.admin.access": "open" });
const ticking = await hubWith({ "plugin.admin.stats_interval": "150ms" });
after(async () => {
  for (const hub of hubs) await hub.stop();
});

// The figures that arrive next.
async function stats(client) {
  const [event, ...args] = await client.next("system:stats");
  assert.equal(event, "system:stats", JSON.stringify(args));
  const { activeConnections, totalConnections, timestamp } = args[0];
  assert.deepStrictEqual(args, [{ activeConnections, totalConnections, timestamp }]);
  assert.deepStrictEqual(Object.keys(args[0]), ["activeConnections", "totalConnections", "timestamp"]);
  assert.ok(Number.isInteger(activeConnections) && Number.isInteger(totalConnections), JSON.stringify(args));
  assert.match(timestamp, TIMESTAMP);
  return args[0];
}

// Clients of a hub that is theirs alone meanwhile, each past its first figures.
class Crowd {
  clients = [];
  constructor(hub, how) {
    this.hub = hub;
    this.how = how;
  }
  async join(options = {}, how = this.how) {
    const userAgent = `test/${this.clients.length}`;
    const client = await Client.connect(this.hub, how, { extraHeaders: { "User-Agent": userAgent }, ...options });
    client.userAgent = userAgent;
    client.joinedBefore = Date.now();
    this.clients.push(client);
    await stats(client);
    return client;
  }
  admin(options = {}) {
    return this.join({ auth: { token: TOKEN }, ...options });
  }
  async subscriber(options) {
    const client = await this.admin(options);
    client.subscribed = await client.acked("admin_subscribe");
    assert.equal(client.subscribed.status, "subscribed");
    return client;
  }
  // Leaves the hub as it was found: with nobody in it.
  async end() {
    for (const client of this.clients) client.close();
    let left;
    for (let tries = 0; tries < 500 && left !== 0; ++tries) {
      const witness = await Client.connect(this.hub, "websocket");
      left = (await stats(witness)).activeConnections - 1;
      witness.close();
    }
    assert.equal(left, 0, "clients that have left");
  }
}
const crowd = (hub, how, use) => async () => {
  const all = new Crowd(hub, how);
  try {
    await use(all);
  } finally {
    await all.end();
  }
};

// What is shown of a client, its time aside, which is checked.
function shown(client, connection, { rooms = [], auth = null, ...info } = {}) {
  assert.match(connection.connected_at, CONNECTED_AT);
  const at = Date.parse(`${connection.connected_at}Z`);
  assert.ok(at <= client.joinedBefore && at > client.joinedBefore - 60_000, connection.connected_at);
  assert.deepStrictEqual(connection, {
    sid: client.id ?? client.oldId,
    connected_at: connection.connected_at,
    rooms,
    client_info: { user_agent: client.userAgent, remote_addr: "127.0.0.1", auth, ...info },
  });
  assert.deepStrictEqual(Object.keys(connection), ["sid", "connected_at", "rooms", "client_info"]);
}
const MASKED = { auth: { token: "***" } };
const of = (connections, client) => connections.find(({ sid }) => sid === client.id);

// The update that arrives next: its connection.
async function connectionUpdate(watcher, type, total) {
  const [event, ...args] = await watcher.next(`${type} update`);
  assert.equal(event, "admin:connection_update", JSON.stringify(args));
  const { connection } = args[0];
  assert.deepStrictEqual(args, [{ type, connection, total }]);
  return connection;
}
async function roomUpdate(watcher, type, client, room, rooms, more = {}) {
  const [event, ...args] = await watcher.next(`${type} of ${room}`);
  assert.equal(event, "admin:room_update", JSON.stringify(args));
  const { connection } = args[0];
  assert.deepStrictEqual(args, [{ type, sid: client.id ?? client.oldId, room, connection }]);
  shown(client, connection, { rooms, ...more });
}
// Nothing else has reached these admins because of what was done so far: what `client` does next is told next.
let markers = 0;
async function settled(client, ...watchers) {
  const room = `marker ${++markers}`;
  const mine = { room, sid: client.id };
  await client.acked("join_room", room);
  await client.acked("leave_room", room);
  for (const watcher of watchers) {
    if (watcher === client) await watcher.gets(["room_joined", mine]);
    for (const type of ["join", "leave"]) {
      const [event, argument] = await watcher.next();
      assert.deepStrictEqual([event, argument?.type, argument?.room], ["admin:room_update", type, room], JSON.stringify(argument));
    }
  }
  if (!watchers.includes(client)) client.inbox.length = 0;
}
function leave(client) {
  client.oldId = client.id;
  client.close();
}

for (const how of HOW) {
  describe(`system:stats over ${how}`, () => {
    it("is the first that a client gets", crowd(noisy, how, async (all) => {
      const witness = await Client.connect(noisy, how);
      const first = await stats(witness);
      assert.equal(first.activeConnections, 1);
      for (const more of [1, 2]) {
        const client = await Client.connect(noisy, how);
        const figures = await stats(client);
        assert.equal(figures.activeConnections, 1 + more);
        assert.equal(figures.totalConnections, first.totalConnections + more);
        all.clients.push(client);
      }
      await quiet(all.clients[0], all.clients[1], witness); // nobody else was told
      witness.close();
    }));

    it("goes to everybody in each interval, as one", crowd(ticking, how, async (all) => {
      const [alice, bob] = [await Client.connect(ticking, how), await Client.connect(ticking, how)];
      all.clients.push(alice, bob);
      await stats(bob);
      const ofBob = [await stats(bob), await stats(bob), await stats(bob)];
      for (const { activeConnections } of ofBob) assert.equal(activeConnections, 2);
      const ofAlice = [];
      while (ofAlice.at(-1)?.timestamp !== ofBob[2].timestamp && ofAlice.length < 50) ofAlice.push(await stats(alice));
      assert.deepStrictEqual(ofAlice.slice(-3), ofBob);
      alice.close();
      let left;
      for (let ticks = 0; ticks < 100 && left !== 1; ++ticks) left = (await stats(bob)).activeConnections;
      assert.equal(left, 1);
    }));
  });

  describe(`access over ${how}`, () => {
    it("is refused without the token, and with another", crowd(noisy, how, async (all) => {
      const wrong = [undefined, {}, { token: "" }, { token: "sesame" }, { token: `${TOKEN} ` }, { token: TOKEN.toUpperCase() }, { token: [TOKEN] },
        { token: { token: TOKEN } }, { token: null }, { token: 5 }, { token: true }, { Token: TOKEN }, { password: TOKEN },
        { auth: { token: TOKEN } }, { roles: ["admin"] }];
      for (const auth of wrong) {
        const mallory = await all.join({ auth });
        await refused(mallory, "FORBIDDEN", "admin_subscribe");
        await refused(mallory, "FORBIDDEN", "admin_get_connections", { token: TOKEN });
        mallory.tell("admin_subscribe");
        await mallory.getsError("FORBIDDEN");
        const bystander = await all.join();
        await quiet(bystander, mallory);
      }
    }));

    it("is given to everybody where it is open", crowd(open, how, async (all) => {
      const alice = await all.join({ extraHeaders: { "User-Agent": "test/0", "X-Forwarded-For": "10.1.1.1" } });
      const { connections, total } = await alice.acked("admin_get_connections");
      assert.equal(total, 1);
      shown(alice, connections[0]);
    }));

    it("is given to this machine, and to nobody behind it, where it is loopback", crowd(loopback, how, async (all) => {
      const locals = [{}, { extraHeaders: { Origin: "http://localhost:8080" } }, { extraHeaders: { origin: loopback.url } }, { auth: { token: "wrong" } }];
      for (const options of locals) {
        const alice = await all.join(options);
        assert.equal((await alice.acked("admin_get_connections")).total, all.clients.length);
      }
      for (const header of [{ "X-Forwarded-For": "127.0.0.1" }, { "x-real-ip": "127.0.0.1" }, { Forwarded: "for=127.0.0.1" }, { Origin: "https://evil.example" }]) {
        const mallory = await all.join({ auth: { token: TOKEN }, extraHeaders: header });
        await refused(mallory, "FORBIDDEN", "admin_subscribe");
      }
    }));
  });

  describe(`lists over ${how}`, () => {
    it("show every connection", crowd(noisy, how, async (all) => {
      const alice = await all.join();
      const bob = await all.join({ auth: { user: "bob", level: 1.5, nothing: null } });
      const carol = await all.admin();
      for (const room of ["b", "a", 'q"\\ 世界']) await alice.acked("join_room", room);
      await alice.acked("leave_room", "a");
      await bob.acked("join_room", "a");
      for (const [event, status] of [["admin_get_connections"], ["admin_subscribe", { status: "subscribed" }]]) {
        const ack = await carol.acked(event, "ignored");
        const { connections } = ack;
        assert.deepStrictEqual(ack, { ...status, connections, total: 3 });
        assert.deepStrictEqual(Object.keys(ack), [...Object.keys(status ?? {}), "connections", "total"]);
        assert.equal(connections.length, 3);
        shown(alice, of(connections, alice), { rooms: ["b", 'q"\\ 世界'] });
        shown(bob, of(connections, bob), { rooms: ["a"], auth: { user: "bob", level: 1.5, nothing: null } });
        // Not the private room that it is in by then.
        shown(carol, of(connections, carol), MASKED);
      }
      await settled(alice, carol);
    }));

    it("of admin_get_connections do not subscribe", crowd(noisy, how, async (all) => {
      const alice = await all.admin();
      await alice.acked("admin_get_connections");
      alice.tell("admin_get_connections");
      const carol = await all.subscriber();
      const bob = await all.join();
      await connectionUpdate(carol, "connect", 3);
      await settled(bob, carol);
      await quiet(bob, alice);
    }));

    it("are longer than a slice of their making", crowd(noisy, how, async (all) => {
      const raw = [];
      for (let i = 0; i < 260; ++i) raw.push(await RawClient.connect(noisy));
      const alice = await all.admin();
      const { connections, total } = await alice.acked("admin_subscribe");
      assert.equal(total, 261);
      assert.deepStrictEqual(connections.map(({ sid }) => sid).sort(), [alice.id, ...raw.map(({ id }) => id)].sort());
      for (const client of raw) await client.close();
      const gone = new Set();
      let last = total;
      while (gone.size < raw.length) {
        const [event, { type, connection, total: now }] = await alice.next();
        assert.deepStrictEqual([event, type], ["admin:connection_update", "disconnect"]);
        assert.ok(now <= last, `${now} after ${last}`);
        last = now;
        gone.add(connection.sid);
      }
      assert.equal(last, 1);
      await settled(alice, alice);
    }));
  });

  describe(`updates over ${how}`, () => {
    it("tell who comes and goes", crowd(noisy, how, async (all) => {
      const carol = await all.subscriber();
      const alice = await all.join({ auth: { user: "alice", Password: "p" } });
      shown(alice, await connectionUpdate(carol, "connect", 2), { auth: { user: "alice", Password: "***" } });
      const bob = await all.join();
      shown(bob, await connectionUpdate(carol, "connect", 3));
      leave(bob);
      shown(bob, await connectionUpdate(carol, "disconnect", 2));
      leave(alice);
      shown(alice, await connectionUpdate(carol, "disconnect", 1), { auth: { user: "alice", Password: "***" } });
      await settled(carol, carol);
    }));

    it("tell of rooms as they are joined and left", crowd(noisy, how, async (all) => {
      const carol = await all.subscriber();
      const alice = await all.join();
      await connectionUpdate(carol, "connect", 2);
      for (const room of ["one", "one", "two", "two"]) await alice.acked("join_room", room);
      for (const room of ["one", "one", "nowhere"]) await alice.acked("leave_room", room);
      await roomUpdate(carol, "join", alice, "one", ["one"]);
      await roomUpdate(carol, "join", alice, "two", ["one", "two"]);
      await roomUpdate(carol, "leave", alice, "one", ["two"]);
      alice.inbox.length = 0;
      await settled(alice, carol);
    }));

    it("tell of a disconnect's rooms first, one after the other, and show what rooms it had", crowd(noisy, how, async (all) => {
      const carol = await all.subscriber();
      const alice = await all.join();
      for (const room of ["c", "a", "b"]) await alice.acked("join_room", room);
      await carol.holds(4);
      carol.inbox.length = 0;
      leave(alice);
      await roomUpdate(carol, "leave", alice, "c", ["a", "b"]);
      await roomUpdate(carol, "leave", alice, "a", ["b"]);
      await roomUpdate(carol, "leave", alice, "b", []);
      shown(alice, await connectionUpdate(carol, "disconnect", 1), { rooms: ["c", "a", "b"] });
      await settled(carol, carol);
    }));

    it("go to every admin that has subscribed, once", crowd(noisy, how, async (all) => {
      const carol = await all.subscriber();
      for (let i = 0; i < 3; ++i) assert.equal((await carol.acked("admin_subscribe")).total, 1);
      const dave = await all.admin();
      shown(dave, await connectionUpdate(carol, "connect", 2), MASKED);
      dave.tell("admin_subscribe");
      await dave.acked("ping");
      await dave.acked("join_room", "of admins");
      assert.deepStrictEqual(await dave.next(), ["room_joined", { room: "of admins", sid: dave.id }]);
      for (const watcher of [carol, dave]) await roomUpdate(watcher, "join", dave, "of admins", ["of admins"], MASKED);
      const bob = await all.join();
      for (const watcher of [carol, dave]) shown(bob, await connectionUpdate(watcher, "connect", 3));
      leave(dave);
      await roomUpdate(carol, "leave", dave, "of admins", [], MASKED);
      shown(dave, await connectionUpdate(carol, "disconnect", 2), { rooms: ["of admins"], ...MASKED });
      leave(bob);
      shown(bob, await connectionUpdate(carol, "disconnect", 1));
      await settled(carol, carol);
    }));

    it("end with admin_unsubscribe, and begin again", crowd(noisy, how, async (all) => {
      const carol = await all.subscriber();
      for (let i = 0; i < 2; ++i) assert.deepStrictEqual(await carol.acked("admin_unsubscribe"), { status: "unsubscribed" });
      const bob = await all.join();
      await bob.acked("join_room", "unseen");
      await bob.next();
      await carol.acked("ping");
      assert.deepEqual(carol.inbox, []);
      assert.equal((await carol.acked("admin_subscribe")).total, 2);
      await bob.acked("leave_room", "unseen");
      await roomUpdate(carol, "leave", bob, "unseen", []);
      assert.deepStrictEqual(await bob.acked("admin_unsubscribe"), { status: "unsubscribed" }); // who never subscribed
      leave(bob);
      shown(bob, await connectionUpdate(carol, "disconnect", 1));
      await settled(carol, carol);
    }));

    it("end with the connection", crowd(noisy, how, async (all) => {
      const carol = await all.subscriber();
      leave(carol);
      const again = await all.admin();
      const dave = await all.subscriber();
      const bob = await all.join();
      await connectionUpdate(dave, "connect", 3);
      await settled(bob, dave);
      await quiet(bob, again);
    }));

    it("cannot be had by the name of a room", crowd(noisy, how, async (all) => {
      const mallory = await all.join();
      for (const room of ["watchers", "admin", "admin:watchers", "/#watchers"]) await mallory.acked("join_room", room);
      const carol = await all.subscriber();
      const bob = await all.join();
      await connectionUpdate(carol, "connect", 3);
      await mallory.acked("room_message", { room: "watchers", message: "psst" });
      mallory.inbox.length = 0;
      await quiet(bob, mallory, carol);
    }));
  });

  describe(`secrets over ${how}`, () => {
    it("of connections are masked in lists and updates, and are not in the log", crowd(noisy, how, async (all) => {
      const secret = (what) => `geheim-${how}-${what}`;
      const table = {
        token: secret(1),
        password: secret(2),
        user: { accessToken: secret(3), name: "bob", list: [{ API_KEY: secret(4), id: 7 }, "token"] },
        pin: 1234,
        jwt: { raw: secret(5) },
        cookies: [secret(6)],
        shipping: "kept",
        "\u0053ECRET": true,
        credentials: null,
        huge: 1e21,
      };
      const masked = {
        token: "***",
        password: "***",
        user: { accessToken: "***", name: "bob", list: [{ API_KEY: "***", id: 7 }, "token"] },
        pin: "***",
        jwt: "***",
        cookies: "***",
        shipping: "kept",
        SECRET: "***",
        credentials: "***",
        huge: 1e21,
      };
      const carol = await all.subscriber();
      const alice = await all.join({ auth: table });
      shown(alice, await connectionUpdate(carol, "connect", 2), { auth: masked });
      shown(alice, of((await carol.acked("admin_get_connections")).connections, alice), { auth: masked });
      leave(alice);
      shown(alice, await connectionUpdate(carol, "disconnect", 1), { auth: masked });
      assert.ok(!noisy.log.includes("geheim") && !noisy.log.includes(TOKEN), "a secret is in the log");
    }));
  });
}

describe("what clients connect with", () => {
  it("cannot spoil a list", crowd(noisy, "websocket", async (all) => {
    const auths = [
      { _placeholder: true, num: 0 },
      { a: [{ _placeholder: true, num: 5 }] },
      { __proto__: null, ["__proto__"]: 1, constructor: { prototype: 2 } },
      { text: "\u0000\ud800\u2028\"\\" },
      { a: "x".repeat(20_000) },
    ];
    const clients = [];
    for (const auth of auths) clients.push(await all.join({ auth }));
    const long = await all.join({ extraHeaders: { "User-Agent": "é".repeat(2000) } });
    const carol = await all.admin();
    const { connections, total } = await carol.acked("admin_subscribe");
    assert.equal(total, auths.length + 2);
    const auth = (client) => of(connections, client).client_info.auth;
    assert.deepStrictEqual(auth(clients[0]), { _placeholder: "***", num: 0 });
    assert.deepStrictEqual(auth(clients[1]), { a: [{ _placeholder: "***", num: 5 }] });
    assert.deepStrictEqual(Object.keys(auth(clients[2])), ["__proto__", "constructor"]);
    assert.deepStrictEqual(auth(clients[3]), auths[3]);
    assert.deepStrictEqual(auth(clients[4]), { truncated: true });
    assert.ok(of(connections, long).client_info.user_agent.length <= 512);
  }));

  it("may be nothing: both are null", crowd(noisy, "websocket", async (all) => {
    const raw = await RawClient.connect(noisy);
    const carol = await all.admin();
    const { connections } = await carol.acked("admin_subscribe");
    const { client_info: info } = connections.find(({ sid }) => sid === raw.id);
    assert.deepStrictEqual(info, { user_agent: null, remote_addr: "127.0.0.1", auth: null });
    await raw.close();
    await connectionUpdate(carol, "disconnect", 1);
  }));
});

describe("a list that is too large", () => {
  it("is refused, and the subscription with it", async () => {
    const hub = await hubWith({ "plugin.admin.max_list_bytes": 700, "plugin.admin.access": "open" });
    await crowd(hub, "websocket", async (all) => {
      const alice = await all.join();
      const bob = await all.join();
      await bob.acked("admin_subscribe");
      for (let i = 0; i < 4; ++i) await all.join();
      await bob.holds(4);
      bob.inbox.length = 0;
      await refused(alice, "PAYLOAD_TOO_LARGE", "admin_subscribe");
      await refused(alice, "PAYLOAD_TOO_LARGE", "admin_get_connections");
      await refused(bob, "PAYLOAD_TOO_LARGE", "admin_subscribe");
      const carol = await all.join();
      await connectionUpdate(bob, "connect", 7); // is in as before
      await quiet(carol, alice, bob);
    })();
  });
});

describe("admin in namespaces", () => {
  it("shows each by itself", async () => {
    const names = "/, /chat";
    const hub = await hubWith({
      "server.namespaces": `${names}, /other`,
      "plugin.admin.namespaces": names,
      "plugin.rooms.namespaces": names,
      "plugin.messaging.namespaces": names,
      "plugin.admin.stats_interval": "200ms",
    });
    const main = await Client.connect(hub);
    const second = await Client.connect(hub); // of /, where there are more than in /chat
    try {
      const chat = await Client.beside(main, "/chat", { auth: { token: TOKEN } });
      const other = await Client.beside(main, "/other");
      const { connections, total } = await chat.acked("admin_subscribe");
      assert.deepStrictEqual([connections.map(({ sid }) => sid), total], [[chat.id], 1]);
      await refused(other, "UNKNOWN_EVENT", "admin_subscribe");
      await main.acked("join_room", "r");
      await chat.acked("join_room", "s");
      assert.equal((await main.acked("admin_subscribe")).code, "FORBIDDEN"); // the role is the socket's
      const seen = [];
      while (seen.length < 4) {
        const [event, argument] = await chat.next();
        if (event === "system:stats") assert.equal(argument.activeConnections, 1);
        seen.push(event === "admin:room_update" ? argument.room : event);
      }
      assert.deepStrictEqual(seen.filter((what) => what !== "system:stats"), ["room_joined", "s"]);
      assert.deepStrictEqual(other.inbox, []);
    } finally {
      main.close();
      second.close();
    }
  });
});

describe("the admin token", () => {
  const places = [];
  const place = () => {
    places.push(mkdtempSync(path.join(tmpdir(), "wshub-admin-")));
    return places.at(-1);
  };
  after(() => places.forEach((each) => rmSync(each, { recursive: true, force: true })));
  const mode = (file) => (statSync(file).mode & 0o7777).toString(8);
  const isAdmin = async (hub, token) => {
    const client = await Client.connect(hub, "websocket", { auth: { token } });
    const ack = await client.acked("admin_get_connections");
    client.close();
    return ack.total === 1;
  };

  it("is made at the first start, shown once, kept for this user alone, and read at the second", async () => {
    const state = path.join(place(), "var/lib/wshub");
    const set = { ...QUIET, "server.state_directory": state, "log.level": "trace" };
    const first = await startHub({ set });
    const file = path.join(state, "admin_token");
    let token;
    try {
      const said = first.printed.match(/^.*admin token.*$/gm);
      assert.equal(said?.length, 1, first.printed);
      const line = /^wshub admin token: ([0-9a-f]{64}) dashboard: (\S+)$/.exec(said[0]);
      assert.ok(line, said[0]);
      token = line[1];
      assert.equal(line[2], `${first.url}/admin/`);
      assert.equal(first.log.split(token).length, 2, "the token was said more than once");
      assert.equal(readFileSync(file, "utf8"), `${token}\n`);
      const kept = readdirSync(state).filter((name) => !name.startsWith("control.sock"));
      assert.deepEqual([mode(file), mode(state), kept], ["600", "700", ["admin_token"]]);
      assert.ok(await isAdmin(first, token));
      assert.ok(!(await isAdmin(first, token.slice(1))));
      assert.ok(!(await isAdmin(first, "")));
    } finally {
      await first.stop();
    }
    const second = await startHub({ set });
    try {
      assert.ok(!second.log.includes(token) && !/admin token: /.test(second.printed), second.log);
      assert.equal(readFileSync(file, "utf8"), `${token}\n`);
      assert.ok(await isAdmin(second, token));
    } finally {
      await second.stop();
    }
  });

  it("is not told to the journal, but where it is kept", async () => {
    const folder = place();
    const state = path.join(folder, "state");
    // Standard output as systemd gives it: a stream whose device and inode are in the environment.
    const program = path.join(folder, "wshub");
    writeFileSync(program, `#!/bin/sh\nJOURNAL_STREAM=$(stat -L -c %d:%i /proc/$$/fd/1) exec ${PROGRAM} "$@"\n`, { mode: 0o755 });
    const hub = await startHub({ program, set: { ...QUIET, "server.state_directory": state, "log.level": "trace" } });
    try {
      const file = path.join(state, "admin_token");
      const token = readFileSync(file, "utf8").trim();
      const said = hub.printed.match(/^.*admin token.*$/gm);
      assert.deepEqual(said, [`wshub admin token: read it with sudo cat ${file} dashboard: ${hub.url}/admin/`]);
      assert.ok(!hub.log.includes(token), "the journal has the token");
      assert.ok(await isAdmin(hub, token));
    } finally {
      await hub.stop();
    }
  });

  it("is not made where it is not needed", async () => {
    for (const set of [{ "plugin.admin.token": TOKEN }, { "plugin.admin.access": "open" }, { "plugin.admin.access": "loopback" }]) {
      const state = path.join(place(), "state");
      const hub = await startHub({ set: { ...QUIET, "server.state_directory": state, ...set } });
      assert.ok(!existsSync(path.join(state, "admin_token")));
      assert.ok(!/admin token/.test(hub.printed));
      await hub.stop();
    }
    const state = path.join(place(), "state");
    for (const args of [["--check"], ["--print-config"]]) {
      assert.equal((await runHub({ set: { ...QUIET, "server.state_directory": state }, args })).code, 0);
      assert.ok(!existsSync(state), args[0]);
    }
  });

  const refusedStart = async (set, ...expected) => {
    const { code, all } = await runHub({ set: { ...QUIET, "server.port": 0, ...set } });
    assert.equal(code, 1, all);
    for (const each of expected) assert.ok(all.includes(each), `${each} is not in: ${all}`);
    return all;
  };
  it("is refused from a file that others can read, or that is empty", async () => {
    for (const [text, rights, what] of [["geheim\n", 0o640, "chmod 600"], ["geheim\n", 0o604, "chmod 600"], ["\n", 0o600, "empty"], ["", 0o600, "empty"]]) {
      const state = place();
      const file = path.join(state, "admin_token");
      writeFileSync(file, text);
      chmodSync(file, rights);
      const all = await refusedStart({ "server.state_directory": state }, file, what);
      assert.ok(!all.includes("geheim"));
      assert.equal(readFileSync(file, "utf8"), text);
    }
  });

  it("needs a place, and a start without one says what to set", async () => {
    const file = path.join(place(), "file");
    writeFileSync(file, "");
    await refusedStart({ "server.state_directory": path.join(file, "state") }, "state", "[plugin.admin] token");
  });

  it("is not in what --print-config shows", async () => {
    const { stdout } = await runHub({ set: { ...QUIET, "plugin.admin.token": "geheim" }, args: ["--print-config"] });
    assert.ok(!stdout.includes("geheim"));
  });

  it("access of another kind is refused", async () => {
    const { code, all } = await runHub({ set: { ...QUIET, "plugin.admin.access": "anybody" }, args: ["--check"] });
    assert.equal(code, 1);
    for (const word of ["access", "anybody", "token, loopback or open"]) assert.ok(all.includes(word), all);
  });
});
