// Heartbeats with the official client over every transport: what goes out when, what an answer does, and what its absence does.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, describe, it } from "node:test";
import { runHub, startHub } from "./support/hub.mjs";
import { Client, HOW, quiet, refused, withClients } from "./support/clients.mjs";
import { startReloadable } from "./support/reloads.mjs";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const OK = { status: "ok" };

const hubs = [];
async function hubWith(set) {
  const hub = await startHub({
    set: {
      "plugins.enabled": "messaging, heartbeat",
      "limits.events_per_second": 0,
      ...Object.fromEntries(Object.entries(set).map(([key, value]) => [`plugin.heartbeat.${key}`, value])),
    },
  });
  hubs.push(hub);
  return hub;
}
// A timeout far below the interval: what a client does with one heartbeat is settled before the next goes out.
const brisk = await hubWith({ interval: "200ms", timeout: "40ms" });
const patient = await hubWith({ interval: "100ms", timeout: "20s" });
const overlapping = await hubWith({ interval: "100ms", timeout: "450ms" });
const strict = await hubWith({ interval: "100ms", timeout: "30ms", max_missed: 3 });
const lenient = await hubWith({ interval: "100ms", timeout: "20s", max_missed: 1 });
const silent = await hubWith({ interval: 0, timeout: "10ms", max_missed: 1 });
const calm = await hubWith({ interval: "1h" });
after(async () => {
  for (const hub of hubs) await hub.stop();
});

// The id of the heartbeat that arrives next.
async function heartbeat(client) {
  const [event, ...args] = await client.next("a heartbeat");
  assert.equal(event, "system:heartbeat", JSON.stringify(args));
  assert.deepStrictEqual(args, [{ id: args[0].id }]);
  assert.match(args[0].id, UUID);
  return args[0].id;
}
async function warning(client, missed) {
  const [event, ...args] = await client.next(`warning ${missed}`);
  assert.equal(event, "system:heartbeat-warning", JSON.stringify(args));
  assert.deepStrictEqual(args, [
    { message: `Connection unstable - missed ${missed} heartbeats`, missedHeartbeats: missed, timestamp: args[0].timestamp },
  ]);
  assert.deepStrictEqual(Object.keys(args[0]), ["message", "missedHeartbeats", "timestamp"]);
  assert.match(args[0].timestamp, TIMESTAMP);
}

