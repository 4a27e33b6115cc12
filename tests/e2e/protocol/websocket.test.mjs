// RFC 6455 against the running hub: what a server MUST do with frames, right ones and wrong ones.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startHub } from "../support/hub.mjs";
import { OPCODE, RawWebSocket } from "./raw.mjs";

let hub;
before(async () => {
  hub = await startHub();
});
after(() => hub.stop());

const echo = async (ws, text) => {
  ws.send(`42["message","${text}"]`);
  assert.ok((await ws.text()).includes(text));
};

describe("Opening handshake (section 4.2)", () => {
  it("answers 101 with the key's digest", async () => {
    // The example of section 1.3.
    const ws = await RawWebSocket.connect(hub.port, { key: "dGhlIHNhbXBsZSBub25jZQ==" });
    assert.equal(ws.status, 101);
    assert.equal(ws.headers["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert.equal(ws.headers.upgrade.toLowerCase(), "websocket");
    assert.equal(ws.headers.connection.toLowerCase(), "upgrade");
    assert.equal(ws.headers["sec-websocket-extensions"], undefined);
    ws.destroy();
  });
  it("takes header values in any case and among others", async () => {
    const ws = await RawWebSocket.connect(hub.port, { headers: { Upgrade: "WebSocket", Connection: "keep-alive, Upgrade" } });
    assert.equal(ws.status, 101);
    ws.destroy();
  });
  it("offers no extension, whatever the client asks for", async () => {
    const ws = await RawWebSocket.connect(hub.port, { headers: { "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits" } });
    assert.equal(ws.status, 101);
    assert.equal(ws.headers["sec-websocket-extensions"], undefined);
    ws.destroy();
  });
  it("refuses what is no WebSocket handshake", async () => {
    const cases = [
      { "Sec-WebSocket-Key": undefined },
      { "Sec-WebSocket-Key": "short" },
      { "Sec-WebSocket-Key": "not base64 at all!!!!!!!" },
      { "Sec-WebSocket-Version": "12" },
      { "Sec-WebSocket-Version": undefined },
      { Upgrade: "h2c" },
      { Upgrade: undefined },
      { Connection: "close" },
    ];
    for (const headers of cases) {
      const ws = await RawWebSocket.connect(hub.port, { headers });
      assert.ok(ws.status >= 400 && ws.status < 500, `${JSON.stringify(headers)}: ${ws.status}`);
      ws.destroy();
    }
  });
  it("names the version it speaks when the client asks for another", async () => {
    const ws = await RawWebSocket.connect(hub.port, { headers: { "Sec-WebSocket-Version": "12" } });
    assert.equal(ws.headers["sec-websocket-version"], "13");
    ws.destroy();
  });
  it("does not lose frames glued to the handshake", async () => {
    const ws = await RawWebSocket.connect(hub.port, {
      early: Buffer.concat([RawWebSocket.frame(OPCODE.text, "40"), RawWebSocket.frame(OPCODE.text, '42["message","early"]')]),
    });
    assert.match(await ws.text(), /^0\{/);
    assert.match(await ws.text(), /^40\{/);
    assert.match(await ws.text(), /early/);
    ws.destroy();
  });
});

describe("Frames (section 5)", () => {
  it("ends the connection on an unmasked frame", async () => {
    const ws = await RawWebSocket.joined(hub.port);
    ws.sendFrame(OPCODE.text, "40", { masked: false });
    assert.equal(await ws.closed(), 1002);
  });
  it("ends the connection on reserved bits and unknown opcodes", async () => {
    for (const [opcode, options] of [
      [OPCODE.text, { rsv: 4 }],
      [OPCODE.text, { rsv: 2 }],
      [OPCODE.text, { rsv: 1 }],
      [3, {}],
      [7, {}],
      [11, {}],
      [15, {}],
    ]) {
      const ws = await RawWebSocket.joined(hub.port);
      ws.sendFrame(opcode, "40", options);
      assert.equal(await ws.closed(), 1002, `opcode ${opcode} ${JSON.stringify(options)}`);
    }
  });
  it("joins fragments, with control frames between them", async () => {
    const ws = await RawWebSocket.joined(hub.port);
    ws.sendFrame(OPCODE.text, '42["message",', { fin: false });
    ws.sendFrame(OPCODE.ping, "between");
    ws.sendFrame(OPCODE.continuation, '"in ', { fin: false });
    ws.sendFrame(OPCODE.continuation, "", { fin: false });
    ws.sendFrame(OPCODE.continuation, 'pieces"]');
    const answers = [await ws.frame(), await ws.frame()].map(({ opcode, payload }) => [opcode, payload.toString()]);
    assert.ok(answers.some(([opcode, text]) => opcode === OPCODE.pong && text === "between"));
    assert.ok(answers.some(([opcode, text]) => opcode === OPCODE.text && text.includes("in pieces")));
    ws.destroy();
  });
  it("takes a frame in every possible cut", async () => {
    const ws = await RawWebSocket.joined(hub.port);
    const frame = RawWebSocket.frame(OPCODE.text, '42["message","cut"]');
    for (let cut = 1; cut < frame.length; ++cut) {
      ws.socket.write(frame.subarray(0, cut));
      await new Promise((resolve) => setImmediate(resolve));
      ws.socket.write(frame.subarray(cut));
      assert.match(await ws.text(), /cut/);
    }
    ws.destroy();
  });
  it("ends the connection on fragments out of place", async () => {
    const wrong = [
      (ws) => ws.sendFrame(OPCODE.continuation, "x"),
      (ws) => {
        ws.sendFrame(OPCODE.text, "4", { fin: false });
        ws.sendFrame(OPCODE.text, "x");
      },
      (ws) => ws.sendFrame(OPCODE.ping, "x", { fin: false }),
      (ws) => ws.sendFrame(OPCODE.close, Buffer.from([3, 232]), { fin: false }),
    ];
    for (const send of wrong) {
      const ws = await RawWebSocket.joined(hub.port);
      send(ws);
      assert.equal(await ws.closed(), 1002, String(send));
    }
  });
  it("ends the connection on a control frame above 125 bytes", async () => {
    const ws = await RawWebSocket.joined(hub.port);
    ws.sendFrame(OPCODE.ping, "x".repeat(126));
    assert.equal(await ws.closed(), 1002);
  });
  it("takes lengths in all three forms", async () => {
    const ws = await RawWebSocket.joined(hub.port);
    for (const size of [10, 125, 126, 127, 65535, 65536, 70000]) {
      const data = "y".repeat(size);
      ws.send(`42["message","${data}"]`);
      assert.ok((await ws.text()).includes(`"data":"${data}"`));
    }
    ws.destroy();
  });
  it("cannot be tricked by lengths near 2^64", async () => {
    for (const length of [2n ** 64n - 1n, 2n ** 64n - 14n, 2n ** 63n, 2n ** 63n - 1n, 2n ** 32n]) {
      const ws = await RawWebSocket.joined(hub.port);
      const head = Buffer.alloc(14);
      head[0] = 0x81;
      head[1] = 0xff;
      head.writeBigUInt64BE(length, 2);
      ws.socket.write(Buffer.concat([head, Buffer.alloc(64)]));
      assert.ok([1002, 1009].includes(await ws.closed()), String(length));
    }
  });
  it("bounds fragments by their bytes together, and empty ones cost nothing", async () => {
    const ws = await RawWebSocket.joined(hub.port);
    const empty = Buffer.concat(Array.from({ length: 1000 }, () => RawWebSocket.frame(OPCODE.continuation, "", { fin: false })));
    ws.sendFrame(OPCODE.text, '42["message","', { fin: false });
    for (let i = 0; i < 100; ++i) ws.socket.write(empty);
    ws.sendFrame(OPCODE.continuation, 'patience"]');
    assert.match(await ws.text(), /patience/);
    ws.sendFrame(OPCODE.text, "4", { fin: false });
    for (let i = 0; i < 11; ++i) ws.sendFrame(OPCODE.continuation, "x".repeat(100_000), { fin: false });
    assert.equal(await ws.closed(), 1009);
  });
});

describe("Control frames (section 5.5)", () => {
  it("answers a ping with the same bytes", async () => {
    const ws = await RawWebSocket.joined(hub.port);
    for (const payload of ["", "x", "y".repeat(125)]) {
      ws.sendFrame(OPCODE.ping, payload);
      const frame = await ws.frame();
      assert.deepEqual([frame.opcode, frame.payload.toString()], [OPCODE.pong, payload]);
    }
    ws.destroy();
  });
  it("takes an unasked pong in silence", async () => {
    const ws = await RawWebSocket.joined(hub.port);
    ws.sendFrame(OPCODE.pong, "hello");
    await echo(ws, "after the pong");
    ws.destroy();
  });
  it("answers a close frame with a close frame and ends the connection", async () => {
    for (const payload of [Buffer.alloc(0), Buffer.from([3, 232]), Buffer.concat([Buffer.from([3, 233]), Buffer.from("going")])]) {
      const ws = await RawWebSocket.joined(hub.port);
      ws.sendFrame(OPCODE.close, payload);
      assert.notEqual(await ws.closed(), undefined, "a close frame came back");
    }
  });
  it("ends the connection on a close frame that is none", async () => {
    const bad = [
      [Buffer.from([3]), 1002],
      [Buffer.from([3, 236]), 1002], // 1004
      [Buffer.from([3, 237]), 1002], // 1005 must not be sent
      [Buffer.from([3, 238]), 1002], // 1006
      [Buffer.from([0, 1]), 1002],
      [Buffer.from([3, 232, 0xff]), 1007],
    ];
    for (const [payload, code] of bad) {
      const ws = await RawWebSocket.joined(hub.port);
      ws.sendFrame(OPCODE.close, payload);
      assert.equal(await ws.closed(), code, payload.toString("hex"));
    }
  });
  it("sends nothing behind its close frame", async () => {
    const ws = await RawWebSocket.joined(hub.port);
    ws.socket.write(Buffer.concat([RawWebSocket.frame(OPCODE.close, Buffer.from([3, 232])), RawWebSocket.frame(OPCODE.text, '42["message",1]')]));
    const frames = [];
    for (let frame = await ws.frame(); frame; frame = await ws.frame()) {
      frames.push(frame.opcode);
      ws.socket.end();
    }
    assert.deepEqual(frames, [OPCODE.close]);
  });
});

describe("Text is UTF-8 (section 8.1)", () => {
  it("ends the connection with 1007 on text that is not", async () => {
    const bad = ["c0af", "eda080", "f4908080", "80", "ff", "e282", "f0808080"];
    for (const hex of bad) {
      const ws = await RawWebSocket.joined(hub.port);
      ws.sendFrame(OPCODE.text, Buffer.concat([Buffer.from('42["message","'), Buffer.from(hex, "hex"), Buffer.from('"]')]));
      assert.equal(await ws.closed(), 1007, hex);
    }
  });
  it("takes a character that is cut between fragments", async () => {
    const ws = await RawWebSocket.joined(hub.port);
    const text = Buffer.from('42["message","€𝄞"]');
    const at = text.indexOf(0xe2) + 1;
    ws.sendFrame(OPCODE.text, text.subarray(0, at), { fin: false });
    ws.sendFrame(OPCODE.continuation, text.subarray(at, at + 3), { fin: false });
    ws.sendFrame(OPCODE.continuation, text.subarray(at + 3));
    assert.match(await ws.text(), /"data":"€𝄞"/);
    ws.destroy();
  });
  it("does not wait for the rest of a text that can no longer be UTF-8", async () => {
    const ws = await RawWebSocket.joined(hub.port);
    ws.sendFrame(OPCODE.text, Buffer.from([0x34, 0xff]), { fin: false });
    assert.equal(await ws.closed(), 1007);
  });
});
