// system:setData, system:followed and system:clients: every row, over every transport, with the official client.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startHub } from "./support/hub.mjs";
import { Client, HOW, quiet, refused, withClients } from "./support/clients.mjs";
import { NOW, assertPayload, blurred, confirmed, fresh, gets, name, refusedPlainly, refusedWith, sender, settings, withUsers } from "./support/users.mjs";

const failure = (error) => ({ success: false, error, timestamp: NOW });
const success = (...updatedFields) => ({ success: true, updatedFields, timestamp: NOW });
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

let hub;
before(async () => (hub = await startHub({ set: settings() })));
after(() => hub.stop());

const set = (client, data, ...fields) => confirmed(client, "system:setData", data, "system:dataSet", success(...fields));
// The error's text is the hub's own, but the same in both events.
async function notSet(client, code, data, error) {
  if (error) return refusedWith(client, code, "system:setData", data, "system:dataSet", failure(error));
  client.tell("system:setData", data);
  await client.holds(2);
  const found = client.inbox.splice(0).find((entry) => entry[0] === "system:dataSet");
  assert.ok(found?.[1].error, "an error text");
  return refusedWith(client, code, "system:setData", data, "system:dataSet", failure(found[1].error));
}
// The list's entries of these clients, by id.
async function listed(client, ...of) {
  const { clients } = await client.acked("system:clients");
  client.inbox.splice(client.inbox.findIndex((entry) => entry[0] === "system:clients"), 1);
  return of.map(({ id }) => clients.find((entry) => entry.id === id));
}

