// Real clients through nginx and HAProxy, with the sample files that docs/operations/proxies.md gives to operators.
import assert from "node:assert/strict";
import http from "node:http";
import http2 from "node:http2";
import https from "node:https";
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { Client, HOW } from "./support/clients.mjs";
import { ROOT, soon, startHub } from "./support/hub.mjs";
import { behind, sample } from "./support/reverse_proxies.mjs";

// An address of this machine from which the tests' clients come, which is not the proxy's.
const HERE = "127.0.0.9";
// What clients say of themselves, which nobody may believe.
const FORGED = { "X-Forwarded-For": "198.51.100.1", "X-Forwarded-Proto": "http" };

const HUB = { "log.level": "debug", "plugins.enabled": "messaging, rooms", "limits.max_event_bytes": "950KB", "server.trusted_proxies": "127.0.0.1" };
const SAMPLES = {
  "nginx.conf": {},
  "haproxy.cfg": {},
  "haproxy-tcp.cfg": { "server.proxy_protocol": true },
};

async function withHubs(count, set, use) {
  const hubs = [];
  try {
    for (let i = 0; i < count; ++i) hubs.push(await startHub({ set: { ...HUB, ...set } }));
    return await use(...hubs);
  } finally {
    for (const hub of hubs) await hub.stop();
  }
}

// The official client's options for a client that comes from `from` and trusts the test's certificate alone.
function options(proxy, from = HERE) {
  const agent = new https.Agent({ ca: proxy.ca, localAddress: from, keepAlive: true });
  return { agent, extraHeaders: FORGED };
}

async function withClient(proxy, how, use, from) {
  const more = options(proxy, from);
  const client = await Client.connect({ url: proxy.url }, how, more);
  try {
    return await use(client);
  } finally {
    client.close();
    more.agent.destroy();
  }
}

const remotes = (hub) => [...hub.log.matchAll(/session opened .*remote=(\S+)/g)].map((found) => found[1]);

// Of a plain request: {status, headers}.
function get(proxy, target, { secure = true } = {}) {
  const request = { host: "127.0.0.1", port: secure ? proxy.secure : proxy.plain, path: target, ca: proxy.ca, agent: false };
  return soon(new Promise((resolve, reject) => {
    (secure ? https : http).get(request, (res) => {
      res.resume();
      resolve({ status: res.statusCode, headers: res.headers });
    }).on("error", reject);
  }), `GET ${target}`);
}

