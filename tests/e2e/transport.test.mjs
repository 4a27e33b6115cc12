// What clients see of the hub as a server on the network: coming and going, the client bundle, CORS, slow neighbours.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import net from "node:net";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { after, before, describe, it } from "node:test";
import zlib from "node:zlib";
import { soon, startHub } from "./support/hub.mjs";
import { Client, HOW } from "./support/clients.mjs";
import { Polling, request } from "./protocol/raw.mjs";

const wait = (emitter, event) => soon(new Promise((resolve) => emitter.once(event, resolve)), event);
// True once nothing listens on the port.
async function isClosed(port) {
  for (;;) {
    const socket = net.connect(port, "127.0.0.1");
    const refused = await new Promise((resolve) => {
      socket.once("connect", () => resolve(false));
      socket.once("error", (error) => resolve(error.code === "ECONNREFUSED"));
    });
    socket.destroy();
    if (refused) return;
  }
}

// Returns when clients that have connected have their polls with the hub. This client opens a connection for each poll, and the hub stops
// accepting first: one between two polls at that moment could not hear that the hub closes. The first request gives the clients time to
// ask; the second one's connection is accepted behind theirs.
async function pollsHaveArrived(hub) {
  for (let i = 0; i < 2; ++i) assert.equal((await request(hub.port, { path: "/nowhere" })).status, 404);
}

describe("disconnects", () => {
  for (const how of HOW) {
    it(`SIGTERM ends the hub cleanly, and clients over ${how} see "transport close"`, async () => {
      const hub = await startHub();
      const clients = [];
      for (let i = 0; i < 5; ++i) clients.push(await Client.connect(hub, how));
      await pollsHaveArrived(hub);
      await hub.stop();
      for (const client of clients) assert.equal(await client.disconnected(), "transport close");
    });

    it(`a client over ${how} comes back by itself after a restart`, async () => {
      const first = await startHub();
      const options = { reconnection: true, reconnectionDelay: 20, reconnectionDelayMax: 100 };
      const client = await Client.connect(first, how, options);
      const before = client.id;
      await client.acked("join_room", "r");
      await client.gets(["room_joined", { room: "r", sid: before }]);
      await pollsHaveArrived(first);
      await first.stop();
      assert.equal(await client.disconnected(), "transport close");
      const second = await startHub({ set: { "server.port": first.port } });
      await client.reconnected();
      assert.notEqual(client.id, before);
      assert.deepStrictEqual(await client.acked("join_room", "r"), { status: "joined", room: "r" });
      await client.gets(["room_joined", { room: "r", sid: client.id }]);
      client.close();
      assert.equal(await client.disconnected(), "io client disconnect");
      await second.stop();
    });
  }

  it("a client that hears nothing says ping timeout", async () => {
    const hub = await startHub({ set: { "engine.ping_interval": "300ms", "engine.ping_timeout": "300ms" } });
    const client = await Client.connect(hub);
    hub.signal("SIGSTOP");
    try {
      assert.equal(await client.disconnected(), "ping timeout");
    } finally {
      hub.signal("SIGCONT");
    }
    await hub.stop();
  });

  it("SIGINT ends it cleanly too", async () => {
    const hub = await startHub();
    const client = await Client.connect(hub);
    hub.signal("SIGINT");
    assert.deepEqual(await soon(hub.ended, "the end"), { code: 0, signal: null });
    assert.equal(await client.disconnected(), "transport close");
  });

  it("a second signal ends it at once", async () => {
    const hub = await startHub({ set: { "server.shutdown_timeout": "60s" } });
    const session = await Polling.open(hub.port); // nobody will fetch its close
    await session.post("40");
    hub.signal("SIGTERM");
    await soon(isClosed(hub.port), "the port's end");
    hub.signal("SIGTERM");
    const { code } = await soon(hub.ended, "the end after a second signal");
    assert.equal(code, 143);
  });

  it("a stop waits no longer than shutdown_timeout for who does not read", async () => {
    const hub = await startHub({ set: { "server.shutdown_timeout": "200ms" } });
    const session = await Polling.open(hub.port);
    await session.post("40");
    await hub.stop();
  });
});