for (const how of HOW) {
  const clients = (count, use) => () => withClients(hub, how, count, use);

  describe(`system:setData over ${how}`, () => {
    it("names the fields given, in the documented order, and answers by event and ack", clients(2, async (alice, bob) => {
      const username = fresh();
      await set(alice, { username, following: ["a", "b"], profile: { displayName: "A", avatar: null } }, "username", "following", "profile");
      await set(alice, { profile: {}, following: [], username }, "username", "following", "profile");
      await set(alice, { profile: { x: 1 } }, "profile");
      await set(alice, { following: ["c"] }, "following");
      await set(alice, {});
      await set(alice, { mood: "fine", profile: {}, __proto__x: 1, age: 1 }, "profile", "mood", "__proto__x", "age");
      await quiet(alice, bob);
    }));

    it("confirms without an ack too", clients(1, async (alice) => {
      alice.tell("system:setData", { username: fresh() });
      await gets(alice, "system:dataSet", success("username"));
      await quiet(alice);
    }));

    it("merges: what is not sent keeps its value", clients(2, async (alice, bob) => {
      const username = fresh();
      await name(alice, username, { following: ["x", "y"], profile: { a: 1, deep: { b: [1, 2] } } });
      const entry = { id: alice.id, username, following: ["x", "y"], profile: { a: 1, deep: { b: [1, 2] } } };
      const looks = async (expected) => {
        const [{ connectTime, ...rest }] = await listed(bob, alice);
        assert.match(connectTime, ISO);
        assert.deepStrictEqual(rest, expected);
      };
      await looks(entry);
      await set(alice, {});
      await looks(entry);
      await set(alice, { following: ["z"] }, "following");
      await looks({ ...entry, following: ["z"] });
      await set(alice, { profile: { c: 2 } }, "profile"); // replaced, as one field
      await looks({ ...entry, following: ["z"], profile: { c: 2 } });
      const other = fresh();
      await set(alice, { username: other }, "username");
      await looks({ ...entry, username: other, following: ["z"], profile: { c: 2 } });
    }));

    it("needs a username the first time, and every field in its type", clients(1, async (alice) => {
      const wrong = [
        [], [null], ["alice"], [5], [true], [[]], [Buffer.from("x")], [{}], [{ following: [] }], [{ profile: {} }], [{ custom: 1 }],
      ];
      for (const args of wrong) await notSet(alice, "INVALID_FORMAT", ...(args.length ? args : [undefined]));
      const username = fresh();
      for (const bad of [null, 5, true, [], {}, "", " ", " \t", "\u00a0\u3000", "a\u0000b", "a\nb", "\u007f", "\u0085", "x".repeat(65), "🌍".repeat(65), "x".repeat(20_000), Buffer.from("x")]) {
        await notSet(alice, "INVALID_FORMAT", { username: bad });
      }
      for (const bad of [null, "bob", 5, true, {}, [1], ["bob", null], ["bob", ["carol"]], [Buffer.from("bob")], Buffer.from("bob")]) {
        await notSet(alice, "INVALID_FORMAT", { username, following: bad });
      }
      for (const bad of [null, "p", 5, true, [], [{}], Buffer.from("p"), { _placeholder: true, num: 0 }, { deep: [{ _placeholder: true, num: 0 }] }]) {
        await notSet(alice, "INVALID_FORMAT", { username, profile: bad });
      }
      // Nothing of these was kept.
      await refusedPlainly(alice, "NO_USERNAME", "system:general", { type: "t" });
      const [entry] = await listed(alice, alice);
      assert.deepStrictEqual({ ...entry, connectTime: NOW }, { id: alice.id, username: null, connectTime: NOW, following: [], profile: {} });
      for (const good of ["x".repeat(64), "🌍".repeat(64), "a b", " x", "é", "__proto__", 'q"\\', "\u200dx", "0"]) {
        await set(alice, { username: good + (good.length < 60 ? fresh() : "") }, "username");
      }
      await quiet(alice);
    }));

    it("refuses a name that another session has, and changes nothing then", clients(3, async (alice, bob, carol) => {
      const [first, second] = [fresh(), fresh()];
      await name(alice, first, { profile: { a: 1 } });
      await name(bob, second, { following: ["nobody"], profile: { b: 1 }, mood: "good" });
      const asked = { username: first, following: [first], profile: { stolen: true }, mood: "bad" };
      await notSet(bob, "DUPLICATE_USERNAME", asked, "Username already taken");
      await notSet(carol, "DUPLICATE_USERNAME", asked, "Username already taken");
      const [a, b, c] = await listed(carol, alice, bob, carol);
      assert.deepStrictEqual([a.username, a.profile], [first, { a: 1 }]);
      assert.deepStrictEqual([b.username, b.following, b.profile], [second, ["nobody"], { b: 1 }]);
      assert.deepStrictEqual([c.username, c.following, c.profile], [null, [], {}]);
      await quiet(carol, alice, bob); // nobody was told to be followed
      await set(alice, { username: first }, "username"); // one's own name is free for oneself
    }));

    it("compares names after NFC, and shows them as sent", clients(3, async (alice, bob, carol) => {
      const stem = fresh();
      const [composed, decomposed] = [`${stem}-\u00e9`, `${stem}-e\u0301`];
      await name(alice, decomposed);
      await notSet(bob, "DUPLICATE_USERNAME", { username: composed }, "Username already taken");
      await name(bob, `${stem}-E\u0301`); // another letter
      await name(carol, `${stem}-e`);
      await set(alice, { username: composed }, "username"); // its own, spelt anew
      const [entry] = await listed(bob, alice);
      assert.equal(entry.username, composed);
      await confirmed(carol, "system:direct", { target: decomposed, type: "t" }, "system:directSent", { success: true, target: decomposed, timestamp: NOW });
      await gets(alice, "system:direct", { sender: sender(carol, `${stem}-e`), type: "t", timestamp: NOW });
    }));

    it("frees a name when its session takes another or ends", clients(3, async (alice, bob, carol) => {
      const [one, two] = [fresh(), fresh()];
      await name(alice, one);
      await set(alice, { username: two }, "username");
      await name(bob, one);
      await notSet(carol, "DUPLICATE_USERNAME", { username: two }, "Username already taken");
      await bob.acked("join_room", "witness");
      await carol.acked("join_room", "witness");
      bob.inbox.length = carol.inbox.length = 0;
      const { id } = bob;
      bob.close();
      await carol.gets(["room_left", { room: "witness", sid: id }]);
      await name(carol, one);
    }));

    it("keeps at most max_bytes of a user, all fields together", clients(2, async (alice, bob) => {
      const username = fresh();
      const kept = (data) => Buffer.byteLength(JSON.stringify({ username, following: [], profile: {}, ...data }));
      const fill = (limit, data = {}) => ({ profile: { blob: "x".repeat(limit - kept({ ...data, profile: { blob: "" } })) } });
      await notSet(alice, "PAYLOAD_TOO_LARGE", { username, ...fill(10_001) });
      await name(alice, username, fill(10_000));
      await notSet(alice, "PAYLOAD_TOO_LARGE", { extra: 1 });
      await notSet(alice, "PAYLOAD_TOO_LARGE", { following: ["somebody"] });
      const [entry] = await listed(bob, alice);
      assert.deepStrictEqual([entry.following, entry.profile], [[], fill(10_000).profile]);
      await set(alice, { profile: {}, custom: "y".repeat(5_000) }, "profile", "custom");
      await notSet(alice, "PAYLOAD_TOO_LARGE", { more: "y".repeat(5_000) });
      await notSet(alice, "PAYLOAD_TOO_LARGE", { profile: { blob: "y".repeat(5_000) } });
      await notSet(alice, "PAYLOAD_TOO_LARGE", { custom: Buffer.alloc(9_000) });
      await set(alice, { custom: "short", more: "y".repeat(9_000) }, "custom", "more");
      await set(alice, { profile: { é: "é".repeat(300) } }, "profile");
      // 9 KB profiles come through to others.
      const [large, peer] = [fresh(), fresh()];
      const profile = { bio: "🌍é\"".repeat(1_000) };
      await set(alice, { username: large, more: 0 }, "username", "more");
      await set(alice, { profile }, "profile");
      await name(bob, peer);
      await alice.acked("system:direct", { target: peer, type: "t" });
      await gets(bob, "system:direct", { sender: sender(alice, large, profile), type: "t", timestamp: NOW });
    }));

    it("keeps binary in profiles, which goes where the profile goes", clients(3, async (alice, bob, carol) => {
      const [one, two] = [fresh(), fresh()];
      const avatar = Buffer.from([0, 1, 2, 255]);
      const profile = { avatar, list: [{ again: Buffer.from("second") }], name: "n" };
      await name(alice, one, { profile });
      await name(bob, two);
      await alice.acked("system:direct", { target: two, type: "t" });
      alice.inbox.length = 0;
      await gets(bob, "system:direct", { sender: sender(alice, one, profile), type: "t", timestamp: NOW });
      await alice.acked("system:general", { data: Buffer.from("own"), type: "t", z: [Buffer.from("more")] });
      alice.inbox.length = 0;
      for (const client of [bob, carol]) {
        await gets(client, "system:general", {
          sender: sender(alice, one, profile), data: Buffer.from("own"), type: "t", z: [Buffer.from("more")], timestamp: NOW, broadcast: true,
        });
      }
      await alice.acked("system:typingStart", { target: two });
      await gets(bob, "system:typingUpdate", { sender: sender(alice, one, profile), isTyping: true, timestamp: NOW });
      const [entry] = await listed(carol, alice);
      assert.deepStrictEqual(entry.profile, profile);
      // Ten attachments go with one packet, and the profile has two of them.
      const nine = Array.from({ length: 9 }, (_, i) => Buffer.alloc(i + 1));
      await refusedPlainly(alice, "PAYLOAD_TOO_LARGE", "system:direct", { target: two, type: "t", nine });
      await refusedPlainly(alice, "INVALID_FORMAT", "system:direct", { target: two, type: "t", fake: { _placeholder: true, num: 1 } });
      await quiet(alice, bob, carol);
      await set(alice, { profile: { name: "text again" } }, "profile");
      await alice.acked("system:direct", { target: two, type: "t", fake: 1, nine });
      await gets(bob, "system:direct", { sender: sender(alice, one, { name: "text again" }), type: "t", fake: 1, nine, timestamp: NOW });
    }));

    it("of many who claim one name at once, exactly one gets it", clients(12, async (...all) => {
      for (let round = 0; round < 5; ++round) {
        const username = fresh();
        const answers = await Promise.all(all.map((client) => client.acked("system:setData", { username })));
        assert.equal(answers.filter((answer) => answer.success).length, 1);
        for (const answer of answers) {
          assertPayload(answer, answer.success ? success("username") : failure("Username already taken"));
        }
        const list = (await all[0].acked("system:clients")).clients;
        assert.equal(list.filter((entry) => entry.username === username).length, 1);
      }
      // Those that did not get one still have none, or the one from before.
      for (const client of all) client.inbox.length = 0;
    }));
  });

  describe(`system:followed over ${how}`, () => {
    it("goes to each that is newly followed and online, once", clients(4, async (alice, bob, carol, dave) => {
      const [a, b, c, d] = [fresh(), fresh(), fresh(), fresh()];
      const followed = { username: a, timestamp: NOW };
      await name(bob, b);
      await name(carol, c);
      await set(alice, { username: a, following: [b, b, "nobody", d] }, "username", "following");
      await gets(bob, "system:followed", followed);
      await name(dave, d); // was not online then
      await set(alice, { following: [c, b, d] }, "following");
      await gets(carol, "system:followed", followed);
      await set(alice, { following: [] }, "following");
      await set(alice, { profile: {} }, "profile");
      await quiet(alice, bob, carol, dave);
      await set(alice, { following: [d, b] }, "following"); // again, after not
      await gets(bob, "system:followed", followed);
      await gets(dave, "system:followed", followed);
      const renamed = fresh();
      await set(alice, { username: renamed, following: [c, d] }, "username", "following");
      await gets(carol, "system:followed", { username: renamed, timestamp: NOW });
      await quiet(alice, bob, carol, dave);
    }));

    it("takes spellings of one name for one", clients(2, async (alice, bob) => {
      const stem = fresh();
      const [composed, decomposed] = [`${stem}\u00e9`, `${stem}e\u0301`];
      const a = fresh();
      await name(bob, composed);
      await set(alice, { username: a, following: [decomposed, composed] }, "username", "following");
      await gets(bob, "system:followed", { username: a, timestamp: NOW });
      await set(alice, { following: [composed] }, "following");
      await set(alice, { following: [decomposed, "", "x".repeat(70), "\u0000"] }, "following");
      await quiet(alice, bob);
    }));
  });

  describe(`system:clients over ${how}`, () => {
    it("lists every client, those without a name too", clients(3, async (alice, bob, carol) => {
      const [a, b] = [fresh(), fresh()];
      await name(alice, a, { following: [b], profile: { displayName: "A", n: 1.5 }, secret: "custom" });
      await name(bob, b);
      const [ack] = await carol.ask("system:clients");
      const [event, payload, ...more] = await carol.next();
      assert.deepEqual([event, more], ["system:clients", []]);
      assert.deepEqual(await carol.next(), ["(ack)", "system:clients", ack]);
      assert.deepStrictEqual(ack, payload);
      assert.deepEqual(Object.keys(payload), ["clients", "count", "timestamp"]);
      blurred(payload);
      assert.equal(payload.count, payload.clients.length);
      const mine = payload.clients.filter(({ id }) => [alice.id, bob.id, carol.id].includes(id));
      for (const entry of mine) {
        assert.match(entry.connectTime, ISO);
        assert.ok(Math.abs(Date.parse(entry.connectTime) - Date.now()) < 60_000);
        assert.deepEqual(Object.keys(entry), ["id", "username", "connectTime", "following", "profile"]);
      }
      assert.deepStrictEqual(mine.map((entry) => ({ ...entry, connectTime: NOW })), [
        { id: alice.id, username: a, connectTime: NOW, following: [b], profile: { displayName: "A", n: 1.5 } },
        { id: bob.id, username: b, connectTime: NOW, following: [], profile: {} },
        { id: carol.id, username: null, connectTime: NOW, following: [], profile: {} },
      ]);
      await quiet(carol, alice, bob);
    }));

    it("shows who has come and gone, and what has changed, at once", clients(1, async (alice) => {
      const { count } = await alice.acked("system:clients", { ignored: true });
      const bob = await Client.connect(hub, how);
      const username = fresh();
      assert.equal((await alice.acked("system:clients")).count, count + 1);
      await bob.acked("system:setData", { username });
      const { clients } = await alice.acked("system:clients");
      assert.equal(clients.find(({ id }) => id === bob.id).username, username);
      await alice.acked("join_room", "leaving");
      await bob.acked("join_room", "leaving");
      const { id } = bob;
      bob.close();
      for (;;) {
        const [event, payload] = await alice.next();
        if (event === "room_left" && payload.sid === id) break;
      }
      const left = await alice.acked("system:clients");
      assert.equal(left.count, count);
      assert.ok(!left.clients.some((entry) => entry.id === id));
    }));

    it("comes without an ack too, and only to who asked", clients(2, async (alice, bob) => {
      alice.tell("system:clients");
      const [event, payload] = await alice.next();
      assert.equal(event, "system:clients");
      assert.ok(payload.clients.some(({ id }) => id === bob.id));
      await quiet(alice, bob);
    }));
  });
}

