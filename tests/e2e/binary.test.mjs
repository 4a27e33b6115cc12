// A megabyte of binary goes through the families when both limits are raised.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { startHub } from "./support/hub.mjs";
import { HOW, withClients } from "./support/clients.mjs";

const MEGABYTE = 1_000_000;

let hub;
before(async () => {
  hub = await startHub({ set: { "engine.max_http_buffer_size": "4MB", "limits.max_event_bytes": "3MB", "limits.max_queued_bytes": "32MB" } });
});
after(() => hub.stop());

for (const how of HOW) {
  describe(`1 MB of binary over ${how}`, () => {
    it("comes back by message and reaches the others", () =>
      withClients(hub, how, 2, async (alice, bob) => {
        const data = { name: "blob", bytes: randomBytes(MEGABYTE) };
        assert.deepStrictEqual(await alice.acked("message", data), { status: "received", sid: alice.id });
        await alice.gets(["message", { from: alice.id, data }]);
        await bob.gets(["message", { from: alice.id, data }]);
      }));

    it("reaches a room, in several pieces", () =>
      withClients(hub, how, 2, async (alice, bob) => {
        await bob.acked("join_room", "big");
        await bob.gets(["room_joined", { room: "big", sid: bob.id }]);
        const message = [randomBytes(MEGABYTE), { more: [randomBytes(MEGABYTE / 2), randomBytes(1)] }];
        assert.deepStrictEqual(await alice.acked("room_message", { room: "big", message }), { status: "sent", room: "big" });
        await bob.gets(["room_message", { from: alice.id, room: "big", message }]);
      }));

    it("a megabyte of text does too", () =>
      withClients(hub, how, 2, async (alice, bob) => {
        const data = "wörld ".repeat(MEGABYTE / 7);
        assert.deepStrictEqual(await alice.acked("broadcast", data), { status: "broadcasted" });
        await bob.gets(["broadcast", { from: alice.id, data }]);
      }));
  });
}
