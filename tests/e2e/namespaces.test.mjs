// Namespaces on one connection are worlds of their own, and each family serves the ones it is told to.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startHub } from "./support/hub.mjs";
import { Client, HOW, quiet, refused } from "./support/clients.mjs";

let hub;
before(async () => {
  hub = await startHub({
    set: {
      "limits.events_per_second": 0,
      "server.namespaces": "/, /chat, /bare",
      "plugin.messaging.namespaces": "/, /chat",
      "plugin.rooms.namespaces": "/chat, /rooms-only",
      "plugin.heartbeat.namespaces": "/, /chat",
    },
  });
});
after(() => hub.stop());

for (const how of HOW) {
  describe(`namespaces over ${how}`, () => {
    it("two on one connection are isolated", async () => {
      const root = await Client.connect(hub, how);
      const chat = await Client.beside(root, "/chat");
      const other = await Client.connect(hub, how, { nsp: "/chat" });
      assert.equal(root.socket.io, chat.socket.io, "one connection");
      assert.notEqual(root.id, chat.id);
      assert.deepStrictEqual(await chat.acked("join_room", "r"), { status: "joined", room: "r" });
      await chat.gets(["room_joined", { room: "r", sid: chat.id }]);
      assert.deepStrictEqual(await other.acked("broadcast", "to chat"), { status: "broadcasted" });
      await chat.gets(["broadcast", { from: other.id, data: "to chat" }]);
      await other.acked("room_message", { room: "r", message: { blob: Buffer.from("b") } });
      await chat.gets(["room_message", { from: other.id, room: "r", message: { blob: Buffer.from("b") } }]);
      await quiet(other, chat);
      assert.deepStrictEqual(await root.acked("message", "to /"), { status: "received", sid: root.id });
      await root.gets(["message", { from: root.id, data: "to /" }]);
      assert.deepStrictEqual(await root.acked("ping"), { status: "pong", sid: root.id });
      assert.deepStrictEqual(await chat.acked("ping"), { status: "pong", sid: chat.id });
      await quiet(chat, other);
      await quiet(root);
      root.close();
      chat.close();
      other.close();
    });

    it("leaving one keeps the other", async () => {
      const root = await Client.connect(hub, how);
      const chat = await Client.beside(root, "/chat");
      const witness = await Client.connect(hub, how, { nsp: "/chat" });
      for (const client of [chat, witness]) await client.acked("join_room", "r");
      await witness.gets(["room_joined", { room: "r", sid: witness.id }]);
      const { id } = chat;
      chat.close();
      assert.equal(await chat.disconnected(), "io client disconnect");
      await witness.gets(["room_left", { room: "r", sid: id }]);
      assert.deepStrictEqual(await root.acked("ping"), { status: "pong", sid: root.id });
      await quiet(root);
      // And it can be joined again, as somebody new.
      const again = await Client.beside(root, "/chat");
      assert.notEqual(again.id, id);
      assert.deepStrictEqual(await again.acked("ping"), { status: "pong", sid: again.id });
      await quiet(witness, again);
      root.close();
      witness.close();
    });

    it("one that does not exist is refused, and the connection stays", async () => {
      const root = await Client.connect(hub, how);
      const socket = root.socket.io.socket("/no-such"); // connects by itself
      const error = await new Promise((resolve) => socket.once("connect_error", resolve));
      assert.equal(error.message, "Invalid namespace");
      assert.equal(error.data, undefined);
      assert.deepStrictEqual(await root.acked("ping"), { status: "pong", sid: root.id });
      const alone = new Client(hub, how, { nsp: "/no-such" });
      assert.equal((await alone.refused()).message, "Invalid namespace");
      root.close();
      alone.close();
      socket.disconnect();
    });
  });
}

describe("[plugin.NAME] namespaces", () => {
  it("says where a family's events are known", async () => {
    const root = await Client.connect(hub);
    await refused(root, "UNKNOWN_EVENT", "join_room", "r");
    await refused(root, "UNKNOWN_EVENT", "room_message", { room: "r", message: 1 });
    const chat = await Client.beside(root, "/chat");
    assert.deepStrictEqual(await chat.acked("join_room", "r"), { status: "joined", room: "r" });
    root.close();
    chat.close();
  });

  it("makes a namespace exist", async () => {
    const client = await Client.connect(hub, "websocket", { nsp: "/rooms-only" });
    assert.deepStrictEqual(await client.acked("join_room", "r"), { status: "joined", room: "r" });
    await client.gets(["room_joined", { room: "r", sid: client.id }]);
    await refused(client, "UNKNOWN_EVENT", "message", "nobody serves this here");
    await refused(client, "UNKNOWN_EVENT", "ping");
    client.close();
  });

  it("leaves a namespace that no family serves without events", async () => {
    const client = await Client.connect(hub, "websocket", { nsp: "/bare" });
    for (const event of ["message", "join_room", "ping"]) await refused(client, "UNKNOWN_EVENT", event, "x");
    client.close();
  });
});
