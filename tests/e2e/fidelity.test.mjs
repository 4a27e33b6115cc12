// What the families send, as text: payloads keep the text that the client wrote, fields their order, and each emit that asks gets
// exactly one acknowledgement.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startHub } from "./support/hub.mjs";
import { RAW, RawClient } from "./support/raw.mjs";

// Texts that JavaScript would not write this way, or not give back.
const EXACT = [
  "1.0",
  "1e3",
  "1E+3",
  "-0",
  "-0.0",
  "0.10",
  "12345678901234567890",
  "18446744073709551616",
  "-9223372036854775809",
  "1e999",
  "3.141592653589793238462643383279502884197",
  '{"b":1,"a":2,"10":3,"9":4}',
  '{"__proto__":{"x":1},"constructor":null,"toString":[]}',
  '{"a":1,"a":2}',
  '{"":{"":[]}}',
  "[[[[[[[[[[1.00]]]]]]]]]]",
];
// Strings: what they mean counts.
const MEANT = [
  String.raw`"\ud83d"`,
  String.raw`"\udc00 \ud83d\ude00 \ude00\ud83d"`,
  String.raw`"\u0000\u001f\u007f\u2028"`,
  String.raw`"\"\\\/\b\f\n\r\t"`,
  String.raw`{"\u0061\ud800":"\u00e9"}`,
  '"é 世界 🌍 \u007f \u2028"',
];

let hub;
before(async () => (hub = await startHub({ set: { "limits.events_per_second": 0 } })));
after(() => hub.stop());

// The JSON behind a packet's digits, and the digits.
const split = (packet) => /^(\d+(?:-)?\d*)(.*)$/s.exec(packet).slice(1);