describe("[plugin.users] list", () => {
  const withList = async (list, use) => {
    const other = await startHub({ set: settings({ "plugin.users.list": list }) });
    try {
      await withClients(other, "websocket", 2, use);
    } finally {
      await other.stop();
    }
  };
  it("named: those with a username may ask, and get everybody", () => withList("named", async (alice, bob) => {
    await refusedPlainly(alice, "FORBIDDEN", "system:clients");
    await name(alice, "alice");
    const { clients, count } = await alice.acked("system:clients");
    assert.equal(count, 2);
    assert.deepEqual(clients.map(({ username }) => username), ["alice", null]);
    await refusedPlainly(bob, "FORBIDDEN", "system:clients");
  }));
  it("admins and nobody: others may not", async () => {
    for (const list of ["admins", "nobody"]) {
      await withList(list, async (alice) => {
        await name(alice, "alice");
        await refusedPlainly(alice, "FORBIDDEN", "system:clients");
      });
    }
  });
});

describe("[plugin.users] max_bytes", () => {
  it("is the operator's to set", async () => {
    const other = await startHub({ set: settings({ "plugin.users.max_bytes": 100 }) });
    await withClients(other, "websocket", 1, async (alice) => {
      await notSet(alice, "PAYLOAD_TOO_LARGE", { username: "alice", profile: { blob: "x".repeat(60) } });
      await set(alice, { username: "alice", profile: { blob: "x".repeat(10) } }, "username", "profile");
    });
    await other.stop();
  });
});

