// What happens at the same time: names that change hands while others write to them, targets that leave, rooms in which
// everybody comes and goes. Several loops, mixed transports; the sanitizer builds run it too. What must hold is said in
// intervals of this process's time: whatever the hub decided, it did between a request and its acknowledgement.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { soon, startHub } from "./support/hub.mjs";
import { Client, HOW } from "./support/clients.mjs";
import { name, settings } from "./support/users.mjs";

const now = () => process.hrtime.bigint();
const pick = (list) => list[Math.floor(Math.random() * list.length)];
const mixed = (hub, count) => Promise.all(Array.from({ length: count }, (_, i) => Client.connect(hub, HOW[i % HOW.length])));
const overlap = (a, b) => a.from <= b.to && b.from <= a.to;

let hub;
before(async () => (hub = await startHub({ set: settings({ "server.threads": 4, "limits.events_per_second": 0 }) })));
after(() => hub.stop());

// The sequence numbers of the direct messages that reach a client: number -> how often.
function directsOf(client, seen = new Map()) {
  client.socket.on("system:direct", ({ type, n }) => type === "race" && seen.set(n, (seen.get(n) ?? 0) + 1));
  return seen;
}

describe("at the same time", () => {
  it("names change hands and are written to: a message reaches one that had the name, once, or nobody", async () => {
    const NAMES = Array.from({ length: 6 }, (_, i) => `racing ${i}`);
    const [ROUNDS, MESSAGES] = [60, 80];
    const holders = (await mixed(hub, 6)).map((client) => ({ client, got: directsOf(client), held: [] }));
    const senders = await mixed(hub, 6);
    await Promise.all(senders.map((sender, i) => name(sender, `racing sender ${i}`)));

    let renaming = holders.length;
    const rename = async ({ client, held }) => {
      for (let round = 0; round < ROUNDS; ++round) {
        const wanted = pick(NAMES);
        const from = now();
        const answer = await client.acked("system:setData", { username: wanted });
        if (!answer.success) continue; // somebody else's: what it was before is still its own
        if (held.length > 0) held.at(-1).to = now();
        held.push({ name: wanted, from, to: undefined });
      }
      --renaming;
    };
    const letters = [];
    const write = async (sender) => {
      for (let n = 0; n < MESSAGES || renaming > 0; ++n) {
        const letter = { n: letters.length, target: pick(NAMES), from: now() };
        letters.push(letter);
        const answer = await sender.acked("system:direct", { target: letter.target, type: "race", n: letter.n });
        letter.to = now();
        letter.sent = answer.success;
        if (!answer.success) assert.equal(answer.reason, "User not found");
      }
    };
    await Promise.all([...holders.map(rename), ...senders.map(write)]);
    // Whatever was sent to a holder arrives before its answer to this.
    const list = (await holders[0].client.acked("system:clients")).clients;
    await Promise.all(holders.map(({ client }) => client.acked("system:setData", { last: true })));

    for (const { held } of holders) if (held.length > 0) held.at(-1).to = now();
    assert.ok(letters.some(({ sent }) => sent) && letters.some(({ sent }) => !sent), "both outcomes were met");
    for (const letter of letters) {
      const reached = holders.filter(({ got }) => got.has(letter.n));
      assert.equal(reached.length, letter.sent ? 1 : 0, `letter ${letter.n} to ${letter.target}`);
      for (const { got, held } of reached) {
        assert.equal(got.get(letter.n), 1);
        assert.ok(held.some((stretch) => stretch.name === letter.target && overlap(stretch, letter)), `letter ${letter.n} went to one that never had the name`);
      }
    }
    // Each name is held once, by whoever was told so last.
    for (const { client, held } of holders) {
      assert.equal(list.find((entry) => entry.id === client.id).username, held.at(-1)?.name ?? null);
    }
    const names = list.map((entry) => entry.username).filter((each) => NAMES.includes(each));
    assert.equal(new Set(names).size, names.length);
    for (const client of [...senders, ...holders.map((holder) => holder.client)]) client.close();
  });

  it("targets leave and come back under their names: who is told that it was sent, sent it to nobody else", async () => {
    const TARGETS = Array.from({ length: 4 }, (_, i) => `leaving ${i}`);
    const VISITS = 12;
    const senders = await mixed(hub, 6);
    await Promise.all(senders.map((sender, i) => name(sender, `leaving sender ${i}`)));
    const got = new Map(TARGETS.map((target) => [target, new Map()]));
    let visiting = TARGETS.length;
    const visit = async (target, i) => {
      for (let n = 0; n < VISITS; ++n) {
        const client = await Client.connect(hub, HOW[(i + n) % HOW.length]);
        directsOf(client, got.get(target));
        // Its last session may still be going: then the name is not free yet.
        const claimed = (async () => {
          while (!(await client.acked("system:setData", { username: target })).success);
        })();
        await soon(claimed, `${target} again`);
        if (n % 2 === 0) client.close(); // says goodbye
        else client.socket.io.engine.close(); // does not
      }
      --visiting;
    };
    const letters = [];
    const write = async (sender) => {
      while (visiting > 0) {
        const letter = { n: letters.length, target: pick(TARGETS) };
        letters.push(letter);
        letter.sent = (await sender.acked("system:direct", { target: letter.target, type: "race", n: letter.n })).success;
      }
    };
    await Promise.all([...TARGETS.map(visit), ...senders.map(write)]);
    assert.ok(letters.some(({ sent }) => sent) && letters.some(({ sent }) => !sent), "both outcomes were met");
    for (const { n, target, sent } of letters) {
      for (const [receiver, seen] of got) {
        const times = seen.get(n) ?? 0;
        assert.ok(times <= (sent && receiver === target ? 1 : 0), `letter ${n} to ${target}, sent: ${sent}, reached ${receiver} ${times} times`);
      }
    }
    for (const sender of senders) sender.close();
  });

  it("everybody joins and leaves, and some just go: who stays sees each of it once and in order", async () => {
    const ROOMS = ["storm a", "storm b", "storm c"];
    const [STORMERS, STEPS] = [18, 40];
    const observers = await mixed(hub, 3);
    const talkers = await mixed(hub, 3);
    for (const client of [...observers, ...talkers]) for (const room of ROOMS) await client.acked("join_room", room);
    for (const observer of observers) observer.inbox.length = 0;

    const stormers = (await mixed(hub, STORMERS)).map((client) => {
      const stormer = { client, id: client.id, in: new Map(), stays: [], heard: [], events: [] };
      client.socket.on("room_message", ({ room, message }) => stormer.heard.push({ room, ...message }));
      return stormer;
    });
    let storming = stormers.length;
    const storm = async (stormer) => {
      for (let step = 0; step < STEPS; ++step) {
        const room = pick(ROOMS);
        const stay = stormer.in.get(room);
        const from = now();
        if (stay) {
          stay.leaving = from;
          assert.deepStrictEqual(await stormer.client.acked("leave_room", room), { status: "left", room });
          stay.to = now();
          stormer.in.delete(room);
          stormer.events.push(["room_left", room]);
        } else {
          const mine = { room, from };
          stormer.in.set(room, mine);
          stormer.stays.push(mine);
          assert.deepStrictEqual(await stormer.client.acked("join_room", room), { status: "joined", room });
          mine.joined = now();
          stormer.events.push(["room_joined", room]);
        }
      }
      --storming;
    };
    const said = [];
    const talk = async (talker, who) => {
      for (let n = 0; storming > 0; ++n) {
        const room = pick(ROOMS);
        const message = { who, n, room, from: now() };
        said.push(message);
        assert.equal((await talker.acked("room_message", { room, message: { who, n } })).status, "sent");
        message.to = now();
      }
    };
    await Promise.all([...stormers.map(storm), ...talkers.map(talk)]);
    // Half of them go without a word, from the rooms that they are still in.
    const going = stormers.filter((_, i) => i % 2 === 0);
    let missing = going.reduce((sum, { in: rooms }) => sum + rooms.size, 0) * observers.length;
    const ids = new Map(stormers.map((stormer) => [stormer.id, stormer]));
    const gone = new Set(going.map(({ id }) => id));
    const allLeft = new Promise((resolve) => {
      if (missing === 0) resolve();
      for (const observer of observers) observer.socket.on("room_left", ({ sid }) => gone.has(sid) && --missing === 0 && resolve());
    });
    for (const { client } of going) client.socket.io.engine.close();
    await soon(allLeft, () => `the last room_left; ${missing} are missing`);
    await Promise.all(observers.map((observer) => observer.acked("ping")));

    for (const observer of observers) {
      for (const [id, stormer] of ids) {
        const seen = observer.inbox.filter(([event, data]) => event.startsWith("room_") && data.sid === id).map(([event, { room }]) => [event, room]);
        assert.deepStrictEqual(seen.slice(0, stormer.events.length), stormer.events);
        const rest = seen.slice(stormer.events.length);
        const left = gone.has(id) ? [...stormer.in.keys()] : [];
        assert.deepStrictEqual(rest.map(([event, room]) => `${event} ${room}`).sort(), left.map((room) => `room_left ${room}`).sort());
      }
      const heard = observer.inbox.filter(([event]) => event === "room_message").map(([, { room, message }]) => ({ room, ...message }));
      for (let who = 0; who < talkers.length; ++who) {
        const theirs = (list) => list.filter((each) => each.who === who).map(({ n, room }) => ({ n, room }));
        assert.deepStrictEqual(theirs(heard), theirs(said));
      }
    }
    // Who came and went heard what was said while it was surely there, nothing of the time in which it surely was not, and
    // nothing twice.
    const key = ({ who, n }) => `${who}:${n}`;
    const byKey = new Map(said.map((message) => [key(message), message]));
    for (const { heard, stays, client, id } of stormers) {
      if (gone.has(id)) continue;
      await client.acked("ping");
      assert.equal(new Set(heard.map(key)).size, heard.length);
      const end = now();
      for (const stay of stays) stay.to ??= end;
      for (const each of heard) {
        const message = byKey.get(key(each));
        assert.equal(each.room, message.room);
        assert.ok(stays.some((stay) => stay.room === message.room && overlap(stay, message)), "heard from outside");
      }
      const keys = new Set(heard.map(key));
      for (const message of said) {
        const inside = stays.some((stay) => stay.room === message.room && stay.joined < message.from && message.to < (stay.leaving ?? end));
        if (inside) assert.ok(keys.has(key(message)), `${key(message)} was not heard by a member`);
      }
    }
    for (const client of [...observers, ...talkers, ...stormers.map((stormer) => stormer.client)]) client.close();
  });
});
