// Limits hold for the one who breaks them, and nobody else notices.
import assert from "node:assert/strict";
import http from "node:http";
import net from "node:net";
import { after, before, describe, it } from "node:test";
import { soon, startHub as startAny } from "./support/hub.mjs";
import { Client, HOW, quiet, refused, withClients } from "./support/clients.mjs";
import { RawClient } from "./support/raw.mjs";
import { Polling, RawWebSocket, request } from "./protocol/raw.mjs";

const isAck = (packet) => packet.startsWith("43");
const isError = (packet) => packet.startsWith('42["system:error"');
// A hub that says nothing of itself.
const startHub = ({ set = {} } = {}) => startAny({ set: { "plugins.enabled": "messaging, rooms, heartbeat", ...set } });
// Options of a client at another address of this machine.
const at = (localAddress) => ({ agent: new http.Agent({ localAddress }) });

for (const how of HOW) {
  it(`who is put out over ${how} gets every answer that is owed first`, async () => {
    const hub = await startHub({ set: { "limits.events_per_second": 1, "limits.events_burst": 2 } });
    const flooder = await Client.connect(hub, how);
    const count = 22; // the two of the burst, and ten times as many
    const answers = await Promise.all(Array.from({ length: count }, () => flooder.ask("ping")));
    assert.equal(answers.filter(([{ code }]) => code === "RATE_LIMIT").length, 20);
    assert.ok(flooder.inbox.some(([event, error]) => event === "system:error" && error.code === "RATE_LIMIT"));
    await flooder.disconnected();
    flooder.close();
    await hub.stop();
  });
}

describe("the rate of events", () => {
  const BURST = 10;
  let hub;
  before(async () => (hub = await startHub({ set: { "limits.events_per_second": 1, "limits.events_burst": BURST } })));
  after(() => hub.stop());

  it("above it events are dropped, acknowledged with RATE_LIMIT, and told once a second", async () => {
    const flooder = await RawClient.connect(hub);
    const started = Date.now();
    const count = 60;
    await flooder.send(...Array.from({ length: count }, (_, i) => `42${i}["ping"]`));
    const packets = [];
    while (packets.filter(isAck).length < count) packets.push(await flooder.next());
    const seconds = (Date.now() - started) / 1000;

    const acks = packets.filter(isAck).map((packet) => /^43(\d+)(.*)$/.exec(packet).slice(1));
    assert.deepEqual(acks.map(([id]) => Number(id)).sort((a, b) => a - b), Array.from({ length: count }, (_, i) => i));
    const answers = acks.map(([, json]) => JSON.parse(json)[0]);
    const served = answers.filter(({ status }) => status === "pong").length;
    assert.ok(served >= BURST && served <= BURST + Math.ceil(seconds), `${served} served in ${seconds} s`);
    assert.ok(answers.slice(0, BURST).every(({ status }) => status === "pong"));
    for (const answer of answers.filter(({ status }) => status !== "pong")) {
      assert.deepEqual(answer, { status: "error", code: "RATE_LIMIT", message: answer.message });
      assert.equal(typeof answer.message, "string");
    }
    const errors = packets.filter(isError).map((packet) => JSON.parse(packet.slice(2))[1]);
    assert.ok(errors.length >= 1 && errors.length <= 1 + Math.ceil(seconds), `${errors.length} errors in ${seconds} s`);
    assert.deepEqual(errors[0], { code: "RATE_LIMIT", message: answers.at(-1).message });
    await flooder.close();
  });

  it("dropped events have no effect", async () => {
    const flooder = await RawClient.connect(hub);
    const other = await Client.connect(hub);
    await flooder.send(...Array.from({ length: 40 }, (_, i) => `42${i}["broadcast",${i}]`));
    let served = 0;
    for (let acks = 0; acks < 40; ) {
      const packet = await flooder.next();
      if (!isAck(packet)) continue;
      ++acks;
      if (packet.includes("broadcasted")) ++served;
    }
    for (let i = 0; i < served; ++i) {
      const [event, { from }] = await other.next();
      assert.deepEqual([event, from], ["broadcast", flooder.id]);
    }
    await quiet(other);
    await flooder.close();
    other.close();
  });

  it("who goes on is closed, and the others go on", async () => {
    const flooder = await RawClient.connect(hub);
    const other = await Client.connect(hub);
    await flooder.send(...Array.from({ length: 40 * BURST }, () => '42["message","flood"]'));
    await soon(flooder.ws.closed(), "the flooder's end");
    assert.deepStrictEqual(await other.acked("ping"), { status: "pong", sid: other.id });
    other.close();
  });

  it("each client has its own", async () => {
    await withClients(hub, "websocket", 2, async (alice, bob) => {
      for (let i = 0; i < BURST; ++i) assert.equal((await alice.acked("ping")).status, "pong");
      for (let i = 0; i < BURST; ++i) assert.equal((await bob.acked("ping")).status, "pong");
    });
  });
});