for (const [name, set] of Object.entries(SAMPLES)) {
  describe(`docs/operations/${name}`, () => {
    for (const how of HOW) {
      it(`lets clients through that talk, by ${how}, with TLS, under their own address and no other that they made up`, () =>
        withHubs(1, set, (hub) => behind(name, [hub], (proxy) => withClient(proxy, how, async (client) => {
          assert.deepEqual(await client.acked("join_room", "lobby"), { status: "joined", room: "lobby" });
          await client.gets(["room_joined", { room: "lobby", sid: client.id }]);
          client.tell("message", { hello: how });
          await client.gets(["message", { from: client.id, data: { hello: how } }]);
          await hub.logged(/session opened .*remote=/);
          assert.deepEqual(remotes(hub), [HERE]);
        }))));

      it(`lets large payloads through, both ways, by ${how}`, () =>
        withHubs(1, set, (hub) => behind(name, [hub], (proxy) => withClient(proxy, how, async (client) => {
          const text = "größer".repeat(100_000);
          client.tell("message", text);
          await client.gets(["message", { from: client.id, data: text }]);
          const bytes = Buffer.alloc(600_000, "\0\xff{", "latin1");
          client.tell("message", { bytes });
          await client.gets(["message", { from: client.id, data: { bytes } }]);
        }))));
    }

    it("keeps clients that say nothing: pings alone are enough for its time-outs", () => {
      // Everything seventy-five times faster, so that the time-outs would have passed twice when enough pings have come.
      const faster = (text) => {
        const changed = text.replace(/\b75s/g, "1s");
        assert.notEqual(changed, text);
        return changed;
      };
      return withHubs(1, { ...set, "engine.ping_interval": "400ms", "engine.ping_timeout": "500ms" }, (hub) => behind(name, [hub], async (proxy) => {
        const clients = [];
        for (const how of ["polling", "websocket"]) clients.push(await Client.connect({ url: proxy.url }, how, options(proxy)));
        await Promise.all(clients.map((client) => soon(new Promise((resolve, reject) => {
          let left = 6;
          client.socket.io.on("ping", () => --left === 0 && resolve());
          client.socket.on("disconnect", (reason) => reject(new Error(`disconnected: ${reason}`)));
        }), "six pings")));
        for (const client of clients) client.close();
      }, faster));
    });

    it("has time-outs above the hub's defaults for silence", () => {
      const ini = readFileSync(path.join(ROOT, "etc/wshub.ini"), "utf8");
      const seconds = (key) => Number(new RegExp(`^${key} = (\\d+)s$`, "m").exec(ini)[1]);
      const [silence, idle] = [seconds("ping_interval") + seconds("ping_timeout"), seconds("idle_timeout")];
      const text = sample(name).replace(/#.*$/gm, "");
      const limits = [...text.matchAll(/(?:proxy_read_timeout|proxy_send_timeout|timeout (?:client|server|tunnel)) +(\d+)s/g)];
      assert.ok(limits.length >= 2);
      for (const [line, limit] of limits) assert.ok(Number(limit) > silence, line);
      for (const [line, limit] of text.matchAll(/(?:keepalive_timeout|timeout http-keep-alive) +(\d+)s/g)) assert.ok(Number(limit) < idle, line);
    });

    it("tells the hub when a client that polls goes without a word", () =>
      withHubs(1, set, (hub) => behind(name, [hub], async (proxy) => {
        const agent = new https.Agent({ ca: proxy.ca, maxSockets: 1, keepAlive: true });
        const target = "/socket.io/?EIO=4&transport=polling";
        const ask = (method, path_, body) => new Promise((resolve, reject) => {
          const request = https.request({ host: "127.0.0.1", port: proxy.secure, method, path: path_, agent }, (res) => {
            let text = "";
            res.setEncoding("utf8").on("data", (more) => (text += more)).on("end", () => resolve(text));
          });
          request.on("error", reject).end(body);
        });
        const { sid } = JSON.parse((await soon(ask("GET", target), "the handshake")).slice(1));
        await soon(ask("POST", `${target}&sid=${sid}`, "40"), "the POST");
        assert.match(await soon(ask("GET", `${target}&sid=${sid}`), "the poll"), /^40\{/);
        const last = ask("GET", `${target}&sid=${sid}`).catch((error) => error.code);
        // It has long been at the hub when others that went after it are answered.
        for (let i = 0; i < 3; ++i) assert.equal((await get(proxy, "/socket.io/socket.io.min.js")).status, 200);
        agent.destroy();
        assert.equal(await last, "ECONNRESET");
        await hub.logged(/session closed sid=\S+ reason=transport_(close|error)/);
      })));

    it("sends each client to one of several hubs, always the same", () =>
      withHubs(2, set, (...hubs) => behind(name, hubs, async (proxy) => {
        // By polling every request may be a connection of its own. As many addresses as it takes until both hubs have some.
        const addresses = [];
        while (addresses.length < 6 || !hubs.every((hub) => remotes(hub).length > 0)) {
          const address = `127.0.${addresses.length}.${20 + addresses.length}`;
          assert.ok(addresses.push(address) < 100, "one of the hubs gets no clients");
          await withClient(proxy, "polling", async (client) => {
            assert.deepEqual(await client.acked("join_room", "lobby"), { status: "joined", room: "lobby" });
          }, address);
        }
        await Promise.all(hubs.map((hub) => hub.logged(/session opened/)));
        assert.deepEqual(hubs.flatMap(remotes).sort(), addresses.sort());
      })));

    it("sends clients of a hub that is gone to another", () =>
      withHubs(1, set, (hub) => withHubs(1, set, (gone) => gone.stop().then(() => behind(name, [gone, hub], async (proxy) => {
        // Enough addresses that some of them would have been the other hub's.
        const addresses = Array.from({ length: 6 }, (_, i) => `127.0.${i}.${30 + i}`);
        for (const address of addresses) {
          await withClient(proxy, "websocket", async (client) => {
            assert.deepEqual(await client.acked("join_room", "lobby"), { status: "joined", room: "lobby" });
          }, address);
        }
        await hub.logged(/session opened/);
        assert.deepEqual(remotes(hub).sort(), addresses.sort());
      })))));

    if (name !== "haproxy-tcp.cfg") {
      it("sends those who come without TLS to it, and shows nobody the metrics", () =>
        withHubs(1, set, (hub) => behind(name, [hub], async (proxy) => {
          const plain = await get(proxy, "/socket.io/?EIO=4&transport=polling", { secure: false });
          assert.equal(plain.status, 301);
          assert.match(plain.headers.location, /^https:\/\/127\.0\.0\.1\b.*\/socket\.io\/\?EIO=4&transport=polling$/);
          assert.equal((await get(proxy, "/metrics")).status, 404);
          assert.equal((await get(proxy, "/socket.io/socket.io.min.js")).status, 200);
        })));
    }

    // HAProxy offers browsers WebSockets inside HTTP/2 (RFC 8441), so they use them.
    if (name === "haproxy.cfg") {
      it("lets WebSockets through that come by HTTP/2", () =>
        withHubs(1, set, (hub) => behind(name, [hub], async (proxy) => {
          const session = http2.connect(proxy.url, { ca: proxy.ca });
          try {
            const settings = await soon(new Promise((resolve, reject) => session.on("error", reject).on("remoteSettings", resolve)), "settings");
            assert.equal(settings.enableConnectProtocol, true);
            const stream = session.request(
              { ":method": "CONNECT", ":protocol": "websocket", ":path": "/socket.io/?EIO=4&transport=websocket", "sec-websocket-version": "13" },
              { endStream: false },
            );
            const headers = await soon(new Promise((resolve, reject) => stream.on("error", reject).on("response", resolve)), "the answer");
            assert.equal(headers[":status"], 200);
            const first = await soon(new Promise((resolve) => stream.on("data", resolve)), "the first frame");
            assert.match(first.toString("latin1"), /^.{2,4}0\{"sid":"/);
            await hub.logged(/session opened .*transport=websocket/);
          } finally {
            session.destroy();
          }
        })));
    }

  });
}
