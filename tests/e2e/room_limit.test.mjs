// [limits] max_rooms_per_session: a client that is in too many rooms joins no further one, and nobody else notices.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startHub } from "./support/hub.mjs";
import { HOW, quiet, refused, withClients } from "./support/clients.mjs";

const start = (set) => startHub({ set: { "plugins.enabled": "messaging, rooms", ...set } });
const joins = async (client, room) =>
  assert.deepEqual(await client.acked("join_room", room), { status: "joined", room });

describe("max_rooms_per_session", () => {
  let hub;
  before(async () => (hub = await start({ "limits.max_rooms_per_session": 2 })));
  after(() => hub.stop());

  for (const how of HOW) {
    it(`refuses a room above it over ${how}`, () =>
      withClients(hub, how, 2, async (client, other) => {
        for (const room of ["a", "b"]) {
          await joins(client, room);
          await client.gets(["room_joined", { room, sid: client.id }]);
        }
        await joins(other, "c");
        await other.gets(["room_joined", { room: "c", sid: other.id }]);
        await refused(client, "FORBIDDEN", "join_room", "c");
        await joins(client, "a"); // where it is already
        await quiet(client, other);

        assert.deepEqual(await client.acked("leave_room", "a"), { status: "left", room: "a" });
        await joins(client, "c");
        for (const each of [client, other]) await each.gets(["room_joined", { room: "c", sid: client.id }]);
        await quiet(client, other);
      }));
  }
});

describe("max_rooms_per_session in dry-run", () => {
  let hub;
  before(async () => (hub = await start({ "limits.max_rooms_per_session": 1, "limits.dry_run": "rooms" })));
  after(() => hub.stop());

  it("refuses nothing", () =>
    withClients(hub, "websocket", 1, async (client) => {
      for (const room of ["a", "b", "c"]) await joins(client, room);
    }));
});
