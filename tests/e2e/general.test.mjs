// system:general: to everybody else, with the sender's object and all of the message.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startHub } from "./support/hub.mjs";
import { HOW, quiet, withClients } from "./support/clients.mjs";
import { NOW, confirmed, fresh, gets, name, refusedPlainly, sender, settings, withUsers } from "./support/users.mjs";

let hub;
before(async () => (hub = await startHub({ set: settings() })));
after(() => hub.stop());

for (const how of HOW) {
  const users = (count, use) => () => withUsers(hub, how, count, use);
  const general = (client, data) =>
    confirmed(client, "system:general", data, "system:generalSent", { success: true, originalMessage: data, timestamp: NOW });

  describe(`system:general over ${how}`, () => {
    it("reaches every other client, named or not", () => withClients(hub, how, 3, async (alice, bob, carol) => {
      const [a, b] = [fresh(), fresh()];
      await name(alice, a, { profile: { displayName: "A" } });
      await name(bob, b);
      const message = { type: "announcement", message: "Hello everyone!", importance: "high", list: [1, { x: null }], target: "kept" };
      await general(alice, message);
      for (const client of [bob, carol]) {
        await gets(client, "system:general", { sender: sender(alice, a, { displayName: "A" }), ...message, timestamp: NOW, broadcast: true });
      }
      alice.tell("system:general", { type: "t" }, "ignored");
      await gets(alice, "system:generalSent", { success: true, originalMessage: { type: "t" }, timestamp: NOW });
      for (const client of [bob, carol]) {
        await gets(client, "system:general", { sender: sender(alice, a, { displayName: "A" }), type: "t", timestamp: NOW, broadcast: true });
      }
      await quiet(alice, bob, carol);
    }));

    it("fields that are the hub's cannot be forged, and the original is what was sent", users(2, async ([alice, a], [bob]) => {
      await general(alice, { sender: { id: "x" }, timestamp: 5, type: "t", broadcast: false, x: 1 });
      await gets(bob, "system:general", { sender: sender(alice, a), type: "t", x: 1, timestamp: NOW, broadcast: true });
      await quiet(alice, bob);
    }));

    it("carries binary, there and back", users(2, async ([alice, a], [bob]) => {
      const message = { type: "file", file: Buffer.from([1, 2]), deep: { er: [Buffer.alloc(0), "x", Buffer.from("y")] } };
      await general(alice, message);
      await gets(bob, "system:general", { sender: sender(alice, a), ...message, timestamp: NOW, broadcast: true });
      const forged = { sender: Buffer.from("first"), type: "t", kept: Buffer.from("second") };
      await general(alice, forged);
      await gets(bob, "system:general", { sender: sender(alice, a), type: "t", kept: forged.kept, timestamp: NOW, broadcast: true });
      await quiet(alice, bob);
    }));

    it("needs its form, then a username", () => withClients(hub, how, 2, async (alice, bob) => {
      const wrong = [[], [null], ["t"], [5], [["t"]], [Buffer.from("t")], [{}], [{ message: "x" }]];
      for (const type of [null, "", 5, true, [], ["t"], {}, Buffer.from("t")]) wrong.push([{ type, message: "x" }]);
      for (const args of wrong) await refusedPlainly(alice, "INVALID_FORMAT", "system:general", ...args);
      await refusedPlainly(alice, "NO_USERNAME", "system:general", { type: "t" });
      await name(alice, fresh());
      for (const args of wrong) await refusedPlainly(alice, "INVALID_FORMAT", "system:general", ...args);
      await quiet(alice, bob);
    }));
  });
}