describe("the rate of events of an address", () => {
  const BURST = 10;
  let hub;
  before(async () => {
    hub = await startHub({ set: { "limits.events_per_second_per_address": 0.01, "limits.events_burst_per_address": BURST } });
  });
  after(() => hub.stop());

  HOW.forEach((how, i) =>
    it(`its clients share it over ${how}, and others have their own`, () =>
      withClients(
        hub,
        how,
        2,
        async (alice, bob) => {
          for (let k = 0; k < BURST / 2; ++k) {
            assert.equal((await alice.acked("ping")).status, "pong");
            assert.equal((await bob.acked("ping")).status, "pong");
          }
          await refused(alice, "RATE_LIMIT", "broadcast", 1);
          await refused(bob, "RATE_LIMIT", "ping");
          const carol = await Client.connect(hub, how, at(`127.0.1.${i + 1}`));
          assert.equal((await carol.acked("ping")).status, "pong");
          await quiet(carol);
          carol.close();
        },
        at(`127.0.0.${i + 2}`),
      )),
  );
});

describe("the rate of CONNECTs of a session", () => {
  let hub;
  before(async () => {
    hub = await startHub({ set: { "server.namespaces": "/, /a, /b, /c", "limits.connects_per_second": 0.01, "limits.connects_burst": 2 } });
  });
  after(() => hub.stop());

  for (const how of HOW) {
    it(`above it the client gets connect_error with RATE_LIMIT, and keeps what it has, over ${how}`, async () => {
      const alice = await Client.connect(hub, how);
      await Client.beside(alice, "/a");
      const third = new Client(undefined, undefined, { socket: alice.socket.io.socket("/b") });
      const { message, data } = await third.refused();
      assert.equal(message, "Too many connects");
      assert.deepEqual(data, { code: "RATE_LIMIT", message: "Too many connects" });
      assert.equal((await alice.acked("ping")).status, "pong");
      const bob = await Client.connect(hub, how);
      bob.close();
      alice.close();
    });
  }
});

// What a handshake that is refused reads, over polling and WebSocket.
async function refusedHandshakes(hub, message) {
  const answer = await request(hub.port, { path: Polling.path({}) });
  const ws = await RawWebSocket.connect(hub.port);
  for (const { status, headers, body } of [answer, ws]) {
    assert.equal(status, 403);
    assert.match(headers["content-type"], /^application\/json/);
    assert.deepEqual(JSON.parse(body), { code: 4, message });
  }
  ws.destroy();
}

