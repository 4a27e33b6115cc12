// system:typingStart and system:typingStop: what the target sees, timeouts and departures included.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startHub } from "./support/hub.mjs";
import { Client, HOW, quiet, withClients } from "./support/clients.mjs";
import { startReloadable } from "./support/reloads.mjs";
import { NOW, fresh, gets, name, refusedPlainly, sender, settings, withUsers } from "./support/users.mjs";

const LONG = 3_600_000;
const SHORT = 400;
const OK = { status: "ok" };

let slow; // nothing times out
let quick;
before(async () => {
  slow = await startHub({ set: settings({ "plugin.typing.timeout": `${LONG}ms` }) });
  quick = await startHub({ set: settings({ "plugin.typing.timeout": `${SHORT}ms` }) });
});
after(async () => {
  await slow.stop();
  await quick.stop();
});

const update = (client, username, isTyping, profile) => ({ sender: sender(client, username, profile), isTyping, timestamp: NOW });
const start = async (client, target) => assert.deepStrictEqual(await client.acked("system:typingStart", { target }), OK);
const stop = async (client, target) => assert.deepStrictEqual(await client.acked("system:typingStop", { target }), OK);

for (const how of HOW) {
  const users = (hub, count, use) => () => withUsers(hub(), how, count, use);

  describe(`typing over ${how}`, () => {
    it("tells the target alone, and is acknowledged", users(() => slow, 3, async ([alice, a], [bob, b], [carol]) => {
      await name(alice, a, { profile: { x: [1] } });
      await start(alice, b);
      await gets(bob, "system:typingUpdate", update(alice, a, true, { x: [1] }));
      await stop(alice, b);
      await gets(bob, "system:typingUpdate", update(alice, a, false, { x: [1] }));
      alice.tell("system:typingStart", { target: b, sender: "forged", isTyping: false, extra: Buffer.from("x") }, "ignored");
      await gets(bob, "system:typingUpdate", update(alice, a, true, { x: [1] }));
      alice.tell("system:typingStop", { target: b });
      await gets(bob, "system:typingUpdate", update(alice, a, false, { x: [1] }));
      await quiet(alice, bob, carol);
    }));

    it("a repeated start tells nothing new, a stop always does", users(() => slow, 2, async ([alice, a], [bob, b]) => {
      await stop(alice, b);
      await gets(bob, "system:typingUpdate", update(alice, a, false));
      for (let i = 0; i < 5; ++i) await start(alice, b);
      await gets(bob, "system:typingUpdate", update(alice, a, true));
      await quiet(alice, bob);
      for (let i = 0; i < 2; ++i) await stop(alice, b);
      for (let i = 0; i < 2; ++i) await gets(bob, "system:typingUpdate", update(alice, a, false));
      await start(alice, b);
      await gets(bob, "system:typingUpdate", update(alice, a, true));
      await quiet(alice, bob);
    }));

    it("is of a typist and a target, each pair by itself", users(() => slow, 3, async ([alice, a], [bob, b], [carol, c]) => {
      await start(alice, b);
      await start(alice, c);
      await start(carol, b);
      await gets(bob, "system:typingUpdate", update(alice, a, true));
      await gets(carol, "system:typingUpdate", update(alice, a, true));
      await gets(bob, "system:typingUpdate", update(carol, c, true));
      await stop(alice, b);
      await gets(bob, "system:typingUpdate", update(alice, a, false));
      await start(alice, c);
      await start(carol, b);
      await quiet(alice, bob, carol);
      await start(alice, a); // oneself
      await gets(alice, "system:typingUpdate", update(alice, a, true));
    }));

    it("who says nothing more has stopped, after the timeout", users(() => quick, 3, async ([alice, a], [bob, b], [carol, c]) => {
      const began = Date.now();
      await start(alice, b);
      await gets(bob, "system:typingUpdate", update(alice, a, true));
      await gets(bob, "system:typingUpdate", update(alice, a, false));
      const took = Date.now() - began;
      assert.ok(took >= SHORT - 5 && took < SHORT + 2_000, `${took} ms`);
      // Each target has a timeout of its own, which a repeated start puts off.
      await start(alice, b);
      await start(alice, c);
      await gets(bob, "system:typingUpdate", update(alice, a, true));
      await gets(carol, "system:typingUpdate", update(alice, a, true));
      let last = 0;
      const until = Date.now() + 2.5 * SHORT;
      while (Date.now() < until) {
        last = Date.now();
        await start(alice, c);
        await new Promise((resolve) => setTimeout(resolve, SHORT / 8));
      }
      await gets(bob, "system:typingUpdate", update(alice, a, false));
      await gets(carol, "system:typingUpdate", update(alice, a, false));
      assert.ok(Date.now() - last >= SHORT - 5, "the timeout counts from the last start");
      // What was stopped does not stop again.
      await start(alice, b);
      await stop(alice, b);
      for (const isTyping of [true, false]) await gets(bob, "system:typingUpdate", update(alice, a, isTyping));
      await start(alice, c);
      for (const isTyping of [true, false]) await gets(carol, "system:typingUpdate", update(alice, a, isTyping));
      await quiet(alice, bob, carol);
    }));

    it("who disconnects has stopped, everywhere at once", users(() => slow, 4, async ([alice, a], [bob, b], [carol, c], [dave, d]) => {
      const gone = sender(alice, a);
      for (const target of [b, c, d]) await start(alice, target);
      await stop(alice, d);
      for (const client of [bob, carol, dave]) await gets(client, "system:typingUpdate", { sender: gone, isTyping: true, timestamp: NOW });
      await gets(dave, "system:typingUpdate", { sender: gone, isTyping: false, timestamp: NOW });
      alice.close();
      for (const client of [bob, carol]) await gets(client, "system:typingUpdate", { sender: gone, isTyping: false, timestamp: NOW });
      await quiet(bob, carol, dave);
    }));

    it("goes on for a target that takes another name, and not for who takes its old one", users(() => quick, 3, async ([alice, a], [bob, b], [carol]) => {
      const renamed = fresh();
      await start(alice, b);
      await gets(bob, "system:typingUpdate", update(alice, a, true));
      await name(bob, renamed);
      await name(carol, b);
      await start(alice, b); // somebody else now
      await gets(carol, "system:typingUpdate", update(alice, a, true));
      for (const client of [bob, carol]) await gets(client, "system:typingUpdate", update(alice, a, false));
      await quiet(alice, bob, carol);
    }));

    it("says who the typist is by then", users(() => quick, 2, async ([alice, a], [bob, b]) => {
      await start(alice, b);
      await gets(bob, "system:typingUpdate", update(alice, a, true));
      const renamed = fresh();
      await name(alice, renamed, { profile: { new: true } });
      await gets(bob, "system:typingUpdate", update(alice, renamed, false, { new: true }));
      await quiet(alice, bob);
    }));

    it("survives a target that leaves", users(() => quick, 3, async ([alice, a], [bob, b], [carol]) => {
      await start(alice, b);
      await gets(bob, "system:typingUpdate", update(alice, a, true));
      for (const client of [carol, bob]) await client.acked("join_room", b);
      await carol.holds(2);
      carol.inbox.length = 0;
      const { id } = bob;
      bob.close();
      await carol.gets(["room_left", { room: b, sid: id }]);
      for (const event of ["system:typingStart", "system:typingStop"]) await refusedPlainly(alice, "TARGET_NOT_FOUND", event, { target: b });
      const again = await Client.connect(quick, how);
      await name(again, b);
      await start(alice, b); // a new session: it is told
      for (const isTyping of [true, false]) await gets(again, "system:typingUpdate", update(alice, a, isTyping));
      again.close();
    }));

    it("needs its form, then a username, then a target", () => withClients(slow, how, 2, async (alice, bob) => {
      const b = fresh();
      await name(bob, b);
      const wrong = [[], [null], [b], [5], [[b]], [Buffer.from("x")], [{}]];
      for (const target of [null, "", 5, true, [b], {}, Buffer.from(b)]) wrong.push([{ target }]);
      for (const event of ["system:typingStart", "system:typingStop"]) {
        for (const args of wrong) await refusedPlainly(alice, "INVALID_FORMAT", event, ...args);
        await refusedPlainly(alice, "NO_USERNAME", event, { target: b });
        await refusedPlainly(alice, "NO_USERNAME", event, { target: "nobody" });
      }
      await name(alice, fresh());
      for (const event of ["system:typingStart", "system:typingStop"]) {
        for (const args of wrong) await refusedPlainly(alice, "INVALID_FORMAT", event, ...args);
        for (const target of ["nobody", " ", "x".repeat(100), bob.id]) await refusedPlainly(alice, "TARGET_NOT_FOUND", event, { target });
      }
      await quiet(alice, bob);
    }));
  });
}

