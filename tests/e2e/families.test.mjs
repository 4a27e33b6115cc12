// Every event of the families, over every transport, with the official client: what arrives, where, in which order, and what does not.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startHub } from "./support/hub.mjs";
import { HOW, quiet, refused, withClients } from "./support/clients.mjs";

const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const VALUES = [
  "text",
  "",
  "Grüße, 世界 🌍 \u0000 \u2028 \"\\/",
  0,
  -1.5,
  1e21,
  true,
  false,
  null,
  [],
  {},
  [1, [2, [3, { a: [null] }]]],
  { b: 1, a: { from: "forged", data: "forged", room: 1 }, "": "empty key" },
];
const MISSING = { status: "error", message: "Missing room or message" };

let hub;
let strict; // members_only, unknown events ignored
before(async () => {
  const free = { "limits.events_per_second": 0 };
  hub = await startHub({ set: free });
  strict = await startHub({ set: { ...free, "plugin.rooms.members_only": true, "plugins.unknown_event": "ignore" } });
});
after(async () => {
  await hub.stop();
  await strict.stop();
});

for (const how of HOW) {
  const clients = (count, use) => () => withClients(hub, how, count, use);

  describe(`messaging over ${how}`, () => {
    it("message reaches everybody, the sender included and before its ack", clients(3, async (alice, bob, carol) => {
      for (const data of VALUES) {
        const ack = await alice.ask("message", data);
        const sent = ["message", { from: alice.id, data }];
        assert.deepStrictEqual(ack, [{ status: "received", sid: alice.id }]);
        await alice.gets(sent, ["(ack)", "message", { status: "received", sid: alice.id }]);
        await bob.gets(sent);
        await carol.gets(sent);
      }
      await quiet(alice, bob, carol);
    }));

    it("broadcast reaches everybody but the sender", clients(3, async (alice, bob, carol) => {
      for (const data of VALUES) {
        assert.deepStrictEqual(await alice.acked("broadcast", data), { status: "broadcasted" });
        await bob.gets(["broadcast", { from: alice.id, data }]);
        await carol.gets(["broadcast", { from: alice.id, data }]);
      }
      await quiet(alice, bob, carol);
    }));

    it("no argument is null, and arguments after the first are ignored", clients(2, async (alice, bob) => {
      assert.deepStrictEqual(await alice.acked("message"), { status: "received", sid: alice.id });
      await bob.gets(["message", { from: alice.id, data: null }]);
      await alice.gets(["message", { from: alice.id, data: null }]);
      assert.deepStrictEqual(await alice.acked("broadcast"), { status: "broadcasted" });
      await bob.gets(["broadcast", { from: alice.id, data: null }]);
      await alice.acked("message", 1, 2, { three: Buffer.from("3") });
      await bob.gets(["message", { from: alice.id, data: 1 }]);
      await alice.gets(["message", { from: alice.id, data: 1 }]);
      await alice.acked("broadcast", Buffer.from("a"), Buffer.from("b"));
      await bob.gets(["broadcast", { from: alice.id, data: Buffer.from("a") }]);
      await quiet(alice, bob);
    }));

    it("emits without an ack are delivered too", clients(2, async (alice, bob) => {
      alice.tell("message", "m");
      alice.tell("broadcast", "b");
      await bob.gets(["message", { from: alice.id, data: "m" }], ["broadcast", { from: alice.id, data: "b" }]);
      await alice.gets(["message", { from: alice.id, data: "m" }]);
      await quiet(alice, bob);
    }));

    it("attachments arrive as binary, in their places, up to ten", clients(2, async (alice, bob) => {
      const bytes = (n) => Buffer.from(Array.from({ length: n }, (_, i) => (i * 7 + n) & 255));
      const ten = Array.from({ length: 10 }, (_, i) => bytes(i * 100 + 1));
      const cases = [
        bytes(0),
        bytes(1),
        bytes(65_536),
        { deep: [{ er: { blob: bytes(300) } }], text: "beside", again: bytes(2), n: 1 },
        [bytes(3), [bytes(2), { x: bytes(1) }], null],
        ten,
      ];
      for (const data of cases) {
        assert.deepStrictEqual(await alice.acked("message", data), { status: "received", sid: alice.id });
        await alice.gets(["message", { from: alice.id, data }]);
        await bob.gets(["message", { from: alice.id, data }]);
        assert.deepStrictEqual(await alice.acked("broadcast", data), { status: "broadcasted" });
        await bob.gets(["broadcast", { from: alice.id, data }]);
      }
      await quiet(alice, bob);
    }));
  });

  describe(`rooms over ${how}`, () => {
    it("join_room tells the room, the new member included and before its ack", clients(3, async (alice, bob, carol) => {
      assert.deepStrictEqual(await alice.ask("join_room", "den"), [{ status: "joined", room: "den" }]);
      await alice.gets(
        ["room_joined", { room: "den", sid: alice.id }],
        ["(ack)", "join_room", { status: "joined", room: "den" }],
      );
      assert.deepStrictEqual(await bob.acked("join_room", "den"), { status: "joined", room: "den" });
      await bob.gets(["room_joined", { room: "den", sid: bob.id }]);
      await alice.gets(["room_joined", { room: "den", sid: bob.id }]);
      await quiet(bob, alice, carol);
    }));

    it("joining twice is acknowledged and tells nobody", clients(2, async (alice, bob) => {
      for (const client of [alice, bob]) await client.acked("join_room", "twice");
      await bob.gets(["room_joined", { room: "twice", sid: bob.id }]);
      await alice.gets(...[alice, bob].map(({ id }) => ["room_joined", { room: "twice", sid: id }]));
      assert.deepStrictEqual(await alice.acked("join_room", "twice"), { status: "joined", room: "twice" });
      await quiet(alice, bob);
      assert.deepStrictEqual(await bob.acked("room_message", { room: "twice", message: 1 }), {
        status: "sent",
        room: "twice",
      });
      await alice.gets(["room_message", { from: bob.id, room: "twice", message: 1 }]);
      await quiet(bob, alice);
    }));

    it("leave_room tells those who remain", clients(3, async (alice, bob, carol) => {
      for (const client of [alice, bob, carol]) await client.acked("join_room", "exit");
      await alice.holds(3);
      await bob.holds(2);
      await carol.holds(1);
      for (const client of [alice, bob, carol]) client.inbox.length = 0;
      assert.deepStrictEqual(await alice.ask("leave_room", "exit"), [{ status: "left", room: "exit" }]);
      await alice.gets(["(ack)", "leave_room", { status: "left", room: "exit" }]);
      await bob.gets(["room_left", { room: "exit", sid: alice.id }]);
      await carol.gets(["room_left", { room: "exit", sid: alice.id }]);
      await bob.acked("room_message", { room: "exit", message: "gone?" });
      await carol.gets(["room_message", { from: bob.id, room: "exit", message: "gone?" }]);
      await quiet(bob, alice, carol);
    }));

    it("leaving a room one is not in is acknowledged and tells nobody", clients(2, async (alice, bob) => {
      await alice.acked("join_room", "mine");
      await alice.gets(["room_joined", { room: "mine", sid: alice.id }]);
      for (const room of ["mine", "nowhere"]) {
        assert.deepStrictEqual(await bob.acked("leave_room", room), { status: "left", room });
      }
      await quiet(bob, alice);
    }));

    it("room_message reaches the room except the sender, member or not", clients(4, async (alice, bob, carol, dave) => {
      for (const client of [alice, bob]) await client.acked("join_room", "talk");
      await alice.holds(2);
      await bob.holds(1);
      alice.inbox.length = bob.inbox.length = 0;
      await carol.acked("join_room", "other");
      await carol.gets(["room_joined", { room: "other", sid: carol.id }]);
      for (const message of VALUES.filter((value) => value !== null)) {
        assert.deepStrictEqual(await alice.acked("room_message", { room: "talk", message }), {
          status: "sent",
          room: "talk",
        });
        await bob.gets(["room_message", { from: alice.id, room: "talk", message }]);
      }
      assert.deepStrictEqual(await dave.acked("room_message", { room: "talk", message: "outside" }), {
        status: "sent",
        room: "talk",
      });
      for (const client of [alice, bob]) await client.gets(["room_message", { from: dave.id, room: "talk", message: "outside" }]);
      assert.deepStrictEqual(await dave.acked("room_message", { room: "empty", message: "?" }), {
        status: "sent",
        room: "empty",
      });
      await quiet(dave, alice, bob, carol);
      await quiet(alice, bob, carol, dave);
    }));

    it("room_message carries the documented fields alone", clients(2, async (alice, bob) => {
      await bob.acked("join_room", "fields");
      await bob.gets(["room_joined", { room: "fields", sid: bob.id }]);
      await alice.acked("room_message", {
        from: "forged",
        sender: { id: "forged" },
        timestamp: "forged",
        extra: Buffer.from("unwanted"),
        room: "fields",
        message: { from: "mine", blob: Buffer.from("wanted") },
        sid: bob.id,
      });
      await bob.gets([
        "room_message",
        { from: alice.id, room: "fields", message: { from: "mine", blob: Buffer.from("wanted") } },
      ]);
      await quiet(alice, bob);
    }));

    it("room_message passes attachments on", clients(2, async (alice, bob) => {
      await bob.acked("join_room", "files");
      await bob.gets(["room_joined", { room: "files", sid: bob.id }]);
      const ten = Array.from({ length: 10 }, (_, i) => Buffer.alloc(i + 1, i));
      for (const message of [Buffer.from("one"), { a: [Buffer.from("x"), "y", Buffer.alloc(0)] }, ten]) {
        assert.deepStrictEqual(await alice.acked("room_message", { room: "files", message }), {
          status: "sent",
          room: "files",
        });
        await bob.gets(["room_message", { from: alice.id, room: "files", message }]);
      }
    }));

    it("room_message without room or message is refused with the documented ack", clients(2, async (alice, bob) => {
      await bob.acked("join_room", "r");
      await bob.gets(["room_joined", { room: "r", sid: bob.id }]);
      const wrong = [
        [],
        [null],
        ["r"],
        [5],
        [["r", "hello"]],
        [Buffer.from("r")],
        [{}],
        [{ room: "r" }],
        [{ message: "hello" }],
        [{ room: "r", message: null }],
        [{ room: null, message: "hello" }],
        [{ room: "", message: "hello" }],
        [{ room: 5, message: "hello" }],
        [{ room: ["r"], message: "hello" }],
        [{ room: { r: 1 }, message: "hello" }],
        [{ room: true, message: "hello" }],
        [{ room: Buffer.from("r"), message: "hello" }],
        [{ Room: "r", message: "hello" }],
      ];
      for (const args of wrong) {
        assert.deepStrictEqual(await alice.acked("room_message", ...args), MISSING, JSON.stringify(args));
        await alice.getsError("INVALID_FORMAT");
      }
      alice.tell("room_message", { room: "r" });
      await alice.getsError("INVALID_FORMAT");
      await quiet(alice, bob);
    }));

    it("a disconnect tells each room of the session", clients(3, async (alice, bob, carol) => {
      for (const room of ["one", "two"]) await alice.acked("join_room", room);
      await bob.acked("join_room", "one");
      await carol.acked("join_room", "two");
      await bob.gets(["room_joined", { room: "one", sid: bob.id }]);
      await carol.gets(["room_joined", { room: "two", sid: carol.id }]);
      const { id } = alice;
      alice.close();
      await bob.gets(["room_left", { room: "one", sid: id }]);
      await carol.gets(["room_left", { room: "two", sid: id }]);
      await quiet(bob, carol);
    }));

    it("a room name is 1 to 255 bytes of text", clients(2, async (alice, bob) => {
      const wrong = ["", "a".repeat(256), "é".repeat(128), 5, null, true, ["r"], { room: "r" }, Buffer.from("r")];
      for (const event of ["join_room", "leave_room"]) {
        for (const room of wrong) await refused(alice, "INVALID_FORMAT", event, room);
        await refused(alice, "INVALID_FORMAT", event);
        alice.tell(event, "");
        await alice.getsError("INVALID_FORMAT");
      }
      await refused(alice, "INVALID_FORMAT", "room_message", { room: "a".repeat(256), message: 1 });
      for (const room of [" ", "a", "a".repeat(255), "é".repeat(127), "__proto__", "\u0000", 'q"\\\n', "世界 🌍", "*", "/"]) {
        assert.deepStrictEqual(await alice.acked("join_room", room), { status: "joined", room });
        await alice.gets(["room_joined", { room, sid: alice.id }]);
        assert.deepStrictEqual(await bob.acked("room_message", { room, message: 1 }), { status: "sent", room });
        await alice.gets(["room_message", { from: bob.id, room, message: 1 }]);
        assert.deepStrictEqual(await alice.acked("leave_room", room), { status: "left", room });
      }
      await quiet(alice, bob);
    }));

    it("no room name reaches the rooms that the server uses itself", clients(2, async (alice, bob) => {
      for (const room of [bob.id, "admin", "/", `/#${bob.id}`, `user:${bob.id}`, "c", "s"]) {
        assert.deepStrictEqual(await alice.acked("room_message", { room, message: "psst" }), { status: "sent", room });
      }
      await quiet(alice, bob);
      assert.deepStrictEqual(await alice.acked("join_room", bob.id), { status: "joined", room: bob.id });
      await alice.gets(["room_joined", { room: bob.id, sid: alice.id }]);
      bob.tell("client-ping");
      assert.equal((await bob.next())[0], "client-pong");
      await quiet(bob, alice);
    }));

    it("extra arguments are ignored", clients(1, async (alice) => {
      assert.deepStrictEqual(await alice.acked("join_room", "x", "y", { z: 1 }), { status: "joined", room: "x" });
      await alice.gets(["room_joined", { room: "x", sid: alice.id }]);
      assert.deepStrictEqual(await alice.acked("room_message", { room: "x", message: 1 }, "y"), { status: "sent", room: "x" });
      assert.deepStrictEqual(await alice.acked("leave_room", "x", 1), { status: "left", room: "x" });
      await quiet(alice);
    }));
  });

  describe(`members_only over ${how}`, () => {
    it("refuses room_message of those who are not in the room", () =>
      withClients(strict, how, 2, async (alice, bob) => {
        await bob.acked("join_room", "club");
        await bob.gets(["room_joined", { room: "club", sid: bob.id }]);
        await refused(alice, "FORBIDDEN", "room_message", { room: "club", message: "let me in" });
        await refused(alice, "FORBIDDEN", "room_message", { room: "nowhere", message: "hello" });
        // The format is looked at first.
        assert.deepStrictEqual(await alice.acked("room_message", { room: "club" }), MISSING);
        await alice.getsError("INVALID_FORMAT");
        await quiet(alice, bob);
        await alice.acked("join_room", "club");
        await alice.gets(["room_joined", { room: "club", sid: alice.id }]);
        assert.deepStrictEqual(await alice.acked("room_message", { room: "club", message: "in" }), {
          status: "sent",
          room: "club",
        });
        await bob.gets(
          ["room_joined", { room: "club", sid: alice.id }],
          ["room_message", { from: alice.id, room: "club", message: "in" }],
        );
        await alice.acked("leave_room", "club");
        await bob.gets(["room_left", { room: "club", sid: alice.id }]);
        await refused(alice, "FORBIDDEN", "room_message", { room: "club", message: "again" });
        await quiet(alice, bob);
      }));
  });

  describe(`heartbeat over ${how}`, () => {
    it("ping is acknowledged with pong and emits nothing", clients(2, async (alice, bob) => {
      assert.deepStrictEqual(await alice.acked("ping"), { status: "pong", sid: alice.id });
      assert.deepStrictEqual(await alice.acked("ping", { any: "thing" }), { status: "pong", sid: alice.id });
      alice.tell("ping");
      await quiet(alice, bob);
    }));

    it("client-ping is answered with client-pong, and an ack of the same", clients(2, async (alice, bob) => {
      for (const args of [[], [{}], [{ timestamp: "forged" }], [null]]) {
        const started = Date.now();
        alice.tell("client-ping", ...args);
        const [event, ...pong] = await alice.next();
        assert.equal(event, "client-pong");
        assert.deepStrictEqual(pong, [{ timestamp: pong[0].timestamp }]);
        assert.match(pong[0].timestamp, TIMESTAMP);
        const at = Date.parse(pong[0].timestamp);
        assert.ok(at >= started - 1 && at <= Date.now() + 1, `${pong[0].timestamp} is not now`);
        const ack = await alice.ask("client-ping", ...args);
        await alice.gets(["client-pong", ack[0]], ["(ack)", "client-ping", ...ack]);
        assert.equal(ack.length, 1);
        assert.match(ack[0].timestamp, TIMESTAMP);
      }
      await quiet(alice, bob);
    }));
  });

  describe(`unknown events over ${how}`, () => {
    it("are refused", clients(2, async (alice, bob) => {
      for (const event of ["no_such_event", "Message", "join_room ", "message\u0000", "__proto__", "*", "", "room_joined"]) {
        await refused(alice, "UNKNOWN_EVENT", event, { any: "thing" });
      }
      await refused(alice, "UNKNOWN_EVENT", "no_such_event");
      await refused(alice, "UNKNOWN_EVENT", "no_such_event", Buffer.from("binary"));
      alice.tell("no_such_event");
      await alice.getsError("UNKNOWN_EVENT");
      await quiet(alice, bob);
    }));

    it("emit no error when they are to be ignored, and are acknowledged still", () =>
      withClients(strict, how, 1, async (alice) => {
        assert.equal((await alice.ask("no_such_event", 1)).length, 1);
        alice.inbox.length = 0;
        alice.tell("no_such_event", 2);
        await quiet(alice);
      }));
  });

  describe(`order over ${how}`, () => {
    it("events of one sender are handled and arrive in the order sent", clients(2, async (alice, bob) => {
      await bob.acked("join_room", "line");
      await bob.gets(["room_joined", { room: "line", sid: bob.id }]);
      const count = 60;
      for (let i = 0; i < count; ++i) {
        alice.tell("message", i);
        alice.tell("broadcast", i % 7 ? i : Buffer.alloc(i, i));
        alice.tell("room_message", { room: "line", message: i });
      }
      for (let i = 0; i < count; ++i) {
        await bob.gets(
          ["message", { from: alice.id, data: i }],
          ["broadcast", { from: alice.id, data: i % 7 ? i : Buffer.alloc(i, i) }],
          ["room_message", { from: alice.id, room: "line", message: i }],
        );
        await alice.gets(["message", { from: alice.id, data: i }]);
      }
      await quiet(alice, bob);
    }));

    it("joining takes effect for what is sent behind it", clients(2, async (alice, bob) => {
      alice.tell("join_room", "behind");
      alice.tell("leave_room", "behind");
      await bob.acked("ping");
      alice.tell("join_room", "behind");
      await alice.gets(["room_joined", { room: "behind", sid: alice.id }], ["room_joined", { room: "behind", sid: alice.id }]);
      await bob.acked("room_message", { room: "behind", message: "now" });
      await alice.gets(["room_message", { from: bob.id, room: "behind", message: "now" }]);
    }));
  });
}