describe("[plugin.users] max_list_bytes", () => {
  it("bounds the list, event and acknowledgement together", async () => {
    const other = await startHub({ set: settings({ "plugin.users.max_list_bytes": 600 }) });
    await withClients(other, "websocket", 3, async (alice, bob) => {
      await refused(alice, "PAYLOAD_TOO_LARGE", "system:clients");
      alice.tell("system:clients");
      const [event, payload] = await alice.next(); // once it fits
      assert.deepEqual([event, payload.count], ["system:clients", 3]);
      await name(bob, "bob", { profile: { blob: "x".repeat(500) } });
      await refusedPlainly(alice, "PAYLOAD_TOO_LARGE", "system:clients");
    });
    await other.stop();
  });
});

describe("many clients", () => {
  it("are listed too, for many who ask at once", async () => {
    const other = await startHub({ set: settings() });
    const crowd = [];
    try {
      for (let i = 0; i < 130; ++i) crowd.push(await Client.connect(other, "websocket"));
      await Promise.all(crowd.map((client, i) => client.acked("system:setData", { username: `user ${i}`, profile: { i } })));
      for (const client of crowd) client.inbox.length = 0;
      const lists = await Promise.all(crowd.slice(0, 40).map((client) => client.ask("system:clients")));
      for (const [client, [ack]] of lists.map((list, i) => [crowd[i], list])) {
        assert.deepEqual(await client.next(), ["system:clients", ack]);
        assert.equal(ack.count, 130);
        assert.deepEqual(ack.clients.map(({ profile }) => profile.i).sort((a, b) => a - b), crowd.map((_, i) => i));
      }
      await crowd[0].acked("system:setData", { profile: { i: "changed" } });
      const { clients } = await crowd[1].acked("system:clients");
      assert.equal(clients.find(({ id }) => id === crowd[0].id).profile.i, "changed");
      // Who asks without waiting for the answers is told so, and each request has one answer.
      const answers = await Promise.all(Array.from({ length: 200 }, () => crowd[2].ask("system:clients")));
      for (const [answer] of answers) assert.ok(answer.count === 130 || answer.code === "RATE_LIMIT");
      assert.ok(answers.filter(([answer]) => answer.count === 130).length >= 4);
    } finally {
      for (const client of crowd) client.close();
      await other.stop();
    }
  });
});