describe("new sessions", () => {
  it("above the rate of an address are refused, and others go on", async () => {
    const hub = await startHub({ set: { "limits.connects_per_second_per_address": 0.01, "limits.connects_burst_per_address": 3 } });
    // Three handshakes, however many requests each takes.
    for (const how of HOW) (await Client.connect(hub, how)).close();
    await refusedHandshakes(hub, "Too many connects from your address");
    for (const how of HOW) await new Client(hub, how).refused();
    for (const how of HOW) (await Client.connect(hub, how, at("127.0.0.2"))).close();
    await hub.stop();
  });

  it("above max_sessions_per_address are refused until one of the address is gone", async () => {
    const hub = await startHub({ set: { "limits.max_sessions_per_address": 3 } });
    const clients = [];
    for (const how of HOW) clients.push(await Client.connect(hub, how));
    await refusedHandshakes(hub, "Too many sessions from your address");
    for (const how of HOW) await new Client(hub, how).refused();
    for (const how of HOW) (await Client.connect(hub, how, at("127.0.0.2"))).close();
    // The client that waits comes by itself once there is a place.
    const next = new Client(hub, "polling", { reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 50 });
    await next.refused();
    clients[0].close();
    await next.reconnected();
    for (const client of [next, ...clients]) client.close();
    await hub.stop();
  });

  it("above max_sessions are refused, wherever they come from", async () => {
    const hub = await startHub({ set: { "limits.max_sessions": 2 } });
    const alice = await Client.connect(hub, "upgraded");
    const bob = await Client.connect(hub, "polling", at("127.0.0.2"));
    await refusedHandshakes(hub, "Too many sessions");
    await new Client(hub, "websocket", at("127.0.0.3")).refused();
    assert.equal((await alice.acked("ping")).status, "pong");
    const next = new Client(hub, "websocket", { reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 50 });
    await next.refused();
    bob.close();
    await next.reconnected();
    next.close();
    alice.close();
    await hub.stop();
  });
});

describe("the bytes of a client", () => {
  const CHUNK = "x".repeat(250_000);

  for (const how of HOW) {
    it(`above their rate it is slowed down and loses nothing, and who reads is not dropped, over ${how}`, async () => {
      const hub = await startHub({
        set: { "limits.bytes_per_second": "8MB", "limits.bytes_burst": "2MB", "limits.max_queued_bytes": "4MB" },
      });
      const receiver = await Client.connect(hub);
      const sender = await Client.connect(hub, how);
      const count = 60; // 15 MB at once
      const started = Date.now();
      const acks = Array.from({ length: count }, (_, i) => sender.ask("broadcast", [i, CHUNK]));
      for (let i = 0; i < count; ++i) await receiver.gets(["broadcast", { from: sender.id, data: [i, CHUNK] }]);
      for (const answer of await Promise.all(acks)) assert.equal(answer[0].status, "broadcasted");
      const seconds = (Date.now() - started) / 1000;
      assert.ok(seconds > (count * 0.25 - 2) / 8 - 0.1, `${seconds} s`);
      assert.deepEqual(sender.inbox.map(([kind, event]) => `${kind} ${event}`), Array(count).fill("(ack) broadcast"));
      assert.deepEqual(receiver.reasons, []);
      sender.inbox = [];
      await quiet(sender, receiver);
      sender.close();
      receiver.close();
      await hub.stop();
    });
  }

  for (const how of HOW) {
    it(`no heartbeat suffers over ${how}`, async () => {
      const hub = await startHub({
        set: {
          "limits.bytes_per_second": "1MB",
          "limits.bytes_burst": "100KB",
          "engine.ping_interval": "100ms",
          "engine.ping_timeout": "400ms",
        },
      });
      const sender = await Client.connect(hub, how);
      const acks = Array.from({ length: 15 }, () => sender.ask("broadcast", "x".repeat(200_000)));
      for (const answer of await Promise.all(acks)) assert.equal(answer[0].status, "broadcasted");
      assert.deepEqual(sender.reasons, []);
      sender.close();
      await hub.stop();
    });
  }
});

describe("limits in dry-run", () => {
  it("refuse nothing, and the log says what they would have done", async () => {
    const hub = await startHub({
      set: {
        "limits.dry_run": "all",
        "limits.events_per_second": 0.01,
        "limits.events_burst": 1,
        "limits.events_per_second_per_address": 0.01,
        "limits.events_burst_per_address": 1,
        "limits.connects_per_second": 0.01,
        "limits.connects_burst": 1,
        "limits.connects_per_second_per_address": 0.01,
        "limits.connects_burst_per_address": 1,
        "limits.max_sessions": 1,
        "limits.max_sessions_per_address": 1,
        "limits.max_rooms_per_session": 1,
        "limits.max_event_bytes": 1000,
        "limits.bytes_per_second": 1,
        "limits.bytes_burst": 1,
        "server.namespaces": "/, /a",
      },
    });
    for (const how of HOW) {
      await withClients(hub, how, 2, async (alice, bob) => {
        await Client.beside(alice, "/a");
        for (let i = 0; i < 20; ++i) assert.equal((await alice.acked("ping")).status, "pong");
        for (const room of ["r", "s"]) assert.equal((await bob.acked("join_room", room)).status, "joined");
        alice.inbox.length = 0;
        for (const large of ["x".repeat(2000), [Buffer.alloc(900, 1), Buffer.alloc(900, 2)]]) {
          bob.tell("broadcast", large);
          await alice.gets(["broadcast", { from: bob.id, data: large }]);
        }
      });
    }
    for (const limit of ["events", "connects", "sessions"]) {
      await hub.logged(new RegExp(`in dry-run.* limit=${limit} remote=127\\.0\\.0\\.1`));
      await hub.logged(new RegExp(`in dry-run.* limit=${limit}_per_address remote=127\\.0\\.0\\.1`));
    }
    for (const limit of ["rooms", "bytes", "event_bytes"]) await hub.logged(new RegExp(`in dry-run.* limit=${limit} `));
    const lines = hub.log.split("\n").filter((line) => line.includes("limit=events "));
    assert.ok(lines.length < 20, `${lines.length} lines`);
    await hub.stop();
  });
});

