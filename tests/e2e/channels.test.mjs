// Channels: paths that a plugin serves by itself, to the official engine.io-client and to bare WebSockets.
import assert from "node:assert/strict";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { Socket as EngineSocket } from "engine.io-client";
import { OPCODE, RawWebSocket, request } from "./protocol/raw.mjs";
import { Client } from "./support/clients.mjs";
import { BUILD, runHub, soon, startHub } from "./support/hub.mjs";

const EXAMPLES = path.join(BUILD, "examples");
const devices = (set = {}) =>
  startHub({ set: { "plugins.directory": EXAMPLES, "plugins.enabled": "devices", ...set } });

// A device with Engine.IO. `next()`: its next message.
async function engine(hub, options) {
  const socket = new EngineSocket(`http://127.0.0.1:${hub.port}`, { path: "/devices/", ...options });
  socket.binaryType = "nodebuffer";
  const messages = [];
  const waiting = [];
  socket.on("message", (data) => (waiting.length > 0 ? waiting.shift()(data) : messages.push(data)));
  socket.closed = new Promise((resolve) => socket.on("close", resolve));
  socket.next = () =>
    messages.length > 0 ? messages.shift() : soon(new Promise((resolve) => waiting.push(resolve)), "a message");
  await soon(once(socket, "open"), "open");
  return socket;
}
const bare = (hub, options = {}) => RawWebSocket.connect(hub.port, { path: "/raw-devices/7?key=x", ...options });
// The next frame that is no ping.
async function data(ws) {
  for (;;) {
    const frame = await ws.frame();
    if (frame?.opcode !== OPCODE.ping) return frame;
  }
}

let hub;
before(async () => {
  hub = await devices({ "engine.max_http_buffer_size": "100000", "limits.max_queued_bytes": "300000", "limits.bytes_per_second": 0, "limits.events_per_second": 0, "log.level": "debug" });
});
after(() => hub?.stop());

describe("a channel of Engine.IO", () => {
  for (const transports of [["polling"], ["websocket"], ["polling", "websocket"]]) {
    it(`echoes text and bytes over ${transports.join(", then ")}`, async () => {
      const device = await engine(hub, { transports });
      if (transports.length > 1) await soon(once(device, "upgrade"), "the upgrade");
      for (const message of ["hello", "4", "größe\u2028", "x".repeat(50_000)]) {
        device.send(message);
        assert.equal(await device.next(), message);
      }
      for (const bytes of [Buffer.from([0, 1, 2, 255]), Buffer.alloc(0), Buffer.alloc(50_000, 7)]) {
        device.send(bytes);
        assert.deepEqual(Buffer.from(await device.next()), bytes);
      }
      device.send("bye");
      assert.equal(await device.closed, "transport close");
    });
  }

  it("keeps the order through an upgrade", async () => {
    const device = await engine(hub, { transports: ["polling", "websocket"] });
    for (let i = 0; i < 200; ++i) {
      device.send(String(i));
      if (i % 20 === 0) await new Promise(setImmediate);
    }
    for (let i = 0; i < 200; ++i) assert.equal(await device.next(), String(i));
    device.close();
  });

  it("is no Socket.IO, and its sessions are nobody else's", async () => {
    const answer = await request(hub.port, { path: "/devices/?EIO=4&transport=polling" });
    const { sid } = JSON.parse(answer.body.slice(1));
    const elsewhere = await request(hub.port, { path: `/socket.io/?EIO=4&transport=polling&sid=${sid}` });
    assert.equal(elsewhere.status, 400);
    assert.equal(JSON.parse(elsewhere.body).code, 1);
    assert.equal((await request(hub.port, { path: "/devices/?EIO=3&transport=polling" })).status, 400);
    assert.equal((await request(hub.port, { path: "/devices/" })).status, 400);
    assert.equal((await request(hub.port, { path: "/devices" })).status, 404);
  });

  it("closes who sends too much at once, and who sends packets that are none", async () => {
    const big = await RawWebSocket.connect(hub.port, { path: "/devices/?EIO=4&transport=websocket" });
    big.sendFrame(OPCODE.text, "4" + "x".repeat(100_001));
    assert.equal(await big.closed(), 1009);
    const odd = await RawWebSocket.connect(hub.port, { path: "/devices/?EIO=4&transport=websocket" });
    odd.send("x");
    assert.equal(await odd.closed(), null);
  });
});