describe("lists", () => {
  it("of many clients come in the order asked for, as it was then", async () => {
    const other = await startHub({ set: settings() });
    await withClients(other, "websocket", 150, async (alice) => {
      const names = [fresh(), fresh(), fresh()];
      const answers = names.flatMap((username) => [alice.ask("system:setData", { username }), alice.ask("system:clients")]);
      await Promise.all(answers);
      const acks = alice.inbox.filter(([event]) => event === "(ack)").map(([, request]) => request);
      assert.deepEqual(acks, names.flatMap(() => ["system:setData", "system:clients"]));
      for (const [i, username] of names.entries()) {
        const [{ clients, count }] = await answers[2 * i + 1];
        assert.equal(count, 150);
        assert.equal(clients.find(({ id }) => id === alice.id).username, username);
      }
    });
    await other.stop();
  });
  it("asked for without end are refused above max_list_bytes in a second, and told of once a second", async () => {
    const other = await startHub({ set: settings({ "plugin.users.max_list_bytes": "2KB" }) });
    await withClients(other, "websocket", 2, async (alice, bob) => {
      const started = Date.now();
      const acks = await Promise.all(Array.from({ length: 50 }, () => alice.ask("system:clients")));
      const seconds = (Date.now() - started) / 1000;
      const refusals = acks.filter(([{ code }]) => code === "RATE_LIMIT");
      const served = acks.filter(([{ clients }]) => clients);
      assert.equal(refusals.length + served.length, 50);
      assert.ok(served.length >= 2 && refusals.length >= 10, `${served.length} lists`);
      for (const [ack] of refusals) assert.deepStrictEqual(ack, { status: "error", code: "RATE_LIMIT", message: refusals[0][0].message });
      const told = alice.inbox.filter(([event]) => event === "system:error").length;
      assert.ok(told >= 1 && told <= 1 + Math.ceil(seconds), `told ${told} times`);
      assert.equal((await bob.acked("system:clients")).count, 2); // nobody else is held up
    });
    await other.stop();
  });
});

