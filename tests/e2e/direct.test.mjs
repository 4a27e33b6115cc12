// system:direct: who gets what, and what the sender is told.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startHub } from "./support/hub.mjs";
import { Client, HOW, quiet, withClients } from "./support/clients.mjs";
import { NOW, blurred, confirmed, fresh, gets, name, refusedPlainly, refusedWith, sender, settings, withUsers } from "./support/users.mjs";

let hub;
before(async () => (hub = await startHub({ set: settings() })));
after(() => hub.stop());

const sent = (target) => ({ success: true, target, timestamp: NOW });
const notFound = (target) => ({ success: false, target, reason: "User not found", timestamp: NOW });

for (const how of HOW) {
  const users = (count, use) => () => withUsers(hub, how, count, use);
  const direct = (client, data) => confirmed(client, "system:direct", data, "system:directSent", sent(data.target));
  const lost = (client, data) => refusedWith(client, "TARGET_NOT_FOUND", "system:direct", data, "system:directSent", notFound(data.target));

  describe(`system:direct over ${how}`, () => {
    it("reaches the target alone, with every field but target", users(3, async ([alice, a], [bob, b], [carol]) => {
      await name(alice, a, { profile: { displayName: "A", tags: [1, "x"] } });
      await direct(alice, { target: b, type: "chatMessage", message: "Hello!", nested: { target: "kept", list: [null, 1.5] }, n: null });
      await gets(bob, "system:direct", {
        sender: sender(alice, a, { displayName: "A", tags: [1, "x"] }),
        type: "chatMessage",
        message: "Hello!",
        nested: { target: "kept", list: [null, 1.5] },
        n: null,
        timestamp: NOW,
      });
      await direct(alice, { type: "last", target: b });
      await gets(bob, "system:direct", { sender: sender(alice, a, { displayName: "A", tags: [1, "x"] }), type: "last", timestamp: NOW });
      await quiet(alice, bob, carol);
    }));

    it("is confirmed without an ack too, and reaches oneself", users(2, async ([alice, a], [bob, b]) => {
      alice.tell("system:direct", { target: b, type: "t" });
      await gets(alice, "system:directSent", sent(b));
      await gets(bob, "system:direct", { sender: sender(alice, a), type: "t", timestamp: NOW });
      alice.tell("system:direct", { target: a, type: "note to self" }, "ignored", { x: 1 });
      await gets(alice, "system:direct", { sender: sender(alice, a), type: "note to self", timestamp: NOW });
      await gets(alice, "system:directSent", sent(a));
      await quiet(alice, bob);
    }));

    it("fields that are the hub's cannot be forged", users(2, async ([alice, a], [bob, b]) => {
      await direct(alice, { sender: { id: "x", username: "admin" }, timestamp: "1970", broadcast: true, target: b, type: "t", id: "kept" });
      await gets(bob, "system:direct", { sender: sender(alice, a), type: "t", id: "kept", timestamp: NOW });
      await quiet(alice, bob);
    }));

    it("carries binary", users(2, async ([alice, a], [bob, b]) => {
      const fields = { file: Buffer.from([0, 255, 1]), type: "file", parts: [{ p: Buffer.alloc(3) }, "text"], empty: Buffer.alloc(0) };
      await direct(alice, { target: b, sender: Buffer.from("dropped"), ...fields });
      await gets(bob, "system:direct", { sender: sender(alice, a), ...fields, timestamp: NOW });
      const ten = Array.from({ length: 10 }, (_, i) => Buffer.alloc(i, i));
      await direct(alice, { type: "ten", ten, target: b });
      await gets(bob, "system:direct", { sender: sender(alice, a), type: "ten", ten, timestamp: NOW });
      await quiet(alice, bob);
    }));

    it("refuses what has not its form, before anything else", () => withClients(hub, how, 2, async (alice, bob) => {
      const b = fresh();
      await name(bob, b);
      const wrong = [[], [null], ["x"], [5], [[b]], [Buffer.from("x")], [{}]];
      const good = { target: b, type: "t" };
      for (const bad of [undefined, null, "", 5, true, [], ["x"], {}, Buffer.from("x")]) {
        wrong.push([{ ...good, target: bad }], [{ ...good, type: bad }], [{ ...good, type: bad, target: "nobody" }]);
      }
      for (const args of wrong) await refusedPlainly(alice, "INVALID_FORMAT", "system:direct", ...args);
      await refusedPlainly(alice, "NO_USERNAME", "system:direct", good);
      await refusedPlainly(alice, "NO_USERNAME", "system:direct", { ...good, target: "nobody" });
      await name(alice, fresh());
      for (const args of wrong) await refusedPlainly(alice, "INVALID_FORMAT", "system:direct", ...args);
      await quiet(alice, bob);
    }));

    it("says when the target is unknown or offline", users(3, async ([alice, a], [bob, b], [carol, c]) => {
      for (const target of ["nobody", a.toUpperCase() + "?", " ", "x".repeat(1000), "__proto__", "\u0000", bob.id, 'q"\\']) {
        await lost(alice, { target, type: "t", blob: Buffer.from("x") });
      }
      await carol.acked("join_room", "w");
      await bob.acked("join_room", "w");
      await carol.holds(2);
      carol.inbox.length = bob.inbox.length = 0;
      const { id } = bob;
      bob.close();
      await carol.gets(["room_left", { room: "w", sid: id }]);
      await lost(alice, { target: b, type: "t" });
      const other = fresh();
      await name(carol, other);
      await lost(alice, { target: c, type: "t" });
      await direct(alice, { target: other, type: "t" });
      await gets(carol, "system:direct", { sender: sender(alice, a), type: "t", timestamp: NOW });
      await quiet(alice, carol);
    }));

    it("comes in the order sent, and each message says who its sender was then", users(2, async ([alice, a], [bob, b]) => {
      const renamed = fresh();
      for (let i = 0; i < 50; ++i) {
        alice.tell("system:direct", { target: b, type: "t", i });
        if (i === 24) alice.tell("system:setData", { username: renamed });
      }
      for (let i = 0; i < 50; ++i) {
        await gets(bob, "system:direct", { sender: sender(alice, i < 25 ? a : renamed), type: "t", i, timestamp: NOW });
      }
      await alice.holds(51);
      alice.inbox.length = 0;
      await quiet(alice, bob);
    }));

    it("while the target takes other names, each message is either delivered once or not found", users(2, async ([alice], [bob, b]) => {
      const other = fresh();
      const answers = [];
      for (let i = 0; i < 60; ++i) {
        bob.tell("system:setData", { username: i % 2 ? b : other });
        answers.push(alice.acked("system:direct", { target: b, type: "t", i }));
      }
      const delivered = (await Promise.all(answers)).flatMap((answer, i) => {
        assert.deepStrictEqual(blurred(answer), answer.success ? sent(b) : notFound(b));
        return answer.success ? [i] : [];
      });
      const marker = await bob.acked("system:setData", {});
      assert.ok(marker.success);
      await alice.acked("ping");
      const got = bob.inbox.filter(([event]) => event === "system:direct").map(([, payload]) => payload.i);
      assert.deepEqual(got, delivered);
      alice.inbox.length = bob.inbox.length = 0;
    }));
  });
}

describe("a target that leaves while it is written to", () => {
  it("costs nothing but its messages", async () => {
    const alice = await Client.connect(hub);
    await name(alice, fresh());
    for (let round = 0; round < 20; ++round) {
      const bob = await Client.connect(hub);
      const b = fresh();
      await name(bob, b);
      const answers = Array.from({ length: 20 }, (_, i) => {
        if (i === 10) bob.close();
        return alice.acked("system:direct", { target: b, type: "t", i });
      });
      for (const answer of await Promise.all(answers)) {
        assert.deepStrictEqual(blurred(answer), answer.success ? sent(b) : notFound(b));
      }
    }
    alice.inbox.length = 0;
    await quiet(alice);
    alice.close();
  });
});