describe("the client bundle", () => {
  let hub;
  before(async () => (hub = await startHub()));
  after(() => hub.stop());

  const require = createRequire(import.meta.url);
  const dist = path.join(path.dirname(require.resolve("socket.io-client/package.json")), "dist");
  const { version } = require("socket.io-client/package.json");
  const files = ["socket.io.js", "socket.io.min.js", "socket.io.esm.min.js", "socket.io.msgpack.min.js"];

  it("is served as npm has it", async () => {
    for (const file of files.flatMap((name) => [name, `${name}.map`])) {
      const answer = await request(hub.port, { path: `/socket.io/${file}` });
      assert.equal(answer.status, 200, file);
      const type = file.endsWith(".map") ? /^application\/json/ : /^application\/javascript; charset=utf-8$/i;
      assert.match(answer.headers["content-type"], type);
      assert.match(answer.headers["cache-control"], /public, max-age=0/);
      assert.ok(answer.headers.etag.includes(version), answer.headers.etag);
      assert.equal(answer.headers["content-encoding"], undefined);
      assert.ok(answer.bytes.equals(readFileSync(path.join(dist, file))), file);
      assert.equal(Number(answer.headers["content-length"]), answer.bytes.length);
    }
  });

  it("is compressed for those who take it", async () => {
    const plain = readFileSync(path.join(dist, "socket.io.js"));
    const cases = [
      ["gzip", "gzip", zlib.gunzipSync],
      ["br", "br", zlib.brotliDecompressSync],
      ["gzip, deflate, br", "br", zlib.brotliDecompressSync],
      ["br;q=0, gzip", "gzip", zlib.gunzipSync],
      ["identity", undefined, (bytes) => bytes],
      ["gzip;q=0", undefined, (bytes) => bytes],
    ];
    for (const [accept, encoding, unpack] of cases) {
      const answer = await request(hub.port, { path: "/socket.io/socket.io.js", headers: { "Accept-Encoding": accept } });
      assert.equal(answer.headers["content-encoding"], encoding, accept);
      assert.ok(unpack(answer.bytes).equals(plain), accept);
      assert.match(answer.headers.vary ?? "", /accept-encoding/i);
    }
  });

  it("is not sent again to those who have it", async () => {
    const { headers } = await request(hub.port, { path: "/socket.io/socket.io.js" });
    for (const tag of [headers.etag, `W/${headers.etag}`, `"other", ${headers.etag}`, "*"]) {
      const answer = await request(hub.port, { path: "/socket.io/socket.io.js", headers: { "If-None-Match": tag } });
      assert.equal(answer.status, 304, tag);
      assert.equal(answer.bytes.length, 0);
    }
    const other = await request(hub.port, { path: "/socket.io/socket.io.js", headers: { "If-None-Match": '"other"' } });
    assert.equal(other.status, 200);
  });

  it("answers HEAD without a body, and is no place for other files", async () => {
    const head = await request(hub.port, { method: "HEAD", path: "/socket.io/socket.io.js" });
    assert.equal(head.status, 200);
    assert.equal(head.bytes.length, 0);
    assert.equal(Number(head.headers["content-length"]), readFileSync(path.join(dist, "socket.io.js")).length);
    const unknown = await request(hub.port, { path: "/socket.io/other.js" });
    assert.deepEqual([unknown.status, JSON.parse(unknown.body)], [400, { code: 0, message: "Transport unknown" }]);
    assert.equal((await request(hub.port, { path: "/" })).status, 404);
  });

  it("can be switched off", async () => {
    const bare = await startHub({ set: { "engine.serve_client": false } });
    assert.equal((await request(bare.port, { path: "/socket.io/socket.io.js" })).status, 400);
    await bare.stop();
  });
});

