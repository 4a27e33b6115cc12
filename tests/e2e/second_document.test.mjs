// What the second document's families send, as text: payloads keep what the client wrote, the hub's own fields cannot be forged in
// any spelling, and each emit that asks gets exactly one acknowledgement.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startHub } from "./support/hub.mjs";
import { RAW, RawClient } from "./support/raw.mjs";
import { settings } from "./support/users.mjs";

const EXACT = [
  "1.0",
  "1e3",
  "-0",
  "12345678901234567890",
  "1e999",
  '{"b":1,"a":2,"10":3,"9":4}',
  '{"__proto__":{"x":1},"constructor":null}',
  '{"a":1,"a":2}',
  '{"":{"":[]}}',
  "[ 1.00 , [[[[null]]]] ]",
  String.raw`"\ud83d \ude00\ud83d"`,
  String.raw`"\u0061\/\u2028 é 🌍"`,
];

let hub;
before(async () => (hub = await startHub({ set: settings() })));
after(() => hub.stop());

let names = 0;
const TIME = '"timestamp":"NOW"';
const blur = (packet) => packet.replace(/"timestamp":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"/g, TIME);

for (const how of RAW) {
  // Two clients with names; `from` is the sender object of the first.
  const pair = (use) => async () => {
    const [alice, bob] = [await RawClient.connect(hub, how), await RawClient.connect(hub, how)];
    const [a, b] = [`alice ${++names}`, `bob ${names}`];
    try {
      await alice.send(`42["system:setData",{"username":"${a}","profile":{"p":1.0}}]`);
      await bob.send(`42["system:setData",{"username":"${b}","following":["${a}"]}]`);
      await alice.upToNow();
      await bob.upToNow();
      await alice.upToNow(); // followed
      await use(alice, bob, a, b, `{"id":"${alice.id}","username":"${a}","profile":{"p":1.0}}`);
    } finally {
      await alice.close();
      await bob.close();
    }
  };
  const nextOf = async (client) => blur(await client.next());

  describe(`payloads of the second document over ${how}`, () => {
    it("keep their text", pair(async (alice, bob, a, b, from) => {
      for (const text of EXACT) {
        await alice.send(
          `42["system:direct",{"x":${text},"target":"${b}","type":"t"}]`,
          `42["system:general",{"type":"t","x":${text}}]`,
          `42["system:notification",{"content":{"x":${text}},"type":"t"}]`,
        );
        assert.equal(await nextOf(bob), `42["system:direct",{"sender":${from},"x":${text},"type":"t",${TIME}}]`);
        assert.equal(await nextOf(bob), `42["system:general",{"sender":${from},"type":"t","x":${text},${TIME},"broadcast":true}]`);
        assert.equal(await nextOf(bob), `42["system:notification",{"sender":${from},"type":"t","content":{"x":${text}},${TIME}}]`);
        assert.equal(await nextOf(alice), `42["system:directSent",{"success":true,"target":"${b}",${TIME}}]`);
        assert.equal(await nextOf(alice), `42["system:generalSent",{"success":true,"originalMessage":{"type":"t","x":${text}},${TIME}}]`);
        assert.equal(await nextOf(alice), `42["system:notificationSent",{"success":true,"recipientCount":1,${TIME}}]`);
      }
    }));

    it("keep the text of profiles and of custom fields' names", pair(async (alice, bob, a, b) => {
      for (const text of EXACT) {
        await alice.send(`42["system:setData",{"z":${text},"profile":{"x":${text}},"\\u0071":1}]`, `42["system:direct",{"target":"${b}","type":"t"}]`);
        assert.equal(await nextOf(alice), `42["system:dataSet",{"success":true,"updatedFields":["profile","z","\\u0071"],${TIME}}]`);
        await alice.next();
        const from = `{"id":"${alice.id}","username":"${a}","profile":{"x":${text}}}`;
        assert.equal(await nextOf(bob), `42["system:direct",{"sender":${from},"type":"t",${TIME}}]`);
        await bob.send('42["system:clients"]');
        const list = await bob.next();
        assert.ok(list.includes(`"following":[],"profile":{"x":${text}}}`), list.slice(0, 1000));
        assert.ok(!list.includes('"z":'), "custom fields are for plugins alone");
      }
    }));

    it("carry the hub's own fields once, whatever the client sends and however it spells it", pair(async (alice, bob, a, b, from) => {
      const forged = String.raw`"sender":{"id":"x"},"\u0073ender":1,"sende\u0072":null,"time\u0073tamp":"1970","timestamp":0,"broadcast":false,"\u0062roadcast":7`;
      await alice.send(
        `42["system:direct",{${forged},"target":"${b}","type":"t","\\u0074arget":"${b}",${forged}}]`,
        `42["system:general",{${forged},"type":"t",${forged}}]`,
        `42["system:notification",{${forged},"type":"t","content":{},"targets":["${b}"],${forged}}]`,
        `42["system:typingStop",{${forged},"target":"${b}","isTyping":true}]`,
      );
      assert.equal(await nextOf(bob), `42["system:direct",{"sender":${from},"type":"t",${TIME}}]`);
      assert.equal(await nextOf(bob), `42["system:general",{"sender":${from},"type":"t",${TIME},"broadcast":true}]`);
      assert.equal(await nextOf(bob), `42["system:notification",{"sender":${from},"type":"t","content":{},${TIME}}]`);
      assert.equal(await nextOf(bob), `42["system:typingUpdate",{"sender":${from},"isTyping":false,${TIME}}]`);
      await alice.next();
      assert.equal(await nextOf(alice), `42["system:generalSent",{"success":true,"originalMessage":{${forged},"type":"t",${forged}},${TIME}}]`);
    }));

    it("have each field once: the last of equal names counts, where the first stood", pair(async (alice, bob, a, b, from) => {
      await alice.send(
        `42["system:direct",{"type":5,"x":1,"target":"nobody","typ\\u0065":"t","x":2.0,"target":"${b}"}]`,
        `427["system:direct",{"type":"t","target":"${b}","target":"nobody"}]`,
        `428["system:direct",{"target":"${b}","type":"t","type":null}]`,
      );
      assert.equal(await nextOf(bob), `42["system:direct",{"sender":${from},"type":"t","x":2.0,${TIME}}]`);
      await alice.send(
        '42["system:general",{"type":5,"x":1,"type":"t","x":{"y":1,"y":2},"\\u0078":3.0}]',
        `42["system:notification",{"type":5,"content":[],"targets":5,"type":"t","content":{"a":1,"a":2},"targets":["${b}"]}]`,
        `42["system:typingStop",{"target":"nobody","target":"${b}"}]`,
        `42["system:setData",{"username":5,"profile":[],"z":1,"username":"${a}","profile":{"p":2.0},"z":2}]`,
      );
      const answers = (await alice.upToNow()).map(blur);
      assert.equal(await nextOf(bob), `42["system:general",{"sender":${from},"type":"t","x":3.0,${TIME},"broadcast":true}]`);
      assert.equal(await nextOf(bob), `42["system:notification",{"sender":${from},"type":"t","content":{"a":1,"a":2},${TIME}}]`);
      assert.equal(await nextOf(bob), `42["system:typingUpdate",{"sender":${from},"isTyping":false,${TIME}}]`);
      assert.equal(answers.at(-1), `42["system:dataSet",{"success":true,"updatedFields":["username","profile","z"],${TIME}}]`);
      // The target as it was sent.
      await alice.send(`429["system:direct",{"target":"${b.replace("b", "\\u0062")}","type":"t"}]`);
      assert.ok((await alice.upToNow()).at(-1).includes(`"target":"${b.replace("b", "\\u0062")}"`));
      assert.match(await bob.next(), /"type":"t"/);
      assert.deepEqual(answers.filter((packet) => packet.startsWith("437")), [`437[{"success":false,"target":"nobody","reason":"User not found",${TIME}}]`]);
      assert.match(answers.find((packet) => packet.startsWith("438")), /INVALID_FORMAT/);
      assert.deepEqual(await bob.upToNow(), []);
    }));

    it("take no name that is no text", pair(async (alice, bob, a, b) => {
      const lone = String.raw`\ud83d`;
      const requests = [
        `["system:setData",{"username":"${lone}"}]`,
        `["system:setData",{"username":"${b}${lone}"}]`,
        `["system:setData",{"following":["${lone}"]}]`,
        `["system:direct",{"target":"${b}${lone}","type":"t"}]`,
        `["system:typingStart",{"target":"${lone}"}]`,
        `["system:typingStop",{"target":"${lone}"}]`,
        `["system:notification",{"type":"t","content":{},"targets":["${lone}"]}]`,
      ];
      for (const request of requests) {
        await alice.send("42" + request);
        const packets = await alice.upToNow();
        const errors = packets.filter((packet) => packet.startsWith('42["system:error"'));
        assert.equal(errors.length, 1, request);
        assert.match(errors[0], /"INVALID_FORMAT"/);
        assert.equal(packets.length, request.includes("setData") ? 2 : 1);
      }
      await alice.send(`42["system:direct",{"target":"${b}","type":"${lone}"}]`); // a type is only passed on
      assert.match(await bob.next(), /"type":"\\ud83d"/);
      await alice.send(`42["system:direct",{"target":"${b.replace("b", "\\u0062")}","type":"t"}]`);
      assert.match(await bob.next(), /"type":"t"/);
    }));

    it("that are binary as a whole are refused", pair(async (alice, bob, a, b) => {
      const disguised = (event, rest) => `451-["${event}",{"_placeholder":true,"num":0,${rest}}]`;
      const requests = [
        disguised("system:direct", `"target":"${b}","type":"t"`),
        disguised("system:general", '"type":"t"'),
        disguised("system:notification", `"type":"t","content":{},"targets":["${b}"]`),
        disguised("system:setData", '"username":"x"'),
        `451-["system:setData",{"profile":{"_placeholder":true,"num":0,"x":1}}]`,
        `451-["system:notification",{"type":"t","content":{"_placeholder":true,"num":0}}]`,
      ];
      for (const request of requests) {
        if (alice.ws) {
          alice.ws.send(request);
          alice.ws.sendBinary(Buffer.from("x"));
        } else {
          await alice.polling.post([request, "beA=="].join("\x1e"));
        }
        assert.ok((await alice.upToNow()).some((packet) => packet.includes("INVALID_FORMAT")), request);
      }
      assert.deepEqual(await bob.upToNow(), []);
    }));
  });

  describe(`acknowledgements of the second document over ${how}`, () => {
    const cases = (b) => [
      ['["system:setData",{"profile":{}}]', "system:dataSet"],
      ['["system:setData",5]', "system:dataSet"],
      ['["system:setData",{"username":"' + b + '"}]', "system:dataSet"],
      ['["system:clients"]', "system:clients"],
      ['["system:general",{"type":"t"}]', "system:generalSent"],
      ['["system:general",{}]'],
      ['["system:direct",{"target":"' + b + '","type":"t"}]', "system:directSent"],
      ['["system:direct",{"target":"nobody","type":"t"}]', "system:directSent"],
      ['["system:direct"]'],
      ['["system:typingStart",{"target":"' + b + '"}]'],
      ['["system:typingStart",{"target":"' + b + '"}]'],
      ['["system:typingStart",{"target":"nobody"}]'],
      ['["system:typingStop",{"target":"' + b + '"}]'],
      ['["system:typingStop",null]'],
      ['["system:notification",{"type":"t","content":{},"targets":[]}]', "system:notificationSent"],
      ['["system:notification",{"type":"t","content":{}}]', "system:notificationSent"],
      ['["system:notification",{"type":"t"}]'],
    ];
    it("come exactly once, with the object of the event that confirms, or none", pair(async (alice, bob, a, b) => {
      for (const number of [0, 123456]) {
        for (const [request, event] of cases(b)) {
          await alice.send(`42${number}${request}`);
          const packets = await alice.upToNow();
          const acks = packets.filter((packet) => packet.startsWith("43"));
          assert.equal(acks.length, 1, request);
          const [ack, ...more] = JSON.parse(acks[0].slice(`43${number}`.length));
          assert.deepEqual(more, []);
          const events = packets.filter((packet) => packet.startsWith("42")).map((packet) => JSON.parse(packet.slice(2)));
          const errors = events.filter(([name]) => name === "system:error");
          const confirming = events.filter(([name]) => name !== "system:error");
          assert.deepEqual(confirming, event ? [[event, ack]] : [], request);
          if (!event) assert.deepEqual(ack, errors.length ? { status: "error", ...errors[0][1] } : { status: "ok" });
          assert.equal(packets.length, 1 + confirming.length + errors.length);
        }
      }
    }));

    it("do not come unasked", pair(async (alice, bob, a, b) => {
      await alice.send(...cases(b).map(([request]) => "42" + request));
      const packets = await alice.upToNow();
      assert.deepEqual(packets.filter((packet) => !packet.startsWith("42[")), []);
      assert.deepEqual(
        packets.map((packet) => JSON.parse(packet.slice(2))[0]).filter((name) => name !== "system:error"),
        cases(b).flatMap(([, event]) => event ?? []),
      );
    }));
  });
}