for (const how of HOW) {
  const clients = (hub, count, use) => () => withClients(hub, how, count, use);

  describe(`heartbeats over ${how}`, () => {
    it("each has an id of its own, for each client", clients(patient, 2, async (alice, bob) => {
      const ids = [];
      for (let i = 0; i < 4; ++i) ids.push(await heartbeat(alice), await heartbeat(bob));
      assert.equal(new Set(ids).size, ids.length);
    }));

    it("an answer is acknowledged, and followed by nothing", clients(patient, 1, async (alice) => {
      for (let i = 0; i < 3; ++i) {
        const id = await heartbeat(alice);
        const argument = [{ id }, { id, timestamp: new Date().toISOString() }, { timestamp: 1, id, more: [] }][i];
        // The next heartbeat may come before the ack.
        assert.deepStrictEqual(await alice.acked("system:heartbeat-ack", argument, "ignored"), OK);
      }
      alice.tell("system:heartbeat-ack", { id: await heartbeat(alice) });
      await heartbeat(alice);
    }));

    it("the second miss in a row and each further one is warned of", clients(brisk, 1, async (alice) => {
      await heartbeat(alice);
      await heartbeat(alice);
      for (const missed of [2, 3, 4]) {
        await warning(alice, missed);
        await heartbeat(alice);
      }
    }));

    it("a late answer is acknowledged and does not help", clients(brisk, 1, async (alice) => {
      const first = await heartbeat(alice);
      const second = await heartbeat(alice);
      assert.deepStrictEqual(await alice.acked("system:heartbeat-ack", { id: first }), OK);
      await warning(alice, 2);
      await heartbeat(alice);
      assert.deepStrictEqual(await alice.acked("system:heartbeat-ack", { id: second }), OK);
      await warning(alice, 3);
    }));

    it("unknown ids are acknowledged and do not help", clients(overlapping, 2, async (alice, bob) => {
      let warned = 0;
      for (let i = 0; warned < 3; ++i) {
        const [event, argument] = await alice.next();
        if (event === "system:heartbeat-warning") {
          assert.equal(argument.missedHeartbeats, ++warned + 1);
          continue;
        }
        assert.equal(event, "system:heartbeat");
        const id = [randomUUID(), "no-uuid", "", await ofBob(), argument.id + "0"][i % 5];
        assert.deepStrictEqual(await alice.acked("system:heartbeat-ack", { id }), OK);
      }
      async function ofBob() {
        for (;;) {
          const [event, argument] = await bob.next();
          if (event === "system:heartbeat") return argument.id;
        }
      }
    }));

    it("a timeout longer than the interval leaves each heartbeat its own time", clients(overlapping, 1, async (alice) => {
      // 450 ms are 91 of the steps of 5 ms in which the hub looks, and an interval is 20: the second heartbeat is missed in step
      // 131 after the first slot, when six have gone out.
      for (let i = 0; i < 6; ++i) await heartbeat(alice);
      for (const missed of [2, 3, 4]) {
        await warning(alice, missed);
        await heartbeat(alice);
      }
    }));

    it("an answer begins the row anew", clients(overlapping, 1, async (alice) => {
      const warned = [];
      let answered = 0;
      for (let events = 0; events < 60 && warned.filter((missed) => missed === 2).length < 2; ++events) {
        const [event, argument] = await alice.next();
        if (event === "system:heartbeat-warning") {
          warned.push(argument.missedHeartbeats);
        } else if (warned.length > 0 && answered < 3) {
          ++answered;
          alice.tell("system:heartbeat-ack", { id: argument.id });
        }
      }
      assert.deepStrictEqual(warned, [...warned.slice(0, -1).map((_, i) => i + 2), 2]);
    }));

    it("answers in another order than that of the heartbeats count", clients(lenient, 1, async (alice) => {
      const ids = [];
      for (let i = 0; i < 5; ++i) ids.push(await heartbeat(alice));
      for (const i of [3, 0, 4, 2, 1]) alice.tell("system:heartbeat-ack", { id: ids[i] });
      for (let i = 0; i < 5; ++i) alice.tell("system:heartbeat-ack", { id: await heartbeat(alice) });
      await heartbeat(alice);
      assert.ok(alice.socket.connected);
    }));

    it("max_missed misses in a row close the connection, and the client comes back", async () => {
      const alice = await Client.connect(strict, how, { reconnection: true, reconnectionDelay: 10, reconnectionDelayMax: 50 });
      try {
        const before = alice.id;
        await heartbeat(alice);
        await heartbeat(alice);
        await warning(alice, 2);
        await heartbeat(alice);
        await warning(alice, 3);
        const reason = await alice.disconnected();
        assert.deepStrictEqual(alice.inbox, []);
        assert.ok(["transport close", "transport error"].includes(reason), reason);
        await alice.reconnected();
        assert.notEqual(alice.id, before);
        await heartbeat(alice);
      } finally {
        alice.close();
      }
    });

    it("0 sends none, and answers are still known", clients(silent, 2, async (alice, bob) => {
      assert.deepStrictEqual(await alice.acked("system:heartbeat-ack", { id: randomUUID() }), OK);
      alice.tell("system:heartbeat-ack", { id: randomUUID() });
      await quiet(alice, bob);
    }));

    it("an answer of another form is refused", clients(silent, 2, async (alice, bob) => {
      const wrong = [[], [null], ["id"], [5], [true], [[randomUUID()]], [{}], [{ ID: randomUUID() }], [{ id: 5 }], [{ id: null }],
        [{ id: [randomUUID()] }], [{ id: { id: randomUUID() } }], [{ id: Buffer.from("id") }], [Buffer.from("id")]];
      for (const args of wrong) await refused(alice, "INVALID_FORMAT", "system:heartbeat-ack", ...args);
      alice.tell("system:heartbeat-ack");
      await alice.getsError("INVALID_FORMAT");
      await quiet(alice, bob);
    }));

    it("no heartbeat comes at once", clients(calm, 5, async (...all) => quiet(...all)));
  });
}