for (const how of RAW) {
  const pair = (use) => async () => {
    const alice = await RawClient.connect(hub, how);
    const bob = await RawClient.connect(hub, how);
    try {
      await use(alice, bob);
    } finally {
      await alice.close();
      await bob.close();
    }
  };

  describe(`payloads over ${how}`, () => {
    it("numbers keep their digits and objects their order", pair(async (alice, bob) => {
      await bob.send('42["join_room","r"]');
      assert.equal(await bob.next(), `42["room_joined",{"room":"r","sid":"${bob.id}"}]`);
      for (const text of EXACT) {
        await alice.send(`42["message",${text}]`, `42["broadcast",${text}]`, `42["room_message",{"message":${text},"room":"r"}]`);
        assert.deepEqual(await bob.take(3), [
          `42["message",{"from":"${alice.id}","data":${text}}]`,
          `42["broadcast",{"from":"${alice.id}","data":${text}}]`,
          `42["room_message",{"from":"${alice.id}","room":"r","message":${text}}]`,
        ]);
        assert.equal(await alice.next(), `42["message",{"from":"${alice.id}","data":${text}}]`);
      }
    }));

    it("strings keep their meaning", pair(async (alice, bob) => {
      await bob.send('42["join_room","r"]');
      await bob.next();
      for (const text of MEANT) {
        await alice.send(`42["broadcast",${text}]`, `42["room_message",{"room":"r","message":${text}}]`);
        const [broadcast, message] = (await bob.take(2)).map((packet) => JSON.parse(packet.slice(2)));
        assert.deepEqual(broadcast, ["broadcast", { from: alice.id, data: JSON.parse(text) }], text);
        assert.deepEqual(message, ["room_message", { from: alice.id, room: "r", message: JSON.parse(text) }], text);
      }
    }));

    it("white space around values does not matter", pair(async (alice, bob) => {
      await alice.send('427[ "message" ,\t{ "a" :\n[ 1 , 2 ] }  ] ');
      const packets = await alice.take(2);
      for (const packet of [packets[0], await bob.next()]) {
        assert.deepEqual(JSON.parse(packet.slice(2)), ["message", { from: alice.id, data: { a: [1, 2] } }]);
      }
      assert.equal(packets[1], `437[{"status":"received","sid":"${alice.id}"}]`);
    }));

    it("names are compared by what they mean, and the last of equal ones counts", pair(async (alice, bob) => {
      await bob.send(String.raw`420["join\u005froom","\u0072oom"]`);
      const [joined, ack] = await bob.take(2);
      assert.deepEqual(JSON.parse(joined.slice(2)), ["room_joined", { room: "room", sid: bob.id }]);
      assert.deepEqual(JSON.parse(ack.slice(3)), [{ status: "joined", room: "room" }]);
      await alice.send(String.raw`421["room_message",{"ro\u006fm":"elsewhere","room":"roo\u006d","message":1,"m\u0065ssage":2.0}]`);
      assert.deepEqual(JSON.parse((await alice.next()).slice(3)), [{ status: "sent", room: "room" }]);
      const [digits, json] = split(await bob.next());
      assert.equal(digits, "42");
      assert.deepEqual(JSON.parse(json), ["room_message", { from: alice.id, room: "room", message: 2 }]);
      assert.match(json, /"message":2\.0\}/);
    }));

    it("rooms whose names are no text do not fall together", pair(async (alice, bob) => {
      await bob.send(String.raw`42["join_room","\ud83d"]`);
      await bob.next();
      await alice.send(String.raw`42["room_message",{"room":"\ud83e","message":1}]`, String.raw`42["room_message",{"room":"\ufffd","message":1}]`, '42["broadcast",0]');
      assert.equal(await bob.next(), `42["broadcast",{"from":"${alice.id}","data":0}]`);
    }));
  });

  describe(`acknowledgements over ${how}`, () => {
    it("come exactly once, behind what the event emits, with the client's number", pair(async (alice) => {
      const me = alice.id;
      const error = (code) => `42["system:error",{"code":"${code}","message":"…"}]`;
      const cases = [
        ['42N["message"]', [`42["message",{"from":"${me}","data":null}]`, `43N[{"status":"received","sid":"${me}"}]`]],
        ['42N["broadcast",1]', ['43N[{"status":"broadcasted"}]']],
        ['42N["join_room","a"]', [`42["room_joined",{"room":"a","sid":"${me}"}]`, '43N[{"status":"joined","room":"a"}]']],
        ['42N["join_room","a"]', ['43N[{"status":"joined","room":"a"}]']],
        ['42N["room_message",{"room":"a","message":1}]', ['43N[{"status":"sent","room":"a"}]']],
        ['42N["leave_room","a"]', ['43N[{"status":"left","room":"a"}]']],
        ['42N["leave_room","a"]', ['43N[{"status":"left","room":"a"}]']],
        ['42N["room_message",{"room":"a"}]', [error("INVALID_FORMAT"), '43N[{"status":"error","message":"Missing room or message"}]']],
        ['42N["join_room",""]', [error("INVALID_FORMAT"), '43N[{"status":"error","code":"INVALID_FORMAT","message":"…"}]']],
        ['42N["no_such_event"]', [error("UNKNOWN_EVENT"), '43N[{"status":"error","code":"UNKNOWN_EVENT","message":"…"}]']],
        ['42N["ping"]', [`43N[{"status":"pong","sid":"${me}"}]`]],
        ['42N["client-ping"]', ['42["client-pong",{"timestamp":"…"}]', '43N[{"timestamp":"…"}]']],
      ];
      const blur = (packet) => packet.replace(/("code":"\w+","message":|"timestamp":)"[^"]+"/g, '$1"…"');
      for (const number of [0, 7, 123456]) {
        for (const [request, answers] of cases) {
          await alice.send(request.replace("N", number));
          const packets = await alice.upToNow();
          const expected = answers.map((answer) => answer.replace("43N", `43${number}`)).sort();
          assert.deepEqual(packets.map(blur).sort(), expected, request);
          // Refusals may tell in either order; what succeeds is acknowledged last.
          if (!request.includes("no_such") && !packets.some((packet) => packet.includes("system:error"))) {
            assert.ok(packets.at(-1).startsWith(`43${number}[`), request);
          }
        }
      }
    }));

    it("do not come unasked", pair(async (alice) => {
      const me = alice.id;
      await alice.send(
        '42["message",1]',
        '42["broadcast",1]',
        '42["join_room","a"]',
        '42["room_message",{"room":"a","message":1}]',
        '42["leave_room","a"]',
        '42["ping"]',
        '42["client-ping"]',
        '42["no_such_event"]',
        '42["room_message",{}]',
      );
      const packets = await alice.upToNow();
      assert.deepEqual(packets.filter((packet) => packet.startsWith("43")), []);
      assert.deepEqual(packets.map((packet) => JSON.parse(packet.slice(2))[0]), ["message", "room_joined", "client-pong", "system:error", "system:error"]);
      assert.equal(packets[0], `42["message",{"from":"${me}","data":1}]`);
    }));
  });

  describe(`attachments over ${how}`, () => {
    it("that the event does not pass on are left out, the others numbered anew", pair(async (alice, bob) => {
      await bob.send('42["join_room","r"]');
      await bob.next();
      const blob = (n) => `{"_placeholder":true,"num":${n}}`;
      const bytes = ["AAAA", "BBBB", "CCCC"]; // base64 of the attachments, each another
      const header = `453-["room_message",{"other":${blob(0)},"message":[${blob(2)},{"x":${blob(1)}}],"room":"r"},${blob(0)}]`;
      if (alice.ws) {
        alice.ws.send(header);
        bytes.forEach((each) => alice.ws.sendBinary(Buffer.from(each, "base64")));
      } else {
        await alice.polling.post([header, ...bytes.map((each) => "b" + each)].join("\x1e"));
      }
      const [packet, json] = split(await bob.next());
      assert.equal(packet, "452-");
      const [event, payload] = JSON.parse(json);
      assert.equal(event, "room_message");
      const frames = [];
      for (let i = 0; i < 2; ++i) {
        if (bob.ws) frames.push((await bob.ws.frame()).payload.toString("base64"));
        else frames.push((await bob.next()).slice(1));
      }
      assert.deepEqual(Object.keys(payload), ["from", "room", "message"]);
      const [first, { x: second }] = payload.message;
      assert.deepEqual([frames[first.num], frames[second.num]], ["CCCC", "BBBB"]);
    }));
  });
}