describe("sizes", () => {
  let hub;
  before(async () => (hub = await startHub({ set: { "limits.max_event_bytes": "10KB", "engine.max_http_buffer_size": "100KB" } })));
  after(() => hub.stop());

  for (const how of HOW) {
    it(`an event above max_event_bytes is PAYLOAD_TOO_LARGE over ${how}`, () =>
      withClients(hub, how, 2, async (alice, bob) => {
        await bob.acked("join_room", "r");
        await bob.gets(["room_joined", { room: "r", sid: bob.id }]);
        await refused(alice, "PAYLOAD_TOO_LARGE", "message", "x".repeat(11_000));
        await refused(alice, "PAYLOAD_TOO_LARGE", "broadcast", Buffer.alloc(11_000));
        // Text and attachments count together.
        await refused(alice, "PAYLOAD_TOO_LARGE", "room_message", {
          room: "r",
          message: ["x".repeat(5_000), Buffer.alloc(3_000), Buffer.alloc(3_000)],
        });
        await refused(alice, "PAYLOAD_TOO_LARGE", "no_such_event", "x".repeat(11_000));
        alice.tell("message", "y".repeat(11_000));
        await alice.getsError("PAYLOAD_TOO_LARGE");
        const data = ["x".repeat(5_000), Buffer.alloc(4_000)];
        await alice.acked("broadcast", data);
        await bob.gets(["broadcast", { from: alice.id, data }]);
        await quiet(alice, bob);
      }));

    it(`a message above max_http_buffer_size ends the connection over ${how}`, async () => {
      const alice = await Client.connect(hub, how);
      const bob = await Client.connect(hub, how);
      alice.tell("message", "x".repeat(150_000));
      assert.match(await alice.disconnected(), /^transport (close|error)$/);
      assert.deepStrictEqual(await bob.acked("ping"), { status: "pong", sid: bob.id });
      await quiet(bob);
      bob.close();
    });
  }
});

describe("depth of JSON", () => {
  let hub;
  before(async () => (hub = await startHub()));
  after(() => hub.stop());

  const nested = (depth) => "[".repeat(depth) + "]".repeat(depth);
  for (const how of ["polling", "websocket"]) {
    it(`200 kB nested 100 000 deep end their sender alone, over ${how}`, async () => {
      const bomber = await RawClient.connect(hub, how);
      const other = await Client.connect(hub, how);
      await bomber.send(`42["message",${nested(100_000)}]`);
      if (how === "websocket") await soon(bomber.ws.closed(), "the bomber's end");
      else assert.ok(await bomber.polling.isGone());
      assert.deepStrictEqual(await other.acked("message", "still here"), { status: "received", sid: other.id });
      await other.gets(["message", { from: other.id, data: "still here" }]);
      await quiet(other);
      other.close();
    });
  }

  it("holds for CONNECT, acknowledgements and objects too", async () => {
    const objects = '{"a":'.repeat(20_000) + "1" + "}".repeat(20_000);
    for (const packet of [`42["message",${objects}]`, `430[${nested(50_000)}]`, `40/other,{"a":${nested(50_000)}}`, `42["message",${nested(200)}]`]) {
      const bomber = await RawClient.connect(hub);
      await bomber.send(packet);
      await soon(bomber.ws.closed(), `the end after ${packet.slice(0, 20)}`);
    }
  });

  it("a hundred levels are fine", async () => {
    await withClients(hub, "websocket", 2, async (alice, bob) => {
      const data = JSON.parse(nested(100));
      await alice.acked("broadcast", data);
      await bob.gets(["broadcast", { from: alice.id, data }]);
    });
  });
});