describe("CORS", () => {
  const ORIGIN = "https://app.example.org";
  const corsHeaders = ({ headers }) => Object.keys(headers).filter((name) => name.startsWith("access-control-"));
  const handshake = "/socket.io/?EIO=4&transport=polling";
  // Nobody fetches the ends of the sessions that are opened here.
  const startBriefly = (set = {}) => startHub({ set: { "server.shutdown_timeout": "100ms", ...set } });
  const preflight = { Origin: ORIGIN, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-one, x-two" };

  it("is absent unless configured", async () => {
    const hub = await startBriefly();
    for (const [method, headers] of [["GET", { Origin: ORIGIN }], ["OPTIONS", preflight]]) {
      const answer = await request(hub.port, { method, path: handshake, headers });
      assert.deepEqual(corsHeaders(answer), []);
      assert.equal(answer.status, method === "GET" ? 200 : 400);
    }
    await hub.stop();
  });

  it("names the origins of the list, on answers and errors alike", async () => {
    const hub = await startBriefly({
      "engine.cors_origin": `${ORIGIN}, https://*.example.com`,
      "engine.cors_credentials": true,
    });
    for (const origin of [ORIGIN, "https://a.example.com"]) {
      for (const [target, status] of [
        [handshake, 200],
        [`${handshake}&sid=unknown`, 400],
        ["/socket.io/?EIO=3&transport=polling", 400],
        ["/socket.io/socket.io.js", 200],
      ]) {
        const answer = await request(hub.port, { path: target, headers: { Origin: origin } });
        assert.equal(answer.status, status, target);
        assert.equal(answer.headers["access-control-allow-origin"], origin, target);
        assert.equal(answer.headers["access-control-allow-credentials"], "true", target);
        assert.match(answer.headers.vary, /origin/i, target);
      }
    }
    const other = await request(hub.port, { path: handshake, headers: { Origin: "https://evil.example.net" } });
    assert.equal(other.status, 200);
    assert.equal(other.headers["access-control-allow-origin"], undefined);
    await hub.stop();
  });

  it("answers preflights", async () => {
    const hub = await startBriefly({ "engine.cors_origin": ORIGIN, "engine.cors_max_age": "10m" });
    const answer = await request(hub.port, { method: "OPTIONS", path: handshake, headers: preflight });
    assert.equal(answer.status, 204);
    assert.equal(answer.bytes.length, 0);
    assert.equal(answer.headers["access-control-allow-origin"], ORIGIN);
    assert.match(answer.headers["access-control-allow-methods"], /\bGET\b.*\bPOST\b/);
    assert.equal(answer.headers["access-control-allow-headers"], "x-one, x-two");
    assert.equal(answer.headers["access-control-max-age"], "600");
    await hub.stop();
  });

  it("* is for everybody", async () => {
    const hub = await startBriefly({ "engine.cors_origin": "*" });
    const answer = await request(hub.port, { path: handshake, headers: { Origin: ORIGIN } });
    assert.equal(answer.headers["access-control-allow-origin"], "*");
    await hub.stop();
  });
});

describe("slow neighbours", () => {
  it("2 000 connections that never finish their headers keep nobody out", async () => {
    const hub = await startHub({ set: { "http.header_timeout": "60s", "limits.events_per_second": 0 } });
    const script = fileURLToPath(new URL("support/slow_headers.mjs", import.meta.url));
    const slow = spawn("sh", ["-c", 'ulimit -n "$(ulimit -Hn)" 2>/dev/null; exec "$0" "$@"', process.execPath, script, hub.port, 2000], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    try {
      const said = String(await wait(slow.stdout, "data"));
      const open = Number(/^open (\d+)/.exec(said)[1]);
      const limit = Number(/Max open files\s+\d+\s+(\d+)/.exec(readFileSync("/proc/self/limits", "utf8"))[1]);
      assert.ok(open >= Math.min(2000, limit - 200), `only ${open} slow connections are open`);
      for (const how of HOW) {
        const client = await Client.connect(hub, how);
        for (let i = 0; i < 20; ++i) {
          assert.deepStrictEqual(await client.acked("message", i), { status: "received", sid: client.id });
          await client.gets(["message", { from: client.id, data: i }]);
        }
        client.close();
      }
    } finally {
      slow.stdin.end();
      await wait(slow, "close");
    }
    await hub.stop();
  });
});
