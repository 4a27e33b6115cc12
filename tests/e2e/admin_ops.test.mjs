// Operations on the running hub by the events of the plugin admin, with the official client over every transport: what each
// answers and does, who may ask, what is pushed.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { copyFileSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe, it } from "node:test";
import { BUILD, PLUGINS, startHub } from "./support/hub.mjs";
import { Client, HOW, refused } from "./support/clients.mjs";
import { startReloadable } from "./support/reloads.mjs";

const TOKEN = "sesame";
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const SETTINGS = {
  "plugins.enabled": "messaging, rooms, users, admin",
  "plugin.admin.stats_interval": 0,
  "plugin.admin.token": TOKEN,
  "limits.events_per_second": 0,
};
const OPERATIONS = [
  "stats", "sessions", "session", "rooms", "room", "plugins", "closes", "kick", "broadcast", "leave", "reload", "log-level", "drain",
  "subscribe",
];

const hubs = [];
async function hubWith(set = {}) {
  const hub = await startHub({ set: { ...SETTINGS, ...set } });
  hubs.push(hub);
  return hub;
}
const hub = await hubWith();
after(async () => {
  for (const each of hubs) await each.stop();
});

const admins = (options = {}) => ({ auth: { token: TOKEN }, ...options });
async function connect(how, options = {}) {
  const client = await Client.connect(options.hub ?? hub, how, options);
  client.inbox.length = 0; // system:stats
  return client;
}
// An admin who does this over that transport, and is gone afterwards; so are the clients it makes.
async function asAdmin(how, act, { on = hub } = {}) {
  const made = [];
  const make = async (options = {}) => {
    const client = await connect(how, { hub: on, ...options });
    made.push(client);
    return client;
  };
  try {
    const admin = await make(admins());
    const ask = async (operation, ...args) => {
      const { success, ...rest } = await admin.acked(`admin:${operation}`, ...args);
      assert.equal(success, true, JSON.stringify(rest));
      return rest;
    };
    const fails = async (code, operation, ...args) => {
      const ack = await admin.acked(`admin:${operation}`, ...args);
      assert.deepStrictEqual(ack, { success: false, error: { code, message: ack.error?.message } });
      assert.deepStrictEqual(await nextOf(admin, "system:error"), ack.error);
      return ack.error.message;
    };
    return await act({ admin, ask, fails, make });
  } finally {
    for (const client of made) client.close();
  }
}
// The first argument of the next event of that name; others that come meanwhile are dropped.
async function nextOf(client, name) {
  for (;;) {
    const [event, first] = await client.next(name);
    if (event === name) return first;
  }
}
async function until(condition, what) {
  const end = Date.now() + 20_000;
  for (;;) {
    const value = await condition();
    if (value) return value;
    assert.ok(Date.now() < end, what);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

for (const how of HOW) {
  describe(`admin operations over ${how}`, () => {
    it("stats counts what is there and what happened", () =>
      asAdmin(how, async ({ ask, make }) => {
        // Clients of the test before may still be going.
        const before = await until(async () => {
          const now = await ask("stats", {});
          return now.sessions === 1 && now.rooms === 0 && now;
        }, "nobody else is there");
        const client = await make();
        await client.ask("join_room", "stats room");
        await client.ask("message", "hello");
        const stats = await ask("stats");
        assert.equal(stats.sessions, before.sessions + 1);
        assert.equal(stats.sockets, before.sockets + 1);
        assert.equal(stats.rooms, before.rooms + 1);
        assert.deepEqual(stats.namespaces, [{ name: "/", sockets: stats.sockets }]);
        assert.equal(stats.sessions, stats.sessions_by_transport.websocket + stats.sessions_by_transport.polling);
        assert.ok(stats.events_in >= before.events_in + 2 && stats.events_out > before.events_out);
        assert.ok(stats.bytes_in > before.bytes_in && stats.bytes_out > before.bytes_out);
        assert.ok(stats.rss_bytes > 1e6 && stats.cpu_seconds > 0 && stats.uptime_s > 0 && stats.loop_lag_ms >= 0);
        assert.match(stats.started, TIME);
        assert.match(stats.version, /^\d+\.\d+\.\d+$/);
        assert.equal(stats.draining, false);
        assert.ok(stats.handlers.count > before.handlers.count);
        assert.equal(stats.handlers.buckets.at(-1).count, stats.handlers.count);
      }));

    it("sessions and session show one client as it is", () =>
      asAdmin(how, async ({ ask, make }) => {
        const client = await make({ extraHeaders: { "User-Agent": "seen/1" } });
        await client.ask("system:setData", { username: `seen over ${how}` });
        await client.ask("join_room", "seen");
        await client.ask("message", "hello");
        const found = await ask("sessions", { search: client.id.toLowerCase() });
        assert.equal(found.matched, 1);
        const row = found.items[0];
        assert.equal(row.sid, client.id);
        assert.equal(row.namespace, "/");
        assert.equal(row.username, `seen over ${how}`);
        assert.equal(row.address, "127.0.0.1");
        assert.equal(row.transport, how === "polling" ? "polling" : "websocket");
        assert.match(row.connected, TIME);
        assert.equal(row.rooms, 1);
        assert.ok(row.events_in >= 3 && row.queued_bytes >= 0);
        const whole = await ask("session", { sid: client.id });
        for (const key of Object.keys(row)) if (key !== "queued_bytes") assert.deepEqual(whole[key], row[key], key);
        assert.equal(whole.user_agent, "seen/1");
        assert.deepEqual(whole.room_names, ["seen"]);
        assert.deepEqual(whole.roles, []);
        assert.equal(whole.engine_sid.length, 8);
        assert.match(whole.last_event_in, TIME);
        if (how === "upgraded") assert.match(whole.upgraded, TIME);
        else assert.equal(whole.upgraded, null);
        const story = whole.story.map(({ what, detail }) => (detail === null ? what : `${what} ${detail}`));
        assert.equal(story[0], `connected ${how === "websocket" ? "websocket" : "polling"}`);
        assert.ok(story.includes("event join_room") && story.includes("joined seen") && story.includes("event message"), story);
        assert.ok(!JSON.stringify(whole).includes("hello"), "no payloads");
        client.tell("no such event");
        await nextOf(client, "system:error");
        const later = await ask("session", { sid: client.id });
        assert.equal(later.refusals.errors, whole.refusals.errors + 1);
        assert.equal(later.story.at(-1).detail, "UNKNOWN_EVENT");
      }));

    it("rooms and room show who is where", () =>
      asAdmin(how, async ({ ask, fails, make }) => {
        const [a, b] = [await make(), await make()];
        for (const client of [a, b]) await client.ask("join_room", "big");
        await a.ask("join_room", "small");
        const rooms = await ask("rooms", { sort: "members", order: "desc" });
        assert.deepEqual(rooms.items.map(({ name, members }) => [name, members]), [["big", 2], ["small", 1]]);
        assert.deepEqual((await ask("rooms", { search: "SMA" })).items, [{ namespace: "/", name: "small", members: 1 }]);
        const room = await ask("room", { namespace: "/", name: "big", limit: 1 });
        assert.equal(room.members, 2);
        assert.deepEqual(room.items.map(({ sid }) => sid), [a.id]);
        assert.equal((await ask("sessions", { room: "small" })).items[0].sid, a.id);
        assert.equal((await ask("sessions", { room: "small", named: true })).matched, 0);
        await a.ask("system:setData", { username: `one of the small over ${how}` });
        assert.equal((await ask("sessions", { room: "small", named: true })).items[0].sid, a.id);
        assert.equal((await ask("sessions", { room: "big", named: false })).matched, 2);
        await fails("INVALID_FORMAT", "sessions", { named: "yes" });
        await fails("NOT_FOUND", "room", { name: "nobody there" });
        await fails("NOT_FOUND", "rooms", { namespace: "/none" });
      }));

    it("kick disconnects one, and closes tells why", () =>
      asAdmin(how, async ({ ask, fails, make }) => {
        const client = await make();
        const { id } = client;
        assert.deepEqual(await ask("kick", { sid: id, reason: "too loud" }), {});
        assert.equal(await client.disconnected(), "io server disconnect");
        const { items, total } = await ask("closes", { limit: 200 });
        assert.ok(total >= 1);
        const close = items.find(({ sid }) => sid === id);
        assert.equal(close.reason, "kicked: too loud");
        assert.equal(close.address, "127.0.0.1");
        assert.match(close.time, TIME);
        assert.ok(close.duration_s >= 0);
        await fails("NOT_FOUND", "kick", { sid: id });
        await hub.logged(new RegExp(`admin action operation=kick sid="${id}" reason="too loud" outcome=done by=`));
        await hub.logged(new RegExp(`admin action operation=kick sid="${id}" outcome=NOT_FOUND by=`));
      }));

    it("broadcast reaches a namespace or a room", () =>
      asAdmin(how, async ({ ask, fails, make }) => {
        const [inside, outside] = [await make(), await make()];
        await inside.ask("join_room", "hall");
        inside.inbox.length = 0;
        outside.inbox.length = 0;
        assert.equal((await ask("broadcast", { event: "news", args: [1, { a: "b" }], room: "hall" })).receivers, 1);
        await ask("broadcast", { event: "all", args: ["x"] });
        await hub.logged(/admin action operation=broadcast room="hall" event="news" outcome=done by=/);
        await inside.gets(["news", 1, { a: "b" }], ["all", "x"]);
        await outside.gets(["all", "x"]);
        await fails("INVALID_FORMAT", "broadcast", { event: "connect" });
        await fails("INVALID_FORMAT", "broadcast", { event: "x", args: "no array" });
        await fails("NOT_FOUND", "broadcast", { event: "x", namespace: "/none" });
        await fails("NOT_FOUND", "broadcast", { event: "x", room: "nobody" });
      }));

    it("leave takes one out of a room", () =>
      asAdmin(how, async ({ ask, fails, make }) => {
        const [client, other] = [await make(), await make()];
        for (const each of [client, other]) await each.ask("join_room", "left");
        const toldOf = ([event, { sid }]) => event === "room_joined" && sid === other.id;
        await until(() => client.inbox.some(toldOf), "the other one has come");
        client.inbox.length = other.inbox.length = 0;
        await ask("leave", { sid: client.id, room: "left" });
        for (const each of [client, other]) await each.gets(["room_left", { room: "left", sid: client.id }]);
        assert.equal((await ask("room", { name: "left" })).members, 1);
        await hub.logged(new RegExp(`admin action operation=leave sid="${client.id}" room="left" outcome=done by=`));
        await fails("NOT_FOUND", "leave", { sid: client.id, room: "left" });
      }));

    it("plugins shows state and settings, secrets masked", () =>
      asAdmin(how, async ({ ask }) => {
        const { items } = await ask("plugins");
        const admin = items.find(({ name }) => name === "admin");
        assert.equal(admin.state, "running");
        assert.ok(admin.events.includes("admin:stats"));
        assert.match(admin.loaded, TIME);
        assert.equal(admin.settings.find(({ key }) => key === "token").value, "***");
        assert.ok(!JSON.stringify(items).includes(TOKEN));
        assert.equal(items.find(({ name }) => name === "auth").state, "disabled");
      }));

    it("reload loads a plugin anew, admin itself too, and tells what came of it", () =>
      asAdmin(how, async ({ ask, fails }) => {
        const { changes } = await ask("reload", { plugin: "rooms" });
        assert.deepEqual(changes.map(({ plugin, what }) => [plugin, what]), [["rooms", "reloaded"]]);
        const rooms = (await ask("plugins")).items.find(({ name }) => name === "rooms");
        assert.equal(rooms.last_reload.outcome, "done");
        assert.ok(rooms.reloads >= 1);
        await hub.logged(/admin action operation=reload plugin="rooms" outcome=done by=/);
        await ask("reload", { plugin: "admin" });
        await ask("stats");
        await fails("NOT_FOUND", "reload", { plugin: "nobody" });
      }));

    it("what is wrong with a request is told", () =>
      asAdmin(how, async ({ fails }) => {
        assert.match(await fails("INVALID_FORMAT", "sessions", { limt: 3 }), /limt/);
        await fails("INVALID_FORMAT", "sessions", { limit: 201 });
        await fails("INVALID_FORMAT", "sessions", { sort: "shoe size" });
        await fails("INVALID_FORMAT", "sessions", "a text");
        await fails("INVALID_FORMAT", "session");
        await fails("NOT_FOUND", "session", { sid: "AAAAAAAAAAAAAAAAAAAA" });
        await fails("INVALID_FORMAT", "log-level", { level: "loud" });
        await fails("INVALID_FORMAT", "subscribe", { topics: ["gossip"] });
        await fails("INVALID_FORMAT", "subscribe", { topics: ["stats"], interval: 10 });
      }));

    it("subscribers get what they asked for, once a second, until they want no more", () =>
      asAdmin(how, async ({ admin, ask }) => {
        assert.deepEqual(await ask("subscribe", { topics: ["stats", "closes"] }), { topics: ["stats", "closes"], interval: 1000 });
        const first = await nextOf(admin, "admin:stats");
        const second = await nextOf(admin, "admin:stats");
        assert.ok(second.uptime_s - first.uptime_s > 0.5, `${first.uptime_s} ${second.uptime_s}`);
        assert.ok(Array.isArray((await nextOf(admin, "admin:closes")).items));
        await ask("reload", { plugin: "admin" });
        const { time } = await ask("stats");
        for (let pushed = ""; pushed <= time; ) pushed = (await nextOf(admin, "admin:stats")).time; // those before had come
        await ask("subscribe", { topics: [] });
      }));

    it("lists come with the newest and the largest first", () =>
      asAdmin(how, async ({ admin, ask, make }) => {
        const [a, b] = [await make(), await make()];
        for (const client of [a, b]) await client.ask("join_room", "z: two");
        await b.ask("join_room", "a: one");
        await ask("subscribe", { topics: ["sessions", "rooms"] });
        const rooms = await nextOf(admin, "admin:rooms");
        assert.deepEqual(rooms.items.map(({ name, members }) => [name, members]), [["z: two", 2], ["a: one", 1]]);
        const sessions = await nextOf(admin, "admin:sessions");
        const connected = sessions.items.map((item) => item.connected);
        assert.deepEqual(connected, [...connected].sort().reverse());
        assert.deepEqual(new Set(sessions.items.map(({ sid }) => sid)), new Set([admin.id, a.id, b.id]));
        await ask("subscribe", { topics: [] });
      }));

    it("nobody else may do any of it, or learns that there is such a thing", async () => {
      const client = await connect(how);
      try {
        for (const operation of OPERATIONS) await refused(client, "FORBIDDEN", `admin:${operation}`, {});
        await refused(client, "FORBIDDEN", "admin:kick", "not even an object");
      } finally {
        client.close();
      }
    });
  });
}

describe("admin operations that change the hub", () => {
  it("log-level is in force at once", () =>
    asAdmin("websocket", async ({ ask, make }) => {
      assert.deepEqual(await ask("log-level", { level: "debug" }), { level: "debug", before: "info" });
      await make();
      await hub.logged(/debug +session opened/);
      await hub.logged(/admin action operation=log-level level="debug" outcome=done by=/);
      assert.deepEqual(await ask("log-level", { level: "info" }), { level: "info", before: "debug" });
    }));

  it("drain turns new clients away, closes those that are there, and can be taken back", async () => {
    const own = await hubWith({ "log.level": "debug" });
    const clients = [];
    for (let i = 0; i < 20; ++i) clients.push(await connect(HOW[i % HOW.length], { hub: own }));
    const admin = await connect("websocket", admins({ hub: own }));
    const answer = await admin.acked("admin:drain", { after: "1s" });
    assert.deepEqual(answer, { success: true, draining: true, sessions: 21 });
    await own.logged(/admin action operation=drain after="1s" outcome=done by=/);
    const handshake = await fetch(`${own.url}/socket.io/?EIO=4&transport=polling`);
    assert.equal(handshake.status, 503);
    const reasons = await Promise.all(clients.map((client) => client.disconnected()));
    const closed = [...own.log.matchAll(/^(\S+) debug +session closed .*reason=server_shutting_down/gm)].map(([, time]) => Date.parse(time));
    assert.ok(Math.max(...closed) - Math.min(...closed) > 300, `spread over the time: ${closed}`);
    assert.ok(reasons.every((reason) => reason === "transport close" || reason === "transport error"), reasons);
    assert.equal((await fetch(`${own.url}/socket.io/?EIO=4&transport=polling`)).status, 503);
    for (const client of [...clients, admin]) client.close();
  });
});

describe("a version of admin that cannot take over", () => {
  it("is told as that to who asked for it, by the one that goes on", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "wshub-ops-"));
    const install = (file) => {
      copyFileSync(file, path.join(folder, ".passing"));
      renameSync(path.join(folder, ".passing"), path.join(folder, "admin.so"));
    };
    try {
      install(path.join(PLUGINS, "admin.so"));
      const set = { "plugin.admin.access": "open", "plugin.admin.stats_interval": 0 };
      const own = await startHub({ set: { ...set, "plugins.directory": folder, "plugins.enabled": "admin", "plugins.hot_reload": false } });
      hubs.push(own);
      await asAdmin("websocket", async ({ admin, ask }) => {
        assert.deepEqual(await ask("subscribe", { topics: ["stats"] }), { topics: ["stats"], interval: 1000 });
        install(path.join(BUILD, "tests/bad_plugins/built/admin_heir.so"));
        const answer = await admin.acked("admin:reload", { plugin: "admin" });
        assert.equal(answer.success, false, JSON.stringify(answer));
        assert.deepEqual([answer.error.code, answer.error.message], ["INTERNAL", "the new version could not take over, see the log; this one serves on"]);
        admin.inbox.length = 0;
        await nextOf(admin, "admin:stats");
        assert.match((await ask("plugins")).items[0].last_reload.outcome, /^failed$/);
      }, { on: own });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe("who is no admin any more", () => {
  const SECRET = "a secret of admins, of more than thirty-two bytes";
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const jwt = (roles) => {
    const text = `${part({ alg: "HS256" })}.${part({ sub: "ann", exp: Math.floor(Date.now() / 1000) + 600, roles })}`;
    return `${text}.${createHmac("sha256", SECRET).update(text).digest("base64url")}`;
  };

  it("gets no more of what was subscribed to", async () => {
    const own = await hubWith({ "plugins.enabled": "auth, users, admin", "plugin.auth.mode": "jwt", "plugin.auth.secret": SECRET });
    const clients = [];
    try {
      for (let i = 0; i < 2; ++i) clients.push(await Client.connect(own, "websocket", { auth: { token: jwt(["admin"]) } }));
      const [stays, goes] = clients;
      for (const client of clients) {
        assert.equal((await client.acked("admin:subscribe", { topics: ["stats"] })).success, true);
        await nextOf(client, "admin:stats");
      }
      assert.equal((await goes.acked("auth:refresh", { token: jwt([]) })).status, "ok");
      await refused(goes, "FORBIDDEN", "admin:stats", {});
      goes.inbox.length = 0;
      stays.inbox.length = 0;
      for (let i = 0; i < 2; ++i) await nextOf(stays, "admin:stats");
      await goes.ask("system:getData");
      assert.deepEqual(goes.inbox.filter(([event]) => event === "admin:stats"), []);
    } finally {
      for (const client of clients) client.close();
    }
  });
});

describe("over reloads of admin itself", () => {
  const site = async (settings, use) => {
    const site = await startReloadable(["messaging", "admin"], { "plugin.admin": { token: TOKEN, stats_interval: 0, ...settings } });
    try {
      await use(site, await Client.connect(site.hub, "websocket", admins()));
    } finally {
      await site.stop();
    }
  };
  let sizes = 1_000_000;
  const reload = (site) => site.changed("admin", { max_list_bytes: ++sizes });

  it("whatever is asked is answered", () =>
    site({}, async (site, admin) => {
      const answers = [];
      let done = false;
      const asking = Array.from({ length: 20 }, async () => {
        while (!done) answers.push(await admin.acked("admin:sessions"));
      });
      for (let i = 0; i < 5; ++i) await reload(site);
      await site.failed("admin");
      done = true;
      await Promise.all(asking);
      const failed = answers.filter(({ success }) => !success);
      assert.ok(failed.length < answers.length);
      for (const { error } of failed) assert.deepStrictEqual(error, { code: "INTERNAL", message: error.message });
      const told = admin.inbox.filter(([event]) => event === "system:error").map(([, error]) => error);
      assert.deepStrictEqual(told, failed.map(({ error }) => error));
    }));

  it("who watches is told of everybody who comes", () =>
    site({}, async (site, admin) => {
      await admin.acked("admin_subscribe");
      const came = [];
      for (let i = 0; i < 4; ++i) {
        const reloaded = reload(site);
        for (let n = 0; n < 15; ++n) came.push((await Client.connect(site.hub)).id);
        await reloaded;
      }
      const told = new Set();
      while (!came.every((id) => told.has(id))) {
        const { type, connection } = await nextOf(admin, "admin:connection_update");
        assert.equal(type, "connect");
        assert.ok(!told.has(connection.sid), "once");
        told.add(connection.sid);
      }
    }));

  it("system:stats keeps its rhythm, however often that is", () =>
    site({ stats_interval: "2s" }, async (site, admin) => {
      await nextOf(admin, "system:stats");
      const came = () => admin.inbox.some(([event]) => event === "system:stats");
      for (let i = 0; i < 2_000 && !came(); ++i) await reload(site);
      assert.ok(came());
    }));
});
