// Clients behind proxies: whose address counts, by headers and by the PROXY protocol, and that nobody can forge it.
import assert from "node:assert/strict";
import http from "node:http";
import net from "node:net";
import { after, describe, it } from "node:test";
import { Polling, rawTcp, request } from "./protocol/raw.mjs";
import { Client, HOW } from "./support/clients.mjs";
import { runHub, soon, startHub } from "./support/hub.mjs";

const CLIENT = "203.0.113.9"; // of a test client, as its proxy says
const SIGNATURE = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");

const servers = new Set();
after(() => {
  for (const server of servers) server.close();
});

async function listening(server) {
  servers.add(server);
  await soon(new Promise((resolve) => server.listen(0, "127.0.0.1", resolve)), "the proxy to listen");
  const { port } = server.address();
  return { port, url: `http://127.0.0.1:${port}` };
}

// An HTTP proxy that sets these headers, as nginx would.
function httpProxy(hub, headers) {
  const server = http.createServer((req, res) => {
    const onward = { host: "127.0.0.1", port: hub.port, method: req.method, path: req.url, headers: { ...req.headers, ...headers(req) } };
    const out = http.request(onward, (answer) => {
      res.writeHead(answer.statusCode, answer.headers);
      answer.pipe(res);
    });
    out.on("error", () => res.destroy());
    res.on("close", () => out.destroy());
    req.pipe(out);
  });
  server.on("upgrade", (req, socket, early) => {
    const lines = Object.entries({ ...req.headers, ...headers(req) }).map(([name, value]) => `${name}: ${value}\r\n`);
    tunnel(hub, socket, [`GET ${req.url} HTTP/1.1\r\n${lines.join("")}\r\n`, early]);
  });
  return listening(server);
}

// A proxy that looks at nothing and begins each connection with these bytes.
function tcpProxy(hub, header) {
  return listening(net.createServer((socket) => tunnel(hub, socket, [header])));
}

function tunnel(hub, socket, first) {
  const out = net.connect(hub.port, "127.0.0.1");
  for (const bytes of first) out.write(bytes);
  socket.pipe(out).pipe(socket);
  for (const [one, other] of [[socket, out], [out, socket]]) one.on("error", () => other.destroy()).on("close", () => other.destroy());
}

function version2({ command = 1, family = 0x11, block = [], tlvs = [] } = {}) {
  const rest = Buffer.concat([Buffer.from(block), ...tlvs.map(([type, value]) => Buffer.concat([Buffer.from([type, 0, value.length]), Buffer.from(value)]))]);
  return Buffer.concat([SIGNATURE, Buffer.from([0x20 | command, family, rest.length >> 8, rest.length & 255]), rest]);
}
const V4 = [203, 0, 113, 9, 127, 0, 0, 1, 0x9c, 0x40, 0x0b, 0xb8];
const V6 = [...Buffer.from("20010db8000000000000000000000009", "hex"), ...Buffer.alloc(16), 0x9c, 0x40, 0x0b, 0xb8];

// Addresses of the sessions opened so far.
const remotes = (hub) => [...hub.log.matchAll(/session opened .*remote=(\S+)/g)].map((found) => found[1]);

// Connects through `url`, talks, and gives the address that the hub knows the session by.
async function addressSeen(hub, url, how, options = {}) {
  const known = remotes(hub).length;
  const client = await Client.connect({ url }, how, options);
  try {
    client.tell("message", { hello: how });
    await client.gets(["message", { from: client.id, data: { hello: how } }]);
    await hub.logged(new RegExp(`(?:session opened [^]*?){${known + 1}}\\n`));
    assert.equal(remotes(hub).length, known + 1);
    return remotes(hub)[known];
  } finally {
    client.close();
  }
}

async function withHub(set, use) {
  const hub = await startHub({ set: { "log.level": "debug", "plugins.enabled": "messaging", ...set } });
  try {
    await use(hub);
  } finally {
    await hub.stop();
  }
}

describe("X-Forwarded-For", () => {
  for (const how of HOW) {
    it(`of a trusted proxy is the client's address (${how})`, () =>
      withHub({ "server.trusted_proxies": "127.0.0.1" }, async (hub) => {
        const proxy = await httpProxy(hub, () => ({ "x-forwarded-for": CLIENT, "x-forwarded-proto": "https" }));
        assert.equal(await addressSeen(hub, proxy.url, how), CLIENT);
      }));
  }

  it("names the last one who is not a trusted proxy, whatever a client put before", () =>
    withHub({ "server.trusted_proxies": "127.0.0.0/8, 10.0.0.0/8, fd00::/8" }, async (hub) => {
      // As $proxy_add_x_forwarded_for does.
      const proxy = await httpProxy(hub, (req) => ({ "x-forwarded-for": `${req.headers["x-forwarded-for"] ?? ""}, ${CLIENT}, 10.1.2.3, [fd00::1]:443` }));
      const forged = { extraHeaders: { "X-Forwarded-For": "198.51.100.1, 127.0.0.1" } };
      assert.equal(await addressSeen(hub, proxy.url, "websocket", forged), CLIENT);
      assert.equal(await addressSeen(hub, proxy.url, "polling", forged), CLIENT);
    }));

  for (const [list, expected] of [
    ["2001:DB8::9", "2001:db8::9"],
    ["::ffff:203.0.113.9", CLIENT],
    ["garbage", "127.0.0.1"],
    ["", "127.0.0.1"],
  ]) {
    it(`"${list}" makes it ${expected}`, () =>
      withHub({ "server.trusted_proxies": "127.0.0.1" }, async (hub) => {
        const proxy = await httpProxy(hub, () => ({ "x-forwarded-for": list }));
        assert.equal(await addressSeen(hub, proxy.url, "websocket"), expected);
      }));
  }

  for (const trusted of ["", "10.0.0.0/8"]) {
    it(`means nothing where ${trusted || "nobody"} is trusted`, () =>
      withHub({ "server.trusted_proxies": trusted }, async (hub) => {
        for (const how of HOW) assert.equal(await addressSeen(hub, hub.url, how, { extraHeaders: { "X-Forwarded-For": CLIENT } }), "127.0.0.1");
      }));
  }
});