describe("without the users plugin", () => {
  it("nobody has a name, and what needs one says so", async () => {
    const other = await startHub({ set: settings({ "plugins.enabled": "messaging, direct, typing, notifications" }) });
    await withClients(other, "websocket", 1, async (alice) => {
      for (const event of ["system:setData", "system:clients"]) await refused(alice, "UNKNOWN_EVENT", event, { username: "alice" });
      const requests = [
        ["system:general", { type: "t" }],
        ["system:direct", { target: "bob", type: "t" }],
        ["system:typingStart", { target: "bob" }],
        ["system:typingStop", { target: "bob" }],
        ["system:notification", { type: "t", content: {} }],
      ];
      for (const [event, data] of requests) await refusedPlainly(alice, "NO_USERNAME", event, data);
      await quiet(alice);
    });
    await other.stop();
  });
  it("each family works alone", async () => {
    for (const family of ["users", "direct", "typing", "notifications"]) {
      const other = await startHub({ set: settings({ "plugins.enabled": family }) });
      await withClients(other, "websocket", 1, async (alice) => {
        await refused(alice, family === "direct" ? "INVALID_FORMAT" : "UNKNOWN_EVENT", "system:direct", {});
        if (family === "users") await set(alice, { username: "alice" }, "username");
      });
      await other.stop();
    }
  });
});

describe("namespaces", () => {
  it("have names, followers and lists of their own", async () => {
    const both = Object.fromEntries(["messaging", "users", "direct", "typing", "notifications"].map((family) => [`plugin.${family}.namespaces`, "/, /chat"]));
    const other = await startHub({ set: settings({ "server.namespaces": "/, /chat", ...both, "plugin.typing.timeout": "200ms" }) });
    const root = await Client.connect(other);
    const chat = await Client.beside(root, "/chat");
    const peer = await Client.connect(other, "websocket", { nsp: "/chat" });
    const alone = await Client.connect(other);
    await name(root, "alice", { following: ["bob"] });
    await name(alone, "bob");
    await name(chat, "alice", { following: ["bob"] }); // the same name, in another world
    await name(peer, "bob", { following: ["alice"] });
    await gets(chat, "system:followed", { username: "bob", timestamp: NOW });
    await confirmed(peer, "system:direct", { target: "alice", type: "t" }, "system:directSent", { success: true, target: "alice", timestamp: NOW });
    await gets(chat, "system:direct", { sender: sender(peer, "bob"), type: "t", timestamp: NOW });
    await confirmed(chat, "system:notification", { type: "t", content: {} }, "system:notificationSent", { success: true, recipientCount: 1, timestamp: NOW });
    await gets(peer, "system:notification", { sender: sender(chat, "alice"), type: "t", content: {}, timestamp: NOW });
    await peer.acked("system:typingStart", { target: "alice" });
    for (const isTyping of [true, false]) await gets(chat, "system:typingUpdate", { sender: sender(peer, "bob"), isTyping, timestamp: NOW });
    assert.deepEqual((await peer.acked("system:clients")).clients.map(({ id }) => id), [chat.id, peer.id]);
    assert.deepEqual((await alone.acked("system:clients")).clients.map(({ id }) => id), [root.id, alone.id]);
    alone.inbox.length = 0;
    await chat.acked("system:general", { type: "g" });
    await quiet(alone, root);
    for (const client of [root, chat, peer, alone]) client.close();
    await other.stop();
  });
});