describe("heartbeats of many clients", () => {
  it("do not come at one moment, and come to each in the same rhythm", async () => {
    const interval = 1000;
    const hub = await hubWith({ interval: `${interval}ms`, timeout: "20s" });
    const count = 64;
    await withClients(hub, "websocket", count, async (...all) => {
      const arrivals = all.map(() => []);
      const parts = () => new Set(arrivals.flat().map((at) => Math.floor((at % interval) / (interval / 10))));
      all.forEach(({ socket }, i) => socket.on("system:heartbeat", () => arrivals[i].push(performance.now())));
      for (const client of all) await client.holds(3);
      // Chance leaves more than two of the ten parts empty about once in a million times.
      assert.ok(parts().size >= 8, `heartbeats came in ${parts().size} tenths of the interval`);
      // The slowest has three, and the hub takes its clients in turn.
      for (const each of arrivals) assert.ok(each.length <= 5, `${each.length} heartbeats`);
    });
  });

  it("end for those who leave, and go on for the others", async () => {
    await withClients(brisk, "websocket", 10, async (...all) => {
      for (const client of all.slice(1)) client.close();
      const [alice] = all;
      alice.inbox.length = 0;
      await alice.holds(6);
    });
    assert.doesNotMatch(brisk.log, /\[(warning|error)\]/);
  });
});

describe("heartbeats in namespaces", () => {
  it("each session has its own, and only it can answer them", async () => {
    const hub = await startHub({
      set: {
        "plugins.enabled": "messaging, heartbeat",
        "server.namespaces": "/, /chat, /other",
        "plugin.heartbeat.namespaces": "/, /chat",
        "plugin.heartbeat.interval": "200ms",
        "plugin.heartbeat.timeout": "40ms",
      },
    });
    hubs.push(hub);
    const main = await Client.connect(hub);
    try {
      const chat = await Client.beside(main, "/chat");
      const other = await Client.beside(main, "/other");
      // The ids of the one are no answer for the other: both are warned.
      const ids = [await heartbeat(main), await heartbeat(chat)];
      assert.notEqual(...ids);
      main.tell("system:heartbeat-ack", { id: ids[1] });
      await heartbeat(main);
      await warning(main, 2);
      await heartbeat(chat);
      await warning(chat, 2);
      assert.deepStrictEqual(other.inbox, []);
      await refused(other, "UNKNOWN_EVENT", "system:heartbeat-ack", { id: ids[0] });
    } finally {
      main.close();
    }
  });
});

describe("heartbeats over a reload", () => {
  it("who answers none has missed them all", async () => {
    const rhythm = { interval: "200ms", timeout: "40ms" };
    const site = await startReloadable(["messaging", "heartbeat"], { "plugin.heartbeat": rhythm }, { set: { "plugin.heartbeat.interval": "200ms" } });
    const client = await Client.connect(site.hub);
    const nextWarning = async () => {
      for (;;) {
        const [event, data] = await client.next("a warning");
        if (event === "system:heartbeat-warning") return data.missedHeartbeats;
      }
    };
    try {
      assert.equal(await nextWarning(), 2);
      assert.equal(await nextWarning(), 3);
      await site.changed("heartbeat", { max_missed: 10 });
      for (let missed = 4; missed <= 10; ++missed) assert.equal(await nextWarning(), missed);
      assert.equal(await client.disconnected(), "transport close");
    } finally {
      client.close();
      await site.stop();
    }
  });
});

describe("the settings of heartbeat", () => {
  for (const [key, value] of [["interval", "-1s"], ["interval", "2h"], ["interval", "often"], ["timeout", "0"], ["timeout", "2h"],
    ["max_missed", "-1"], ["max_missed", "some"]]) {
    it(`${key} = ${value} is refused`, async () => {
      const { code, stderr } = await runHub({ args: ["--check"], set: { [`plugin.heartbeat.${key}`]: value } });
      assert.equal(code, 1, stderr);
      assert.ok(stderr.includes(key) && stderr.includes(value), stderr);
    });
  }
});