describe("the PROXY protocol", () => {
  const on = { "server.trusted_proxies": "127.0.0.1", "server.proxy_protocol": "on" };
  const headers = {
    "version 1": `PROXY TCP4 ${CLIENT} 127.0.0.1 40000 3000\r\n`,
    "version 2": version2({ block: V4, tlvs: [[1, "h2"], [0x20, [1, 0, 0, 0, 0]]] }),
  };
  for (const [name, header] of Object.entries(headers)) {
    for (const how of HOW) {
      it(`tells the client's address (${name}, ${how})`, () =>
        withHub(on, async (hub) => {
          const proxy = await tcpProxy(hub, header);
          // What the client says itself is not asked, since its address is not trusted.
          assert.equal(await addressSeen(hub, proxy.url, how, { extraHeaders: { "X-Forwarded-For": "198.51.100.1" } }), CLIENT);
        }));
    }
  }

  for (const [name, header, expected] of [
    ["version 1, IPv6", "PROXY TCP6 2001:db8::9 ::1 40000 3000\r\n", "2001:db8::9"],
    ["version 2, IPv6", version2({ family: 0x21, block: V6 }), "2001:db8::9"],
    ["version 1, UNKNOWN", "PROXY UNKNOWN\r\n", "127.0.0.1"],
    ["version 2, LOCAL", version2({ command: 0, family: 0 }), "127.0.0.1"],
    ["version 2, UNIX", version2({ family: 0x31, block: Buffer.alloc(216) }), "127.0.0.1"],
  ]) {
    it(`${name}: ${expected}`, () =>
      withHub(on, async (hub) => {
        const proxy = await tcpProxy(hub, header);
        assert.equal(await addressSeen(hub, proxy.url, "websocket"), expected);
      }));
  }

  const GET = `GET ${Polling.path({})} HTTP/1.1\r\nHost: hub\r\n\r\n`;
  it("a connection without its header is closed without an answer", () =>
    withHub(on, async (hub) => {
      for (const bytes of [GET, `PROXY TCP4 1.2.3.4\r\n${GET}`, `PROXY ${"x".repeat(200)}`, Buffer.concat([SIGNATURE, Buffer.from([0x21, 0x11, 255, 255])])]) {
        assert.equal(await rawTcp(hub.port, bytes), "");
      }
      await hub.logged(/PROXY header missing.*peer=127\.0\.0\.1/);
      assert.deepEqual(remotes(hub), []);
    }));

  it("a header that does not come in time ends the connection", () =>
    withHub({ ...on, "http.header_timeout": "200ms" }, async (hub) => {
      assert.equal(await rawTcp(hub.port, "PROXY TCP4 "), "");
      assert.equal(await rawTcp(hub.port, ""), "");
    }));

  it("from others than trusted proxies nothing is taken", () =>
    withHub({ ...on, "server.trusted_proxies": "10.0.0.0/8" }, async (hub) => {
      assert.equal(await rawTcp(hub.port, `PROXY TCP4 10.0.0.1 127.0.0.1 1 1\r\n${GET}`), "");
      await hub.logged(/not from one of \[server\] trusted_proxies peer=127\.0\.0\.1/);
      assert.deepEqual(remotes(hub), []);
    }));

  it("cannot be turned on without proxies to trust", async () => {
    const { code, stderr } = await runHub({ args: ["--check"], ini: "[server]\nproxy_protocol = on\n" });
    assert.equal(code, 1);
    assert.match(stderr, /\[server\] proxy_protocol = "on": expected false, or trusted_proxies to name the proxies/);
  });
});

describe("a body for nobody", () => {
  it("is refused before it comes, as the engine would", () =>
    withHub({}, async (hub) => {
      const sid = "A".repeat(20);
      const answer = await rawTcp(hub.port, `POST ${Polling.path({ sid })} HTTP/1.1\r\nHost: hub\r\nContent-Length: 900000\r\n\r\n`);
      assert.match(answer, /^HTTP\/1\.1 400 /);
      assert.match(answer, /\r\nConnection: close\r\n/i);
      assert.ok(answer.endsWith('\r\n\r\n{"code":1,"message":"Session ID unknown"}'), answer);
      const small = await request(hub.port, { method: "POST", path: Polling.path({ sid }), body: "2" });
      assert.deepEqual([small.status, small.body], [400, '{"code":1,"message":"Session ID unknown"}']);
    }));
});