describe("one who types to too many at once", () => {
  it("has stopped for the one not spoken of for the longest time", async () => {
    const MOST = 100;
    const alice = await Client.connect(slow);
    const a = fresh();
    await name(alice, a);
    const targets = [];
    for (let i = 0; i <= MOST; ++i) {
      const client = await Client.connect(slow);
      targets.push([client, fresh()]);
      await name(...targets.at(-1));
    }
    for (const [, target] of targets.slice(0, MOST)) await start(alice, target);
    await start(alice, targets[0][1]); // spoken of again
    await start(alice, targets[MOST][1]);
    for (const [i, [client]] of targets.entries()) {
      await gets(client, "system:typingUpdate", update(alice, a, true));
      if (i === 1) await gets(client, "system:typingUpdate", update(alice, a, false));
    }
    await quiet(alice, ...targets.map(([client]) => client));
    for (const [client] of targets) client.close();
    alice.close();
  });
});

describe("typists, over a reload", { concurrency: true }, () => {
  const FAMILIES = ["messaging", "users", "typing"];
  const site = (timeout, use) => async () => {
    const site = await startReloadable(FAMILIES, { "plugin.typing": { timeout: `${timeout}ms` } });
    await withUsers(site.hub, "websocket", 3, (...users) => use(site, ...users));
    await site.stop();
  };
  const sees = (bob, alice, a, isTyping) => gets(bob, "system:typingUpdate", update(alice, a, isTyping));

  it("stop by themselves, by the timeout that holds then", site(LONG, async (site, [alice, a], [bob, b], [carol, c]) => {
    await start(alice, b);
    await start(alice, c);
    await start(carol, b);
    await stop(alice, c);
    for (const isTyping of [true, false]) await sees(carol, alice, a, isTyping);
    for (const [typist, name] of [[alice, a], [carol, c]]) await sees(bob, typist, name, true);
    await site.changed("typing", { timeout: `${LONG - 1}ms` });
    await start(alice, b); // it has told so already
    await quiet(alice, bob, carol);
    await site.changed("typing", { timeout: `${SHORT}ms` });
    await bob.holds(2);
    const told = bob.inbox.splice(0).map(([event, { sender, isTyping }]) => [event, sender.username, isTyping]);
    assert.deepStrictEqual(told.sort(), [a, c].sort().map((username) => ["system:typingUpdate", username, false]));
    await quiet(alice, bob, carol);
  }));

  it("have stopped when they leave", site(LONG, async (site, [alice, a], [bob, b]) => {
    await start(alice, b);
    await sees(bob, alice, a, true);
    await site.changed("typing", { timeout: `${LONG - 1}ms` });
    const gone = sender(alice, a);
    alice.close();
    await gets(bob, "system:typingUpdate", { sender: gone, isTyping: false, timestamp: NOW });
  }));

  it("stop by themselves also when a new version could not take over", site(5_000, async (site, [alice, a], [bob, b]) => {
    await start(alice, b);
    await sees(bob, alice, a, true);
    await site.failed("typing");
    await sees(bob, alice, a, false);
    await quiet(alice, bob);
  }));
});
