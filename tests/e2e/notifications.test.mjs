// system:notification: to those named, or to all followers.
import { after, before, describe, it } from "node:test";
import { startHub } from "./support/hub.mjs";
import { HOW, quiet, withClients } from "./support/clients.mjs";
import { NOW, confirmed, fresh, gets, name, refusedPlainly, sender, settings, withUsers } from "./support/users.mjs";

let hub;
before(async () => (hub = await startHub({ set: settings() })));
after(() => hub.stop());

for (const how of HOW) {
  const users = (count, use) => () => withUsers(hub, how, count, use);
  const notify = (client, data, recipientCount) =>
    confirmed(client, "system:notification", data, "system:notificationSent", { success: true, recipientCount, timestamp: NOW });
  const follow = async (client, following) => {
    await confirmed(client, "system:setData", { following }, "system:dataSet", { success: true, updatedFields: ["following"], timestamp: NOW });
  };

  describe(`system:notification over ${how}`, () => {
    it("goes to those of the targets that are online, each once", users(4, async ([alice, a], [bob, b], [carol, c], [dave]) => {
      await name(alice, a, { profile: { p: 1 } });
      const content = { message: "hi", n: 1, list: [null] };
      const received = { sender: sender(alice, a, { p: 1 }), type: "friendRequest", content, timestamp: NOW };
      await notify(alice, { type: "friendRequest", content, targets: [b, c, b, "nobody", "", "x".repeat(100)] }, 2);
      for (const client of [bob, carol]) await gets(client, "system:notification", received);
      await notify(alice, { type: "friendRequest", content, targets: [b] }, 1);
      await gets(bob, "system:notification", received);
      await notify(alice, { type: "t", content: {}, targets: [] }, 0);
      await notify(alice, { type: "t", content: {}, targets: ["nobody"] }, 0);
      await quiet(alice, bob, carol, dave);
      alice.tell("system:notification", { targets: [a], content: {}, type: "self" });
      await gets(alice, "system:notification", { sender: sender(alice, a, { p: 1 }), type: "self", content: {}, timestamp: NOW });
      await gets(alice, "system:notificationSent", { success: true, recipientCount: 1, timestamp: NOW });
      await quiet(alice, bob, carol, dave);
    }));

    it("counts spellings of one name once", users(2, async ([alice, a], [bob]) => {
      const stem = fresh();
      await name(bob, `${stem}\u00e9`);
      await notify(alice, { type: "t", content: {}, targets: [`${stem}e\u0301`, `${stem}\u00e9`] }, 1);
      await gets(bob, "system:notification", { sender: sender(alice, a), type: "t", content: {}, timestamp: NOW });
      await quiet(alice, bob);
    }));

    it("without targets goes to all followers that are online", () => withClients(hub, how, 5, async (alice, bob, carol, dave, eve) => {
      const [a, b, c, e] = [fresh(), fresh(), fresh(), fresh()];
      await name(alice, a);
      await name(bob, b, { following: [a, "x"] });
      await name(carol, c, { following: ["x", a, a] });
      await name(eve, e, { following: [b] });
      for (const username of [b, c]) await gets(alice, "system:followed", { username, timestamp: NOW });
      await gets(bob, "system:followed", { username: e, timestamp: NOW });
      const notification = { sender: sender(alice, a), type: "t", content: { x: 1 }, timestamp: NOW };
      await notify(alice, { type: "t", content: { x: 1 } }, 2);
      for (const client of [bob, carol]) await gets(client, "system:notification", notification);
      await quiet(alice, bob, carol, dave, eve);
      await follow(carol, ["x"]);
      await notify(alice, { type: "t", content: { x: 1 } }, 1);
      await gets(bob, "system:notification", notification);
      // Who follows a name follows whoever has it.
      const renamed = fresh();
      await name(alice, renamed);
      await notify(alice, { type: "t", content: {} }, 0);
      await name(dave, a);
      await notify(dave, { type: "t", content: {} }, 1);
      await gets(bob, "system:notification", { sender: sender(dave, a), type: "t", content: {}, timestamp: NOW });
      await quiet(alice, bob, carol, dave, eve);
      await eve.acked("join_room", "w");
      await bob.acked("join_room", "w");
      await eve.holds(2);
      eve.inbox.length = 0;
      const { id } = bob;
      bob.close();
      await eve.gets(["room_left", { room: "w", sid: id }]);
      await notify(dave, { type: "t", content: {} }, 0);
      await quiet(alice, carol, dave, eve);
    }));

    it("carries type and content alone, binary too", users(2, async ([alice, a], [bob, b]) => {
      const content = { file: Buffer.from("f"), sender: "kept", timestamp: 1, deep: [Buffer.alloc(0)] };
      await notify(alice, { extra: Buffer.from("dropped"), sender: { id: "forged" }, timestamp: "forged", broadcast: true, content, type: "t", targets: [b] }, 1);
      await gets(bob, "system:notification", { sender: sender(alice, a), type: "t", content, timestamp: NOW });
      await quiet(alice, bob);
    }));

    it("needs its form, then a username", () => withClients(hub, how, 2, async (alice, bob) => {
      const b = fresh();
      await name(bob, b);
      const good = { type: "t", content: {}, targets: [b] };
      const wrong = [[], [null], ["t"], [5], [[good]], [Buffer.from("x")], [{}], [{ type: "t" }], [{ content: {} }]];
      for (const type of [null, "", 5, true, [], {}, Buffer.from("t")]) wrong.push([{ ...good, type }]);
      for (const content of [null, "", "text", 5, true, [], [{}], Buffer.from("c")]) wrong.push([{ ...good, content }]);
      for (const targets of [null, "", b, 5, true, {}, [5], [b, null], [b, [b]], [b, Buffer.from("x")], Buffer.from("x")]) wrong.push([{ ...good, targets }]);
      for (const args of wrong) await refusedPlainly(alice, "INVALID_FORMAT", "system:notification", ...args);
      await refusedPlainly(alice, "NO_USERNAME", "system:notification", good);
      await refusedPlainly(alice, "NO_USERNAME", "system:notification", { ...good, targets: [] });
      await name(alice, fresh());
      for (const args of wrong) await refusedPlainly(alice, "INVALID_FORMAT", "system:notification", ...args);
      await quiet(alice, bob);
    }));
  });
}