describe("a channel of plain WebSocket", () => {
  it("echoes messages as they are", async () => {
    const device = await bare(hub);
    assert.equal(device.status, 101);
    for (const text of ["hello", "", "2", "4x", "b64", "größe", "x".repeat(70_000)]) {
      device.send(text);
      const frame = await data(device);
      assert.equal(frame.opcode, OPCODE.text);
      assert.equal(frame.payload.toString(), text);
    }
    device.sendBinary([0, 255, 1]);
    const frame = await data(device);
    assert.equal(frame.opcode, OPCODE.binary);
    assert.deepEqual([...frame.payload], [0, 255, 1]);
    device.sendFrame(OPCODE.text, "in ", { fin: false });
    device.sendFrame(OPCODE.ping, "there?");
    device.sendFrame(OPCODE.continuation, "two");
    const [one, two] = [await data(device), await data(device)];
    assert.deepEqual([one.opcode, two.opcode].sort((a, b) => a - b), [OPCODE.text, OPCODE.pong]);
    assert.deepEqual([one.payload.toString(), two.payload.toString()].sort(), ["in two", "there?"]);
    device.send("bye");
    const close = await data(device);
    assert.equal(close.opcode, OPCODE.close);
    assert.equal(close.payload.readUInt16BE(0), 1000);
    assert.equal(close.payload.subarray(2).toString(), "as you wish");
    device.destroy();
  });

  it("answers a close with the client's code, or with none", async () => {
    for (const [payload, code] of [[Buffer.from([0x0f, 0xa1]), 4001], [Buffer.alloc(0), null]]) {
      const device = await bare(hub);
      device.sendFrame(OPCODE.close, payload);
      assert.equal(await device.closed(), code);
    }
  });

  it("closes who breaks the rules, with the code for it", async () => {
    const cases = [
      [1002, (ws) => ws.sendFrame(OPCODE.text, "x", { masked: false })],
      [1002, (ws) => ws.sendFrame(OPCODE.text, "x", { rsv: 4 })],
      [1002, (ws) => ws.sendFrame(OPCODE.continuation, "x")],
      [1002, (ws) => ws.sendFrame(11, "x")],
      [1002, (ws) => ws.sendFrame(OPCODE.ping, "x".repeat(126))],
      [1007, (ws) => ws.sendFrame(OPCODE.text, Buffer.from([0xc3, 0x28]))],
      [1009, (ws) => ws.sendFrame(OPCODE.binary, "", { length: 100_001 })],
      [1009, (ws) => ws.sendFrame(OPCODE.binary, "", { length: 2 ** 40 })],
    ];
    for (const [code, offend] of cases) {
      const device = await bare(hub);
      offend(device);
      assert.equal(await device.closed(), code, offend.toString());
    }
  });

  it("takes messages that come with the request", async () => {
    const device = await bare(hub, { early: RawWebSocket.frame(OPCODE.text, "early") });
    assert.equal((await data(device)).payload.toString(), "early");
    device.destroy();
  });

  it("says what it wants of other requests", async () => {
    for (const method of ["GET", "POST", "DELETE"]) {
      const answer = await request(hub.port, { method, path: "/raw-devices/", body: method === "POST" ? "x" : undefined });
      assert.equal(answer.status, 426);
      assert.equal(answer.headers.upgrade, "websocket");
      assert.equal(answer.headers["sec-websocket-version"], "13");
    }
    const old = await bare(hub, { headers: { "Sec-WebSocket-Version": "8" } });
    assert.equal(old.status, 426);
  });

  it("closes who does not read", async () => {
    const device = await bare(hub);
    device.socket.pause();
    const chunk = Buffer.alloc(60_000, 7);
    const gone = new Promise((resolve) => device.socket.on("close", resolve).on("error", resolve));
    // The socket is paused, so that its end shows only in what can be written.
    const write = () => {
      if (device.socket.destroyed) return;
      device.sendFrame(OPCODE.binary, chunk, {});
      setImmediate(write);
    };
    write();
    await soon(gone, "the end of who does not read");
    await hub.logged(/session closed sid=\S+ reason=queue_full/);
  });
});

describe("heartbeat and rates of channels", () => {
  it("pings by frames, and closes who does not answer", async () => {
    const quick = await devices({ "engine.ping_interval": "100ms", "engine.ping_timeout": "300ms" });
    try {
      const [alive, dead] = [await bare(quick), await bare(quick)];
      const end = dead.closed();
      for (let pings = 0; pings < 8; ++pings) {
        const frame = await alive.frame();
        assert.equal(frame.opcode, OPCODE.ping);
        alive.sendFrame(OPCODE.pong, frame.payload);
      }
      assert.equal(await end, 1008);
      alive.send("still here");
      assert.equal((await data(alive)).payload.toString(), "still here");
      const device = await engine(quick, { transports: ["websocket"] });
      await new Promise((resolve) => device.transport.ws.once("message", resolve));
      device.send("too");
      assert.equal(await device.next(), "too");
      device.close();
      alive.destroy();
    } finally {
      await quick.stop();
    }
  });

  it("reads who sends too fast later, and loses nothing", async () => {
    const slow = await devices({ "limits.events_per_second": 200, "limits.events_burst": 20 });
    try {
      const device = await bare(slow);
      const begin = Date.now();
      for (let i = 0; i < 100; ++i) device.send(String(i));
      for (let i = 0; i < 100; ++i) assert.equal((await data(device)).payload.toString(), String(i));
      device.send("last");
      assert.equal((await data(device)).payload.toString(), "last");
      assert.ok(Date.now() - begin >= 390, `${Date.now() - begin} ms for 101 messages at 200 a second, 20 at once`);
      const flood = await bare(slow);
      const end = flood.closed();
      flood.socket.write(Buffer.concat(Array.from({ length: 400 }, () => RawWebSocket.frame(OPCODE.text, "x"))));
      assert.equal(await end, 1008);
      device.destroy();
    } finally {
      await slow.stop();
    }
  });

  it("counts with the other sessions in what is limited", async () => {
    const small = await devices({ "limits.max_sessions": 2 });
    try {
      const one = await bare(small);
      const two = await engine(small, { transports: ["websocket"] });
      assert.equal((await bare(small)).status, 403);
      assert.equal((await request(small.port, { path: "/socket.io/?EIO=4&transport=polling" })).status, 403);
      one.destroy();
      two.close();
    } finally {
      await small.stop();
    }
  });
});

