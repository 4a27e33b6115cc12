// The Socket.IO protocol document (revision 5), sentence by sentence: each MUST is a case against the running hub, written from the
// document. Where the document is silent, what unmodified clients depend on.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startHub } from "../support/hub.mjs";
import { OPCODE, Polling, RawWebSocket, soon } from "./raw.mjs";

let hub;
before(async () => {
  hub = await startHub({
    set: {
      "server.namespaces": "/, /custom",
      "plugin.messaging.namespaces": "/, /custom",
      "engine.connect_timeout": "1s",
    },
  });
});
after(() => hub.stop());

const open = () => RawWebSocket.open(hub.port);
const joined = () => RawWebSocket.joined(hub.port);
// The hub closes the connection on `packets` (text, or bytes for binary frames).
async function isFatal(ws, ...packets) {
  for (const packet of packets) {
    if (typeof packet === "string") ws.send(packet);
    else ws.sendBinary(packet);
  }
  const code = await soon(ws.closed(), `the end after ${JSON.stringify(packets)}`);
  assert.ok(code === null || code === undefined, `closed with ${code} after ${JSON.stringify(packets)}`);
}

describe("Connection to a namespace", () => {
  it("answers CONNECT with the socket's id", async () => {
    const ws = await open();
    ws.send("40");
    assert.match(await ws.text(), /^40\{"sid":"[A-Za-z0-9_-]{20}"\}$/);
    ws.destroy();
  });
  it("answers CONNECT to a custom namespace in its name, with ids of their own", async () => {
    const ws = await joined();
    ws.send("40/custom,");
    const answer = await ws.text();
    assert.match(answer, /^40\/custom,\{"sid":"[A-Za-z0-9_-]{20}"\}$/);
    assert.ok(!answer.includes(ws.id));
    ws.destroy();
  });
  it("takes the name without its comma, and a payload with it", async () => {
    for (const packet of ["40/custom", '40/custom,{"token":"123"}', "40/custom,{}"]) {
      const ws = await open();
      ws.send(packet);
      assert.match(await ws.text(), /^40\/custom,\{"sid"/);
      ws.destroy();
    }
  });
  it("does not connect to / by itself", async () => {
    const ws = await open();
    ws.send("40/custom,");
    await ws.text();
    await isFatal(ws, '42["message",1]');
  });
  it("answers CONNECT_ERROR for a namespace it does not have, and the client may go on", async () => {
    const ws = await open();
    for (const name of ["/random", "/custom/deeper", "/Custom", "/custom?token=abc", "/__proto__"]) {
      ws.send(`40${name},`);
      assert.equal(await ws.text(), `44${name},{"message":"Invalid namespace"}`);
    }
    ws.send("40");
    assert.match(await ws.text(), /^40\{"sid"/);
    ws.destroy();
  });
  it("closes the connection at once when something else comes before CONNECT", async () => {
    await isFatal(await open(), '42["message",1]');
    await isFatal(await open(), '421["message",1]');
    await isFatal(await open(), "430[]");
    await isFatal(await open(), '42/custom,["message",1]');
    await isFatal(await open(), "41");
  });
  it("closes the connection when no CONNECT comes in time", async () => {
    const ws = await open();
    assert.ok([null, undefined].includes(await ws.closed()));
    const session = await Polling.open(hub.port);
    await session.get();
    assert.ok(await session.isGone());
  });
  it("closes on a second CONNECT to the same namespace, and on payloads that are no object", async () => {
    await isFatal(await joined(), "40");
    for (const payload of ["[]", '"x"', "1", "true", "{", '{"a":}', "{} {}"]) await isFatal(await open(), `40${payload}`);
  });
  it("works the same by polling", async () => {
    const session = await Polling.open(hub.port);
    await session.post("40\x1e40/custom,");
    assert.match(await session.next(), /^40\{"sid"/);
    assert.match(await session.next(), /^40\/custom,\{"sid"/);
  });
});

describe("Sending and receiving data", () => {
  it("delivers in the namespace, in every one alike", async () => {
    const ws = await joined();
    ws.send("40/custom,");
    const custom = JSON.parse((await ws.text()).slice("40/custom,".length)).sid;
    ws.send('42["message","main"]');
    assert.equal(await ws.text(), `42["message",{"from":"${ws.id}","data":"main"}]`);
    ws.send('42/custom,["message","custom"]');
    assert.equal(await ws.text(), `42/custom,["message",{"from":"${custom}","data":"custom"}]`);
    ws.destroy();
  });
  it("closes the connection when the payload is not a non-empty array that begins with a name", async () => {
    for (const packet of [
      "42",
      "42[]",
      "42{}",
      '42"message"',
      "42null",
      '42["message"',
      '42["message",}',
      '42["message"] ["x"]',
      "42[null]",
      "42[{}]",
      '42[["message"]]',
      "42[true]",
      "42,[\"message\"]",
    ]) {
      await isFatal(await joined(), packet);
    }
  });
  it("closes the connection on names that mean something else", async () => {
    for (const name of ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener", "\\u0063onnect"]) {
      await isFatal(await joined(), `42["${name}"]`);
    }
  });
  it("takes a number for a name: it is an event nobody handles", async () => {
    const ws = await joined();
    ws.send("427[5]");
    const packets = [await ws.text(), await ws.text()].sort();
    assert.match(packets[0], /^42\["system:error",\{"code":"UNKNOWN_EVENT","message":".+"\}\]$/);
    assert.match(packets[1], /^437\[\{"status":"error","code":"UNKNOWN_EVENT","message":".+"\}\]$/);
    ws.destroy();
  });
  it("closes the connection on packets of no type, of the server's types, and on none", async () => {
    for (const packet of ["47", "49[]", "4x", '44{"message":"x"}', "4-", "4 2"]) await isFatal(await joined(), packet);
  });
  it("delivers binary with its placeholders, attachments behind", async () => {
    const ws = await joined();
    ws.send('452-["message",{"a":{"_placeholder":true,"num":0},"b":[{"_placeholder":true,"num":1}]}]');
    ws.sendBinary([1, 2]);
    ws.sendBinary([3, 4]);
    assert.equal(
      await ws.text(),
      `452-["message",{"from":"${ws.id}","data":{"a":{"_placeholder":true,"num":0},"b":[{"_placeholder":true,"num":1}]}}]`,
    );
    assert.deepEqual([...(await ws.frame()).payload], [1, 2]);
    assert.deepEqual([...(await ws.frame()).payload], [3, 4]);
    ws.destroy();
  });
  it("closes the connection when attachments are not what was announced", async () => {
    const placeholder = '{"_placeholder":true,"num":0}';
    await isFatal(await joined(), `451-["message",${placeholder}]`, '42["message",1]');
    await isFatal(await joined(), [1, 2, 3]);
    await isFatal(await joined(), `450-["message"]`);
    await isFatal(await joined(), `4511-["message",${placeholder}]`);
    await isFatal(await joined(), `451["message",${placeholder}]`);
    await isFatal(await joined(), `45-["message",${placeholder}]`);
    await isFatal(await joined(), `4599999999999999999999-["message",${placeholder}]`);
    for (const bad of ['{"_placeholder":true,"num":1}', '{"_placeholder":true,"num":-1}', '{"_placeholder":true,"num":"0"}', '{"_placeholder":true}', '{"_placeholder":true,"num":0.5}']) {
      await isFatal(await joined(), `451-["message",${bad}]`, [1]);
    }
  });
  it("takes a placeholder in a packet without attachments for the plain data it is", async () => {
    const ws = await joined();
    ws.send('42["message",{"_placeholder":true,"num":7}]');
    assert.equal(await ws.text(), `42["message",{"from":"${ws.id}","data":{"_placeholder":true,"num":7}}]`);
    ws.destroy();
  });
  it("closes the connection on JSON nested too deeply, and only that connection", async () => {
    const bystander = await joined();
    const deep = 100_000;
    await isFatal(await joined(), `42["message",${"[".repeat(deep)}${"]".repeat(deep)}]`);
    await isFatal(await joined(), `40/custom,${'{"a":'.repeat(500)}1${"}".repeat(500)}`);
    bystander.send('42["message","fine"]');
    assert.match(await bystander.text(), /fine/);
    bystander.destroy();
  });
});

describe("Acknowledgement", () => {
  it("answers with the same id, in the namespace of the event", async () => {
    const ws = await joined();
    ws.send("40/custom,");
    const custom = JSON.parse((await ws.text()).slice("40/custom,".length)).sid;
    for (const id of [0, 12, 999999, 9007199254740991]) {
      ws.send(`42${id}["message",1]`);
      await ws.text();
      assert.equal(await ws.text(), `43${id}[{"status":"received","sid":"${ws.id}"}]`);
      ws.send(`42/custom,${id}["message",1]`);
      await ws.text();
      assert.equal(await ws.text(), `43/custom,${id}[{"status":"received","sid":"${custom}"}]`);
    }
    ws.destroy();
  });
  it("answers events with binary too", async () => {
    const ws = await joined();
    ws.send('451-14["message",{"_placeholder":true,"num":0}]');
    ws.sendBinary([9]);
    assert.match(await ws.text(), /^451-\["message"/);
    assert.equal((await ws.frame()).opcode, OPCODE.binary);
    assert.equal(await ws.text(), `4314[{"status":"received","sid":"${ws.id}"}]`);
    ws.destroy();
  });
  it("ignores acknowledgements that nobody asked for", async () => {
    const ws = await joined();
    ws.send('4399["what"]');
    ws.send('461-99[{"_placeholder":true,"num":0}]');
    ws.sendBinary([1]);
    ws.send('42["message","alive"]');
    assert.match(await ws.text(), /alive/);
    ws.destroy();
  });
  it("closes the connection on acknowledgements without an array or an id", async () => {
    for (const packet of ["431", "431{}", '431"x"', "43[]", "43"]) await isFatal(await joined(), packet);
  });
  it("closes the connection on an id that is no safe integer", async () => {
    await isFatal(await joined(), '4299999999999999999999["message",1]');
  });
});

describe("Disconnection from a namespace", () => {
  it("keeps the connection for the other namespaces", async () => {
    const ws = await joined();
    ws.send("40/custom,");
    await ws.text();
    ws.send("41/custom,");
    ws.send('42["message","main lives"]');
    assert.match(await ws.text(), /main lives/);
    ws.destroy();
  });
  it("takes the name without its comma", async () => {
    const ws = await joined();
    ws.send("40/custom,");
    await ws.text();
    ws.send("41/custom");
    ws.send("40/custom,");
    assert.match(await ws.text(), /^40\/custom,\{"sid"/);
    ws.destroy();
  });
  it("lets the client come back to the namespace, with a new id", async () => {
    const ws = await joined();
    ws.send("41");
    ws.send("40");
    const again = JSON.parse((await ws.text()).slice(2)).sid;
    assert.notEqual(again, ws.id);
    ws.destroy();
  });
  it("delivers nothing to a namespace that was left", async () => {
    const [leaver, other] = [await joined(), await joined()];
    leaver.send("40/custom,");
    await leaver.text();
    leaver.send("41");
    // An answer in the other namespace shows that the DISCONNECT has been taken.
    leaver.send('42/custom,1["message","marker"]');
    await leaver.text();
    await leaver.text();
    other.send('42["message","to those who are here"]');
    await other.text();
    leaver.send('42/custom,["message","second marker"]');
    assert.match(await leaver.text(), /second marker/);
    leaver.destroy();
    other.destroy();
  });
});
