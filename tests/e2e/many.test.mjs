// 200 clients of mixed transports talk in rooms at once: every message arrives exactly once, and in order for each sender.
import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { soon, startHub } from "./support/hub.mjs";
import { Client, HOW, quiet } from "./support/clients.mjs";

const CLIENTS = 200;
const ROOMS = 20;
const MESSAGES = 20; // of each client, to its room
const BROADCASTS = 5; // of a few clients, to all
const BROADCASTERS = 4;

let hub;
before(async () => (hub = await startHub({ set: { "limits.events_per_second": 0 } })));
after(() => hub.stop());

it(`${CLIENTS} clients in ${ROOMS} rooms hear everything once and in order`, async () => {
  const clients = [];
  while (clients.length < CLIENTS) {
    const batch = Array.from({ length: 20 }, (_, i) => Client.connect(hub, HOW[(clients.length + i) % HOW.length]));
    clients.push(...(await Promise.all(batch)));
  }
  const roomOf = (i) => `room ${i % ROOMS}`;
  await Promise.all(clients.map((client, i) => client.acked("join_room", roomOf(i))));

  // Who heard what of whom.
  const heard = clients.map(() => new Map());
  let missing = CLIENTS * (CLIENTS / ROOMS - 1) * MESSAGES + BROADCASTERS * (CLIENTS - 1) * BROADCASTS;
  let allHeard;
  const complete = new Promise((resolve) => (allHeard = resolve));
  const note = (listener, key, value) => {
    const entries = heard[listener].get(key) ?? [];
    heard[listener].set(key, entries.concat([value]));
    if (--missing === 0) allHeard();
  };
  clients.forEach(({ socket }, i) => {
    socket.on("room_message", ({ from, room, message }) => note(i, `${from} in ${room}`, message));
    socket.on("broadcast", ({ from, data }) => note(i, `${from} to all`, data));
  });

  const acks = [];
  for (let n = 0; n < MESSAGES; ++n) {
    clients.forEach((client, i) => {
      acks.push(client.ask("room_message", { room: roomOf(i), message: n }));
      if (i < BROADCASTERS && n < BROADCASTS) acks.push(client.ask("broadcast", n));
    });
  }
  await Promise.all(acks);
  await soon(complete, () => `the last messages; ${missing} are missing`, 60_000);

  // What could still follow by mistake: each sender's next message to each receiver comes behind it.
  const last = Promise.all(clients.slice(1).map(({ socket }) => new Promise((resolve) => socket.once("message", resolve))));
  clients[0].tell("message", "the end");
  await soon(last, "the last message");
  await Promise.all(clients.map((client) => client.acked("ping")));

  clients.forEach((_, i) => {
    const expected = new Map();
    clients.forEach((other, j) => {
      if (j !== i && roomOf(j) === roomOf(i)) {
        expected.set(`${other.id} in ${roomOf(i)}`, Array.from({ length: MESSAGES }, (_, n) => n));
      }
      if (j !== i && j < BROADCASTERS) expected.set(`${other.id} to all`, Array.from({ length: BROADCASTS }, (_, n) => n));
    });
    assert.deepStrictEqual(new Map([...heard[i]].sort()), new Map([...expected].sort()), `what client ${i} heard`);
  });

  // And everybody is seen to leave, once.
  const watcher = await Client.connect(hub);
  for (let room = 0; room < ROOMS; ++room) await watcher.acked("join_room", roomOf(room));
  await watcher.holds(ROOMS);
  watcher.inbox.length = 0;
  const left = clients.map(({ id }, i) => `${id} from ${roomOf(i)}`);
  for (const client of clients) client.close();
  await watcher.holds(CLIENTS);
  const seen = watcher.inbox.splice(0).map(([event, { room, sid }]) => `${event === "room_left" ? sid : event} from ${room}`);
  assert.deepStrictEqual(seen.sort(), left.sort());
  await quiet(watcher);
  watcher.close();
});