describe("the end", () => {
  it("tells both forms that the server goes", async () => {
    const going = await devices();
    const plain = await bare(going);
    const engines = [await engine(going, { transports: ["websocket"] }), await engine(going, { transports: ["polling"] })];
    const ends = [plain.closed(), ...engines.map((each) => each.closed)];
    await going.stop();
    assert.deepEqual(await Promise.all(ends), [1001, "transport close", "transport close"]);
  });

  it("refuses a channel where Socket.IO is", async () => {
    const { code, stderr } = await runHub({
      set: { "plugins.directory": EXAMPLES, "plugins.enabled": "devices", "server.path": "/devices/" },
      args: ["--check"],
    });
    assert.notEqual(code, 0);
    assert.match(stderr, /the channel '\/devices\/' overlaps with the path of Socket\.IO, '\/devices\/'/);
  });
});

describe("a plugin in quarantine", () => {
  it("gets no messages: who sends one, or comes, is closed, until it is reloaded", async () => {
    const own = await startHub({
      set: {
        "plugins.directory": path.join(BUILD, "tests/bad_plugins/built"),
        "plugins.enabled": "channels",
        "plugins.quarantine": true,
        "plugins.quarantine_limit": 3,
      },
    });
    try {
      const plain = () => RawWebSocket.connect(own.port, { path: "/plain/" });
      const [stays, polls] = [await plain(), new EngineSocket(own.url, { path: "/engine/", transports: ["polling"] })];
      await soon(once(polls, "open"), "open");
      for (let n = 0; n < 3; ++n) {
        const failing = await plain();
        failing.send("fail");
        assert.equal(await failing.closed(), 1011);
      }
      await own.logged(/plugin channels: 3 failures .* in quarantine/);
      stays.send("hello");
      assert.equal(await stays.closed(), 1012);
      const gone = once(polls, "close");
      polls.send("hello");
      assert.equal((await soon(gone, "the close"))[0], "transport close");
      assert.equal(await (await plain()).closed(), 1012);
      process.kill(own.pid, "SIGHUP");
      await own.logged(/plugin reloaded name=channels/);
      const back = await plain();
      back.send("hello");
      assert.equal((await data(back)).payload.toString(), "hello");
      back.destroy();
    } finally {
      await own.stop();
    }
  });
});

describe("a new version of the plugin", () => {
  it("has the clients of both forms, and what the one before knew of them", async () => {
    const directory = mkdtempSync(path.join(tmpdir(), "wshub-channels-"));
    const put = (bytes) => {
      writeFileSync(path.join(directory, ".passing"), bytes);
      chmodSync(path.join(directory, ".passing"), 0o644);
      renameSync(path.join(directory, ".passing"), path.join(directory, "devices.so"));
    };
    const bytes = readFileSync(path.join(EXAMPLES, "devices.so"));
    put(bytes);
    const own = await devices({ "plugins.directory": directory, "plugins.hot_reload": true });
    try {
      const polling = await engine(own, { transports: ["polling"] });
      const websocket = await engine(own, { transports: ["websocket"] });
      const plain = await bare(own);
      // Another build id makes it another version.
      bytes[bytes.indexOf(Buffer.from("\x04\0\0\0\x14\0\0\0\x03\0\0\0GNU\0", "latin1")) + 16] ^= 255;
      put(bytes);
      await own.logged(/plugin reloaded name=devices/);
      for (const device of [polling, websocket]) {
        device.send("still there");
        assert.equal(await device.next(), "still there");
      }
      plain.send("still there");
      assert.equal((await data(plain)).payload.toString(), "still there");
      const client = await Client.connect(own, "websocket");
      assert.deepEqual(await client.socket.timeout(5000).emitWithAck("devices:tell", "all"), { told: 3 });
      assert.equal(await polling.next(), "all");
      client.socket.close();
      for (const device of [polling, websocket]) device.close();
      plain.destroy();
    } finally {
      await own.stop();
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
