// Who is let in: tokens, JWTs and a backend that is asked, over every transport, with the official client and a real backend.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash, createHmac, generateKeyPairSync, sign } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { runHub, soon, startHub } from "./support/hub.mjs";
import { Client, HOW, refused } from "./support/clients.mjs";
import { startReloadable } from "./support/reloads.mjs";

const UNAUTHORIZED = { code: "FORBIDDEN", message: "Unauthorized" };
const PONG = (client) => ({ status: "pong", sid: client.id });
const folder = mkdtempSync(path.join(tmpdir(), "wshub-auth-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const hubs = new Set();
after(() => Promise.all([...hubs].map((hub) => hub.stop())));

// A hub whose door is kept; `set` has the keys of [plugin.auth]. `ping` is for members only, so that roles can be seen.
async function guarded(set, more = {}) {
  const settings = Object.fromEntries(Object.entries(set).map(([key, value]) => [`plugin.auth.${key}`, value]));
  const hub = await startHub({
    set: {
      "plugins.enabled": "auth, messaging, heartbeat",
      "plugin.heartbeat.roles": "member",
      "log.level": "debug",
      "limits.events_per_second": 0,
      ...settings,
      ...more,
    },
  });
  hubs.add(hub);
  return hub;
}
async function stop(hub) {
  hubs.delete(hub);
  await hub.stop();
  // The plugin's library was unloaded.
  assert.doesNotMatch(hub.log, /stays mapped/);
}
const enter = (hub, how, auth, options = {}) => Client.connect(hub, how, { auth, ...options });

// Nobody learns more than that.
async function turnedAway(hub, how, auth, options = {}) {
  const client = new Client(hub, how, { auth, ...options });
  try {
    const error = await client.refused();
    assert.equal(error.message, "Unauthorized");
    assert.deepStrictEqual(error.data, UNAUTHORIZED);
    assert.deepStrictEqual(client.inbox, []);
  } finally {
    client.close();
  }
}
const isMember = async (client) => assert.deepStrictEqual(await client.acked("ping"), PONG(client));
const isNoMember = (client) => refused(client, "FORBIDDEN", "ping");

// What the others see of a client that speaks.
async function usernameOf(client, listener) {
  client.tell("system:general", { type: "hello" });
  for (;;) {
    const [event, data] = await listener.next("system:general");
    if (event === "system:general" && data.sender.id === client.id) return data.sender.username;
  }
}
// Until the door opens: the one before may be on its way out still.
async function enterAtLast(hub, how, auth) {
  for (;;) {
    const client = new Client(hub, how, { auth });
    const error = await client.connected().then(() => null, (reason) => reason);
    if (!error) return client;
    client.close();
    if (error.message !== "Unauthorized") throw error;
  }
}
function replace(file, text) {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

// ---- none, token

describe("without a mode", () => {
  it("everybody is let in", async () => {
    const hub = await guarded({});
    for (const how of HOW) {
      const client = await enter(hub, how, { token: "whatever" });
      await isNoMember(client);
      await refused(client, "UNKNOWN_EVENT", "auth:refresh", { token: "x" });
      client.close();
    }
    await stop(hub);
  });
});

describe("tokens", () => {
  const line = (name, token, rest = "") => `${name} ${createHash("sha256").update(token).digest("hex")} ${rest}\n`;
  const file = path.join(folder, "tokens");
  let hub;
  before(async () => {
    writeFileSync(file, "# tokens\n" + line("service", "service-token") + line("ann", "token-of-ann", "member,friend Ann A."));
    hub = await guarded({ mode: "token", tokens: "ini-token, other ini token", tokens_file: file, header: "Authorization" });
  });
  after(() => stop(hub));

  for (const how of HOW) {
    it(`those of the INI and of the file let in over ${how}`, async () => {
      for (const token of ["ini-token", "other ini token", "service-token"]) {
        const client = await enter(hub, how, { token });
        await isNoMember(client);
        await refused(client, "NO_USERNAME", "system:general", { type: "hello" });
        client.close();
      }
    });

    it(`any other is refused over ${how}, and so is none`, async () => {
      for (const auth of [undefined, {}, { token: "" }, { token: "ini-token " }, { token: "ini-token, other ini token" },
        { token: null }, { token: 7 }, { token: ["ini-token"] }, { token: { a: "ini-token" } }, { Token: "ini-token" },
        { token: "x".repeat(60_000) }, { token: createHash("sha256").update("ini-token").digest("hex") }]) {
        await turnedAway(hub, how, auth);
      }
    });

    it(`a token brings its username and roles over ${how}, one session at a time`, async () => {
      const listener = await enter(hub, how, { token: "ini-token" });
      const ann = await enterAtLast(hub, how, { token: "token-of-ann" });
      await isMember(ann);
      assert.equal(await usernameOf(ann, listener), "Ann A.");
      await turnedAway(hub, how, { token: "token-of-ann" });
      assert.equal(await usernameOf(ann, listener), "Ann A.");
      ann.close();
      const again = await enterAtLast(hub, how, { token: "token-of-ann" });
      assert.equal(await usernameOf(again, listener), "Ann A.");
      again.close();
      listener.close();
    });

    it(`a header may hold the token over ${how}`, async () => {
      for (const Authorization of ["Bearer service-token", "bearer service-token", "service-token"]) {
        (await enter(hub, how, undefined, { extraHeaders: { Authorization } })).close();
      }
      await turnedAway(hub, how, undefined, { extraHeaders: { Authorization: "Bearer wrong" } });
      await turnedAway(hub, how, undefined, { extraHeaders: { Authorization: "Basic service-token" } });
      // What stands in CONNECT counts.
      await turnedAway(hub, how, { token: "wrong" }, { extraHeaders: { Authorization: "Bearer service-token" } });
    });
  }

  it("the file is read again when it has changed; a broken one changes nothing", async () => {
    const own = path.join(folder, "rotating");
    writeFileSync(own, line("a", "first"));
    const rotating = await guarded({ mode: "token", tokens: "ini-token", tokens_file: own });
    const first = await enter(rotating, "websocket", { token: "first" });
    replace(own, "a broken line\n");
    await rotating.logged(/what was read before stays in use: .*rotating.*line 1: expected/);
    (await enter(rotating, "websocket", { token: "first" })).close();
    replace(own, line("b", "second"));
    await rotating.logged(/read again/);
    (await enter(rotating, "websocket", { token: "second" })).close();
    (await enter(rotating, "websocket", { token: "ini-token" })).close();
    await turnedAway(rotating, "websocket", { token: "first" });
    rmSync(own);
    await rotating.logged(/cannot be read: No such file/);
    (await enter(rotating, "websocket", { token: "second" })).close();
    await refused(first, "NO_USERNAME", "system:general", { type: "still in" });
    first.close();
    await stop(rotating);
    for (const secret of ["first", "second", "ini-token"]) assert.ok(!rotating.log.includes(`"${secret}"`) && !rotating.log.includes(`=${secret}`));
  });

  it("each namespace is a door of its own", async () => {
    const wide = await guarded({ mode: "token", tokens: "ini-token", namespaces: "/, /chat" }, { "plugin.messaging.namespaces": "/, /chat, /open" });
    const main = await enter(wide, "websocket", { token: "ini-token" });
    for (const auth of [undefined, { token: "x" }]) await turnedAway(wide, "websocket", auth, { nsp: "/chat" });
    const chat = await Client.beside(main, "/chat", { auth: { token: "ini-token" } });
    const open = await Client.beside(main, "/open");
    for (const client of [chat, open, main]) client.close();
    await stop(wide);
  });

  it("who is only near the admin, or anybody, must still show a token", async () => {
    for (const access of ["open", "loopback"]) {
      const both = await guarded({ mode: "token", tokens: "ini-token" }, { "plugins.enabled": "auth, admin", "plugin.admin.access": access, "plugin.admin.stats_interval": 0 });
      for (const how of HOW) {
        const client = new Client(both, how, { auth: { token: "wrong" } });
        assert.equal((await client.refused()).message, "Unauthorized");
        client.close();
        const admin = await Client.connect(both, how, { auth: { token: "ini-token" } });
        assert.ok(Array.isArray((await admin.acked("admin_get_connections")).connections));
        admin.close();
      }
      await stop(both);
    }
  });

  it("a username given here is not the client's to change", async () => {
    const both = await guarded({ mode: "token", tokens: "ini-token", tokens_file: file }, { "plugins.enabled": "auth, messaging, users" });
    for (const how of HOW) {
      const ann = await enterAtLast(both, how, { token: "token-of-ann" });
      const set = await ann.acked("system:setData", { username: "Bob", profile: { a: 1 } });
      assert.equal(set.success, false);
      assert.equal(ann.inbox.find(([event]) => event === "system:error")[1].code, "FORBIDDEN");
      assert.equal((await ann.acked("system:setData", { username: "Ann A.", profile: { a: 2 } })).success, true);
      const [entry] = (await ann.acked("system:clients")).clients;
      assert.deepEqual([entry.username, entry.profile], ["Ann A.", { a: 2 }]);
      ann.close();
    }
    await stop(both);
  });

  it("the admin's token is not asked here, and no other opens the admin's events", async () => {
    const both = await guarded({ mode: "token", tokens: "ini-token" }, { "plugins.enabled": "auth, messaging, admin", "plugin.admin.access": "token", "plugin.admin.token": "token-of-the-admin" });
    for (const how of HOW) {
      const admin = await enter(both, how, { token: "token-of-the-admin" });
      assert.ok(Array.isArray((await admin.acked("admin_get_connections")).connections));
      const client = await enter(both, how, { token: "ini-token" });
      assert.equal((await client.acked("admin_get_connections")).code, "FORBIDDEN");
      await turnedAway(both, how, { token: "token-of-the-admi" });
      admin.close();
      client.close();
    }
    assert.ok(!both.log.includes("token-of-the-admin") && !both.log.includes("ini-token"));
    await stop(both);
  });

  it("why somebody was refused stands in the log, and no token does", async () => {
    await turnedAway(hub, "websocket", { token: "wrong-token" });
    await turnedAway(hub, "websocket", undefined);
    await hub.logged(/refused reason=unknown_token sid=/);
    await hub.logged(/refused reason=missing sid=/);
    await hub.logged(/refused reason=malformed sid=/);
    await hub.logged(/refused reason=too_large sid=/);
    await hub.logged(/refused reason=username_taken sid=/);
    for (const secret of ["wrong-token", "ini-token", "service-token", "token-of-ann"]) assert.ok(!hub.log.includes(secret), secret);
  });
});

// ---- JWT

const SECRET = "an e2e secret of more than thirty-two bytes";
const part = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
const seconds = (ahead) => Date.now() / 1000 + ahead;
// A token by HS256 with a secret, or by the key's algorithm.
function jwt(claims, { key = SECRET, alg = "HS256", header = {} } = {}) {
  const text = `${part({ alg, typ: "JWT", ...header })}.${part({ exp: seconds(600), sub: "ann", ...claims })}`;
  const signature = alg.startsWith("HS")
    ? createHmac("sha256", key).update(text).digest()
    : sign("sha256", Buffer.from(text), alg.startsWith("ES") ? { key, dsaEncoding: "ieee-p1363" } : key);
  return `${text}.${signature.toString("base64url")}`;
}
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const pem = (pair) => pair.publicKey.export({ type: "spki", format: "pem" });
const jwk = (pair, kid) => ({ ...pair.publicKey.export({ format: "jwk" }), kid, use: "sig" });

describe("JWTs by a secret", () => {
  let hub;
  before(async () => {
    hub = await guarded({ mode: "jwt", secret: SECRET, issuer: "https://id.example", audience: "hub, chat", username_claim: "name", leeway: "0s" });
  });
  after(() => stop(hub));
  const claims = (more = {}) => ({ iss: "https://id.example", aud: "hub", name: "ann", ...more });

  for (const how of HOW) {
    it(`a good one lets in over ${how}, with its username and roles`, async () => {
      const listener = await enterAtLast(hub, how, { token: jwt(claims({ name: "listener" })) });
      const ann = await enterAtLast(hub, how, { token: jwt(claims({ roles: ["x", "member"], aud: ["other", "chat"] })) });
      await isMember(ann);
      await isNoMember(listener);
      assert.equal(await usernameOf(ann, listener), "ann");
      ann.close();
      listener.close();
    });

    it(`a bad one is refused over ${how}`, async () => {
      const good = jwt(claims({ name: "nobody" }));
      const [header, body, signature] = good.split(".");
      const bad = {
        "another secret": jwt(claims(), { key: `${SECRET}!` }),
        "no signature": `${header}.${body}.`,
        "alg none": `${part({ alg: "none" })}.${body}.`,
        "alg none with a signature": `${part({ alg: "none" })}.${body}.${signature}`,
        "other claims": `${header}.${part(claims({ exp: seconds(600), name: "root" }))}.${signature}`,
        "crit": jwt(claims(), { header: { crit: ["exp"] } }),
        "expired": jwt(claims({ exp: seconds(-1) })),
        "without exp": jwt(claims({ exp: undefined })),
        "not yet valid": jwt(claims({ nbf: seconds(600) })),
        "another issuer": jwt(claims({ iss: "https://evil.example" })),
        "no issuer": jwt(claims({ iss: undefined })),
        "another audience": jwt(claims({ aud: "shop" })),
        "no audience": jwt(claims({ aud: undefined })),
        "no name": jwt(claims({ name: undefined })),
        "a name that cannot be": jwt(claims({ name: "\u0007" })),
        "an empty name": jwt(claims({ name: "" })),
        "roles that are none": jwt(claims({ roles: { member: true } })),
        "something behind": `${good}.x`,
        "nothing": "",
      };
      for (const [what, token] of Object.entries(bad)) await turnedAway(hub, how, { token }).catch((error) => assert.fail(`${what}: ${error.message}`));
      await turnedAway(hub, how, undefined);
    });
  }

  it("nothing of a token gets into the log", () => {
    assert.doesNotMatch(hub.log, /eyJ/);
    assert.match(hub.log, /refused reason=expired/);
  });
});

describe("JWTs by public keys", () => {
  const file = path.join(folder, "keys");

  it("PEM: each key lets in for its own algorithm, and is no secret", async () => {
    writeFileSync(file, pem(rsa) + pem(ec));
    const hub = await guarded({ mode: "jwt", keys_file: file });
    for (const how of HOW) {
      (await enter(hub, how, { token: jwt({}, { key: rsa.privateKey, alg: "RS256" }) })).close();
      (await enter(hub, how, { token: jwt({}, { key: ec.privateKey, alg: "ES256" }) })).close();
      await turnedAway(hub, how, { token: jwt({}, { key: pem(rsa) }) });
      await turnedAway(hub, how, { token: jwt({}, { key: readFileSync(file) }) });
      await turnedAway(hub, how, { token: jwt({ aud: "somebody" }, { key: rsa.privateKey, alg: "RS256" }) });
      const other = generateKeyPairSync("rsa", { modulusLength: 2048 });
      await turnedAway(hub, how, { token: jwt({}, { key: other.privateKey, alg: "RS256" }) });
    }
    await stop(hub);
  });

  it("JWKS: keys come and go while the hub runs", async () => {
    const set = (...keys) => JSON.stringify({ keys });
    replace(file, set(jwk(rsa, "old")));
    const hub = await guarded({ mode: "jwt", keys_file: file });
    const old = (claims = {}) => jwt(claims, { key: rsa.privateKey, alg: "RS256", header: { kid: "old" } });
    const next = () => jwt({}, { key: ec.privateKey, alg: "ES256", header: { kid: "next" } });
    const resident = await enter(hub, "websocket", { token: old({ roles: "member" }) });
    await turnedAway(hub, "websocket", { token: next() });
    replace(file, set(jwk(rsa, "old"), jwk(ec, "next"), { kty: "OKP", crv: "Ed25519", x: "AA" }));
    await hub.logged(/not used: key 3: its kty is not supported[^]*read again/);
    (await enter(hub, "websocket", { token: old() })).close();
    (await enter(hub, "websocket", { token: next() })).close();
    replace(file, "{");
    await hub.logged(/what was read before stays in use/);
    (await enter(hub, "websocket", { token: next() })).close();
    replace(file, set(jwk(ec, "next")));
    await hub.logged(/read again[^]*read again/);
    await turnedAway(hub, "websocket", { token: old() });
    (await enter(hub, "websocket", { token: next() })).close();
    await isMember(resident);
    resident.close();
    await stop(hub);
  });
});

describe("the end of a JWT", { concurrency: true }, () => {
  const iso = (exp) => new Date(Math.floor(exp * 1000)).toISOString();
  let hub;
  before(async () => {
    hub = await guarded({ mode: "jwt", secret: SECRET, leeway: "0s", warn_before: "1s" });
  });
  after(() => stop(hub));
  async function warned(client, exp) {
    const [event, data] = await client.next("auth:expiring");
    assert.equal(event, "auth:expiring");
    assert.deepStrictEqual(data, { expiresAt: iso(exp), timestamp: data.timestamp });
    assert.match(data.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.ok(data.timestamp < data.expiresAt, JSON.stringify(data));
  }

  for (const how of HOW) {
    it(`a session over ${how} is warned, and ended at its time`, async () => {
      const exp = seconds(2);
      const client = await enter(hub, how, { token: jwt({ exp }) });
      await warned(client, exp);
      assert.equal(await client.disconnected(), "io server disconnect");
      assert.ok(Date.now() >= Math.floor(exp * 1000));
      assert.deepStrictEqual(client.inbox, []);
    });

    it(`a refreshed session over ${how} goes on, with the roles of the new token`, async () => {
      const first = seconds(1.5);
      const second = seconds(3);
      const client = await enter(hub, how, { token: jwt({ exp: first }) });
      await isNoMember(client);
      assert.deepStrictEqual(await client.acked("auth:refresh", { token: jwt({ exp: second, roles: ["member"] }) }), { status: "ok", expiresAt: iso(second) });
      await isMember(client);
      for (;;) {
        const [event, data] = await client.next("auth:expiring");
        assert.equal(event, "auth:expiring");
        if (data.expiresAt === iso(second)) break;
        assert.equal(data.expiresAt, iso(first)); // it came before the refresh
      }
      await isMember(client);
      assert.equal(await client.disconnected(), "io server disconnect");
      assert.ok(Date.now() >= Math.floor(second * 1000));
    });

    it(`a bad refresh over ${how} changes nothing`, async () => {
      const exp = seconds(3);
      const client = await enter(hub, how, { token: jwt({ exp, iss: "i", roles: ["member"] }) });
      for (const token of ["", "x", jwt({ iss: "i", sub: "bob" }), jwt({ iss: "j" }), jwt({}), jwt({ iss: "i", sub: undefined }),
        jwt({ iss: "i", exp: seconds(-1) }), jwt({ iss: "i" }, { key: `${SECRET}!` }), `${part({ alg: "none" })}.${part({ sub: "ann", iss: "i" })}.`]) {
        await refused(client, "FORBIDDEN", "auth:refresh", { token });
      }
      for (const arg of [undefined, null, "token", {}, { token: 7 }, [jwt({})]]) await refused(client, "INVALID_FORMAT", "auth:refresh", arg);
      await isMember(client);
      await warned(client, exp);
      assert.equal(await client.disconnected(), "io server disconnect");
    });
  }

  it("a session that comes late is warned at once", async () => {
    const exp = seconds(0.9);
    const client = await enter(hub, "websocket", { token: jwt({ exp }) });
    await warned(client, exp);
    assert.equal(await client.disconnected(), "io server disconnect");
  });

  it("a session without sub cannot be refreshed", async () => {
    const client = await enter(hub, "websocket", { token: jwt({ sub: undefined }) });
    await refused(client, "FORBIDDEN", "auth:refresh", { token: jwt({ sub: undefined }) });
    client.close();
  });

  it("without exp a session has no end, and a leeway puts it off", async () => {
    const lenient = await guarded({ mode: "jwt", secret: SECRET, require_exp: false, leeway: "5m", warn_before: "0s" });
    const client = await enter(lenient, "websocket", { token: jwt({ exp: undefined }) });
    assert.deepStrictEqual(await client.acked("auth:refresh", { token: jwt({ exp: undefined }) }), { status: "ok", expiresAt: null });
    const exp = seconds(-100);
    assert.deepStrictEqual(await client.acked("auth:refresh", { token: jwt({ exp }) }), { status: "ok", expiresAt: iso(exp + 300) });
    client.close();
    await turnedAway(lenient, "websocket", { token: jwt({ exp: seconds(-301) }) });
    await stop(lenient);
  });
});

describe("the end of a JWT, over a reload", { concurrency: true }, () => {
  const jwts = (warn_before) => ({ mode: "jwt", secret: SECRET, leeway: "0s", warn_before });
  const start = (warn_before) => startReloadable(["auth", "messaging", "heartbeat"], { "plugin.auth": jwts(warn_before) });
  const warning = async (client, exp) => {
    const [event, data] = await client.next("auth:expiring");
    assert.deepStrictEqual([event, data.expiresAt], ["auth:expiring", new Date(Math.floor(exp * 1000)).toISOString()]);
  };

  for (const how of HOW) {
    it(`a session over ${how} is warned once and ended at its time by the versions that took over`, async () => {
      const site = await start("0s");
      const exp = seconds(6);
      const client = await enter(site.hub, how, { token: jwt({ exp }) });
      const other = await enter(site.hub, how, { token: jwt({}) });
      await site.changed("auth", { warn_before: "1h" }); // nobody was warned until now
      await warning(client, exp);
      const [, { expiresAt }] = await other.next("auth:expiring");
      await site.changed("auth", { warn_before: "2h" });
      assert.equal(await client.disconnected(), "io server disconnect");
      assert.ok(Date.now() >= Math.floor(exp * 1000));
      assert.deepStrictEqual(client.inbox, []);

      // Whose end is later has another warning when it is put off, and none before.
      const ahead = seconds(1000);
      assert.ok(Date.parse(expiresAt) < ahead * 1000);
      assert.equal((await other.ask("auth:refresh", { token: jwt({ exp: ahead }) }))[0].status, "ok");
      await other.holds(2);
      assert.deepStrictEqual(other.inbox.map(([event]) => event).sort(), ["(ack)", "auth:expiring"]);
      other.close();
      await site.stop();
    });
  }

  it("is kept by the version that goes on since another could not take over", async () => {
    const site = await start("1h");
    const exp = seconds(6);
    const client = await enter(site.hub, "websocket", { token: jwt({ exp }) });
    await warning(client, exp);
    await site.failed("auth");
    assert.equal(await client.disconnected(), "io server disconnect");
    assert.deepStrictEqual(client.inbox, []);
    await site.stop();
  });
});

// ---- the backend

// An operator's backend: `answer(question, response, request)` says what it does; `questions` are all it was asked.
async function startBackend(answer, tls) {
  const backend = { questions: [], waiting: [] };
  const handle = async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const question = { body, json: JSON.parse(body), headers: request.headers, method: request.method, url: request.url };
    backend.questions.push(question);
    backend.waiting.splice(0).forEach((wake) => wake());
    await backend.answer(question, response, request);
  };
  const server = tls ? https.createServer(tls, handle) : http.createServer(handle);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  Object.assign(backend, {
    answer,
    server,
    url: `${tls ? "https" : "http"}://127.0.0.1:${server.address().port}/auth?x=1`,
    // When it has been asked that often.
    async asked(count) {
      while (backend.questions.length < count) await soon(new Promise((resolve) => backend.waiting.push(resolve)), `question ${count}`);
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
  after(() => server.closeAllConnections());
  return backend;
}
const say = (response, value, status = 200) => {
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(typeof value === "string" ? value : JSON.stringify(value));
};
// Does what the client's token says.
const obedient = (question, response) => {
  const [status, ...text] = question.json.auth.token.split(" ");
  say(response, text.join(" ").replace("LONG", "x".repeat(70_000)), Number(status));
};

describe("a backend", () => {
  let backend, hub;
  before(async () => {
    backend = await startBackend(obedient);
    hub = await guarded({ mode: "webhook", webhook_url: backend.url, webhook_secret: "shared secret", webhook_retries: 0, webhook_timeout: "60s" });
  });
  after(async () => {
    await stop(hub);
    await backend.close();
  });

  for (const how of HOW) {
    it(`is asked with what is known of a client over ${how}`, async () => {
      const count = backend.questions.length;
      const auth = { token: '200 {"accept":true}', number: 1.5, deep: { list: [1, null, "ä"] } };
      const extraHeaders = { Cookie: "a=1; b=2", Authorization: "Basic abc", "X-Private": "secret", Origin: "https://page.example", "User-Agent": "e2e" };
      const client = await enter(hub, how, auth, { extraHeaders });
      assert.equal(backend.questions.length, count + 1);
      const question = backend.questions.at(-1);
      assert.deepStrictEqual(question.json, {
        sid: client.id,
        nsp: "/",
        remote: "127.0.0.1",
        userAgent: "e2e",
        headers: question.json.headers,
        auth,
      });
      assert.deepEqual(question.json.headers, { authorization: "Basic abc", cookie: "a=1; b=2", "user-agent": "e2e", origin: "https://page.example" });
      assert.equal(question.method, "POST");
      assert.equal(question.url, "/auth?x=1");
      assert.equal(question.headers["content-type"], "application/json");
      const at = question.headers["x-wshub-timestamp"];
      assert.match(at, /^\d+$/);
      assert.equal(question.headers["x-wshub-signature"], `sha256=${createHmac("sha256", "shared secret").update(`${at}.${question.body}`).digest("hex")}`);
      await isNoMember(client);
      client.close();
    });

    it(`names a user and roles over ${how}`, async () => {
      const listener = await enter(hub, how, { token: '200 {"accept":true}' });
      const token = '200 {"accept":true,"username":"Bea","roles":["member"]}';
      const bea = await enterAtLast(hub, how, { token });
      await isMember(bea);
      assert.equal(await usernameOf(bea, listener), "Bea");
      await turnedAway(hub, how, { token });
      bea.close();
      (await enterAtLast(hub, how, { token })).close();
      listener.close();
    });

    it(`refuses over ${how}, and so does one that cannot be understood`, async () => {
      const count = backend.questions.length;
      const answers = ['200 {"accept":false}', "401 {}", "403 <html>", "200 <html>", "200 ", '200 {"accept":"yes"}', '200 {"accept":true,"roles":"all"}',
        '204 {"accept":true}', '201 {"accept":true}', '302 {"accept":true}', '404 {"accept":true}', '500 {"accept":true}', '429 {"accept":true}',
        '200 {"accept":true,"username":" "}', '200 {"accept":true,"filling":"LONG"}'];
      for (const token of answers) await turnedAway(hub, how, { token }).catch((error) => assert.fail(`${token.slice(0, 40)}: ${error.message}`));
      assert.equal(backend.questions.length, count + answers.length);
    });

    it(`says how long a session lasts over ${how}`, async () => {
      const client = await enter(hub, how, { token: '200 {"accept":true,"expiresIn":1.2}' });
      assert.equal((await client.next())[0], "auth:expiring");
      assert.equal(await client.disconnected(), "io server disconnect");
    });
  }

  it("is not bothered with what is too large", async () => {
    const count = backend.questions.length;
    for (const how of HOW) {
      const client = new Client(hub, how, { auth: { token: '200 {"accept":true}', filling: "x".repeat(70_000) } });
      assert.equal((await client.refused()).message, "Payload too large");
      client.close();
    }
    const extraHeaders = { cookie: "x".repeat(8000) };
    for (const how of HOW) await turnedAway(hub, how, { token: '200 {"accept":true}', filling: "x".repeat(60_000) }, { extraHeaders });
    assert.equal(backend.questions.length, count);
    await hub.logged(/refused reason=too_large/);
    (await enter(hub, "websocket", { token: '200 {"accept":true}', filling: "x".repeat(60_000) })).close();
  });

  it("is asked for a client without auth, too; redirects are not followed", async () => {
    backend.answer = (question, response) => {
      if (question.url === "/elsewhere") return say(response, { accept: true });
      response.writeHead(307, { Location: "/elsewhere" });
      response.end();
    };
    const count = backend.questions.length;
    await turnedAway(hub, "websocket", undefined);
    assert.equal(backend.questions.length, count + 1);
    assert.equal(backend.questions.at(-1).json.auth, null);
    backend.answer = obedient;
  });

  it("hangs for some, while the others come in and talk", async () => {
    const held = [];
    backend.answer = (question, response) => {
      if (question.json.auth.token !== "hang") return obedient(question, response);
      held.push(response);
      if (held.length === 30) backend.waiting.splice(0).forEach((wake) => wake());
    };
    const count = backend.questions.length;
    const slow = HOW.flatMap((how) => Array.from({ length: 10 }, () => new Client(hub, how, { auth: { token: "hang" } })));
    await backend.asked(count + 30);
    for (const how of HOW) {
      const quick = await enter(hub, how, { token: '200 {"accept":true,"roles":["member"]}' });
      for (let i = 0; i < 20; ++i) await isMember(quick);
      quick.close();
    }
    assert.ok(slow.every((client) => !client.socket.connected));
    for (const response of held) say(response, { accept: true });
    await Promise.all(slow.map((client) => client.connected()));
    for (const client of slow) client.close();
    backend.answer = obedient;
  });

  it("is not asked any longer for a client that has left", async () => {
    const gone = [];
    const closed = Promise.withResolvers?.() ?? (() => { const all = {}; all.promise = new Promise((resolve) => { all.resolve = resolve; }); return all; })();
    backend.answer = (question, response) => {
      response.on("close", () => {
        gone.push(question);
        if (gone.length === HOW.length) closed.resolve();
      });
    };
    const count = backend.questions.length;
    const clients = HOW.map((how) => new Client(hub, how, { auth: { token: "hang" } }));
    await backend.asked(count + clients.length);
    for (const client of clients) client.socket.io.engine.close();
    await soon(closed.promise, "the requests' end");
    backend.answer = obedient;
    (await enter(hub, "websocket", { token: '200 {"accept":true}' })).close();
    for (const client of clients) client.close();
  });

  it("leaves nothing that it was sent in the log", () => {
    for (const secret of ["shared secret", "Basic abc", "a=1; b=2", '"accept"']) assert.ok(!hub.log.includes(secret), secret);
  });
});

describe("a backend that fails", () => {
  it("is asked again after a time-out, a broken connection and a 5xx, and not after other answers", async () => {
    const backend = await startBackend();
    const hub = await guarded({ mode: "webhook", webhook_url: backend.url, webhook_timeout: "300ms", webhook_retries: 2 });
    const failures = [() => {}, (_, response) => response.socket.destroy(), (_, response) => say(response, {}, 503)];
    for (const fail of failures) {
      let tries = 0;
      backend.answer = (question, response) => {
        // A connection that breaks while it is idle is replaced without a word, and would count as no try.
        response.setHeader("Connection", "close");
        ++tries <= 2 ? fail(question, response) : say(response, { accept: true });
      };
      (await enter(hub, "websocket", {})).close();
      assert.equal(tries, 3);
      tries = -10;
      await turnedAway(hub, "websocket", {});
      assert.equal(tries, -7);
    }
    for (const status of [200, 302, 400, 401, 404, 429]) {
      let tries = 0;
      backend.answer = (_, response) => {
        ++tries;
        say(response, "no", status);
      };
      await turnedAway(hub, "websocket", {});
      assert.equal(tries, 1, `status ${status}`);
    }
    await hub.logged(/the backend fails, clients are refused/);
    await stop(hub);
    await backend.close();
  });

  it("lets everybody in where the operator wants that, but not who was refused", async () => {
    const backend = await startBackend((_, response) => say(response, { accept: false }));
    const hub = await guarded({ mode: "webhook", webhook_url: backend.url, webhook_timeout: "300ms", webhook_retries: 0, webhook_on_failure: "accept" });
    for (const answer of [{ accept: false }, 400, 401, 403, 404, 413]) {
      backend.answer = (_, response) => (typeof answer === "number" ? say(response, "", answer) : say(response, answer));
      await turnedAway(hub, "websocket", {});
    }
    for (const answer of [() => {}, (_, response) => say(response, "", 500), (_, response) => say(response, "<html>")]) {
      backend.answer = answer;
      const client = await enter(hub, "websocket", {});
      await isNoMember(client);
      client.close();
    }
    await hub.logged(/the backend fails, clients are accepted: /);
    backend.answer = (_, response) => say(response, { accept: true });
    (await enter(hub, "websocket", {})).close();
    await hub.logged(/the backend answers again/);
    await backend.close();
    (await enter(hub, "websocket", {})).close(); // nobody is there at all
    await stop(hub);
  });

  it("is asked by so many at a time, and so many wait; who is more is refused", async () => {
    const held = [];
    const backend = await startBackend((question, response) => held.push(response));
    const hub = await guarded({ mode: "webhook", webhook_url: backend.url, webhook_concurrency: 2, webhook_queue: 1, webhook_on_failure: "accept" });
    const clients = [];
    for (let i = 0; i < 2; ++i) {
      clients.push(new Client(hub, "websocket", { auth: {} }));
      await backend.asked(i + 1);
    }
    // One of these two waits, and the other one's connection is closed, so that it comes back later.
    const [third, fourth] = [new Client(hub, "websocket", { auth: {} }), new Client(hub, "websocket", { auth: {} })];
    const loser = await soon(new Promise((resolve) => {
      for (const client of [third, fourth]) client.socket.io.once("close", () => resolve(client));
    }), "the end of one of their connections");
    const winner = loser === third ? fourth : third;
    assert.equal(backend.questions.length, 2);
    await hub.logged(/refused reason=overloaded/);
    say(held.shift(), { accept: true });
    await backend.asked(3);
    for (const response of held) say(response, { accept: true });
    for (const client of [...clients, winner]) await client.connected();
    for (const client of [...clients, third, fourth]) client.close();
    await stop(hub);
    await backend.close();
  });

  it("is not kept busy by one address alone: another one is given a place of the address that has the most", async () => {
    const held = [];
    const backend = await startBackend((question, response) => held.push({ question, response }));
    const hub = await guarded({ mode: "webhook", webhook_url: backend.url, webhook_concurrency: 2, webhook_queue: 6 }, { "server.trusted_proxies": "127.0.0.1" });
    const from = (address) => new Client(hub, "websocket", { auth: {}, extraHeaders: { "X-Forwarded-For": address } });
    const endOfOne = (clients) => soon(new Promise((resolve) => {
      for (const client of clients) client.socket.io.once("close", () => resolve(client));
    }), "the end of a connection");
    // Eight have a place, the ninth has none: all are taken.
    const many = Array.from({ length: 9 }, () => from("192.0.2.1"));
    const ninth = await endOfOne(many);
    ninth.close();
    await backend.asked(2);
    const eight = many.filter((client) => client !== ninth);
    const putOut = endOfOne(eight);
    const other = from("192.0.2.2");
    await putOut;
    // The newcomer is the next one to be asked about, before the many that came earlier.
    say(held.shift().response, { accept: true });
    await backend.asked(3);
    assert.equal(held.at(-1).question.json.remote, "192.0.2.2");
    say(held.pop().response, { accept: true });
    await other.connected();
    for (const client of [...many, other]) client.close();
    await stop(hub);
    await backend.close();
  });

  it("does not keep the hub from stopping", async () => {
    const backend = await startBackend(() => {});
    const hub = await guarded({ mode: "webhook", webhook_url: backend.url, webhook_timeout: "60s" });
    const clients = HOW.map((how) => new Client(hub, how, { auth: {} }));
    await backend.asked(clients.length);
    const ends = clients.map((client) => soon(new Promise((resolve) => client.socket.io.engine.once("close", resolve)), "the end of the connection"));
    await stop(hub);
    await Promise.all(ends);
    for (const client of clients) client.close();
    await backend.close();
  });

  it("must have a certificate that is known", async () => {
    const [key, cert] = [path.join(folder, "key.pem"), path.join(folder, "cert.pem")];
    execFileSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", cert,
      "-days", "2", "-subj", "/CN=wshub test", "-addext", "subjectAltName=IP:127.0.0.1"], { stdio: "pipe" });
    const backend = await startBackend((_, response) => say(response, { accept: true }), { key: readFileSync(key), cert: readFileSync(cert) });
    const set = { mode: "webhook", webhook_url: backend.url, webhook_retries: 0 };
    const trusting = await guarded({ ...set, webhook_ca_file: cert });
    for (const how of HOW) (await enter(trusting, how, {})).close();
    await stop(trusting);
    const strict = await guarded(set);
    await turnedAway(strict, "websocket", {});
    await stop(strict);
    const elsewhere = await guarded({ ...set, webhook_url: backend.url.replace("127.0.0.1", "localhost"), webhook_ca_file: cert });
    await turnedAway(elsewhere, "websocket", {});
    await stop(elsewhere);
    assert.equal(backend.questions.length, HOW.length);
    await backend.close();
  });
});

// ---- settings

describe("what the configuration holds", () => {
  it("is not shown where it may be a secret, the backend's URL included", async () => {
    const set = { "server.port": 0, "plugins.enabled": "auth, admin", "plugin.admin.token": "sesame", "plugin.auth.mode": "webhook",
      "plugin.auth.webhook_url": "http://127.0.0.1:9/auth?key=geheim" };
    const { stdout } = await runHub({ set, args: ["--print-config"] });
    assert.match(stdout, /\[plugin\.auth\]/);
    assert.ok(!stdout.includes("geheim"));
    const hub = await startHub({ set });
    hubs.add(hub);
    const admin = await enter(hub, "websocket", { token: "sesame" });
    const { items } = await admin.acked("admin:plugins");
    assert.equal(items.find(({ name }) => name === "auth").settings.find(({ key }) => key === "webhook_url").value, "***");
    assert.ok(!JSON.stringify(items).includes("geheim"));
    admin.close();
    await stop(hub);
    assert.ok(!hub.log.includes("geheim"));
  });
});

describe("settings that make no sense", () => {
  const bad = path.join(folder, "bad");
  const cases = [
    [{ mode: "password" }, /\[plugin\.auth\] mode = "password": expected one of none, token, jwt, webhook/],
    [{ mode: "token" }, /\[plugin\.auth\] mode = token needs tokens, or a tokens_file/],
    [{ mode: "token", tokens: "a,,b" }, /\[plugin\.auth\] tokens: expected tokens separated by commas/],
    [{ mode: "token", tokens_file: "no/such/file" }, /\[plugin\.auth\] tokens_file = "\/.*\/no\/such\/file": cannot be read: No such file/],
    [{ mode: "token", tokens_file: bad }, /\[plugin\.auth\] tokens_file = ".*bad": line 1: expected: NAME SHA256/],
    [{ mode: "token", tokens_file: `${bad}-none` }, /\[plugin\.auth\] tokens_file = ".*": cannot be read: No such file/],
    [{ mode: "jwt" }, /\[plugin\.auth\] mode = jwt needs either secret .* or keys_file/],
    [{ mode: "jwt", secret: "hunter2" }, /\[plugin\.auth\] secret: a secret for HS256 has 32 or more bytes/],
    [{ mode: "jwt", keys_file: bad }, /\[plugin\.auth\] keys_file = ".*bad": expected public keys in PEM, or a JWKS/],
    [{ mode: "jwt", keys_file: folder }, /\[plugin\.auth\] keys_file = ".*": cannot be read: Is a directory/],
    [{ mode: "jwt", secret: SECRET, leeway: "1h" }, /leeway.*from 0s to 600s/],
    [{ mode: "webhook" }, /\[plugin\.auth\] mode = webhook needs webhook_url/],
    [{ mode: "webhook", webhook_url: "ftp://x/" }, /\[plugin\.auth\] webhook_url: expected a URL such as/],
    [{ mode: "webhook", webhook_url: "https://me:hunter2@x/" }, /\[plugin\.auth\] webhook_url: .*without user and password/],
    [{ mode: "webhook", webhook_url: "http://x/", webhook_on_failure: "maybe" }, /webhook_on_failure = "maybe": expected one of refuse, accept/],
    [{ mode: "webhook", webhook_url: "https://x/", webhook_ca_file: bad }, /webhook_ca_file = ".*bad": expected certificates in PEM/],
    [{ webhook_retries: 9 }, /webhook_retries.*from 0 to 5/],
    [{ tokens_fil: "x" }, /tokens_fil.*unknown key/],
  ];
  before(() => writeFileSync(bad, "nothing that would do\n"));

  for (const [set, message] of cases) {
    it(`${JSON.stringify(set)} stops the start`, async () => {
      const settings = Object.fromEntries(Object.entries(set).map(([key, value]) => [`plugin.auth.${key}`, value]));
      const { code, all } = await runHub({ set: { "server.port": 0, "plugins.enabled": "auth", ...settings } });
      assert.notEqual(code, 0);
      assert.match(all, message);
      assert.ok(!all.includes("hunter2"));
    });
  }
});