describe("a client that stops reading", () => {
  let hub;
  before(async () => (hub = await startHub({ set: { "limits.events_per_second": 0, "limits.bytes_per_second": 0, "limits.max_queued_bytes": "1MB" } })));
  after(() => hub.stop());

  it("is dropped when its queue is full, while the others get everything", async () => {
    const deaf = await RawClient.connect(hub);
    await deaf.send('42["join_room","r"]');
    const [, joined] = JSON.parse((await deaf.next()).slice(2));
    assert.deepEqual(joined, { room: "r", sid: deaf.id });
    const witness = await Client.connect(hub);
    await witness.acked("join_room", "r");
    const sender = await Client.connect(hub);
    deaf.ws.socket.pause();

    const chunk = "x".repeat(200_000);
    await witness.gets(["room_joined", { room: "r", sid: witness.id }]);
    let dropped = false;
    const left = () => {
      dropped ||= witness.inbox.some(([event, { sid }]) => event === "room_left" && sid === deaf.id);
      witness.inbox = witness.inbox.filter(([event]) => event !== "room_left");
      return dropped;
    };
    for (let sent = 0; !left(); ++sent) {
      assert.ok(sent < 500, "100 MB did not fill the queue");
      await sender.acked("broadcast", [sent, chunk]);
      await witness.holds(1);
      if (left()) await witness.holds(1);
      await witness.gets(["broadcast", { from: sender.id, data: [sent, chunk] }]);
    }
    await quiet(sender, witness);
    deaf.ws.socket.resume();
    await soon(new Promise((resolve) => deaf.ws.socket.once("close", resolve)), "the end of the connection");
    witness.close();
    sender.close();
  });

  it("over polling: who does not poll is dropped too", async () => {
    const deaf = await RawClient.connect(hub, "polling");
    const witness = await Client.connect(hub);
    const sender = await Client.connect(hub, "polling");
    const chunk = "x".repeat(200_000);
    for (let sent = 0; sent < 10; ++sent) {
      await sender.acked("broadcast", [sent, chunk]);
      await witness.gets(["broadcast", { from: sender.id, data: [sent, chunk] }]);
    }
    assert.ok(await deaf.polling.isGone());
    await quiet(sender, witness);
    witness.close();
    sender.close();
  });
});

describe("timeouts", () => {
  let hub;
  before(async () => {
    hub = await startHub({
      set: {
        "engine.connect_timeout": "300ms",
        "engine.ping_interval": "300ms",
        "engine.ping_timeout": "300ms",
        "http.header_timeout": "500ms",
        "http.idle_timeout": "500ms",
      },
    });
  });
  after(() => hub.stop());

  it("a client that joins no namespace is closed", async () => {
    const ws = await RawWebSocket.open(hub.port);
    await soon(ws.closed(), "the end of a client that does not connect");
  });

  it("a client that answers no ping is closed, and its rooms are told", async () => {
    const witness = await Client.connect(hub);
    await witness.acked("join_room", "r");
    const dead = await RawWebSocket.joined(hub.port);
    dead.send('42["join_room","r"]');
    await witness.gets(["room_joined", { room: "r", sid: witness.id }], ["room_joined", { room: "r", sid: dead.id }]);
    await witness.gets(["room_left", { room: "r", sid: dead.id }]);
    dead.destroy();
    witness.close();
  });

  it("a request that does not come to an end is ended, and an idle connection too", async () => {
    for (const bytes of ["GET / HT", ""]) {
      const socket = net.connect(hub.port, "127.0.0.1");
      socket.on("error", () => {});
      socket.write(bytes);
      socket.resume();
      await soon(new Promise((resolve) => socket.once("close", resolve)), "the end of a slow connection");
    }
  });
});
