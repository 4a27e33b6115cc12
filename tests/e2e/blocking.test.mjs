// Handlers that block: in order for their session, and of no concern to anybody else.
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { io } from "socket.io-client";
import { BUILD, soon, startHub } from "./support/hub.mjs";

const DIRECTORY = path.join(BUILD, "tests/bad_plugins/built");
const start = (set = {}) => startHub({ set: { "plugins.directory": DIRECTORY, "plugins.enabled": "blocking", ...set } });
let hub;
before(async () => {
  hub = await start({ "plugins.workers": 2 });
});
after(() => hub?.stop());

async function client(to = hub) {
  const socket = io(to.url, { transports: ["websocket"], forceNew: true, reconnection: false });
  socket.got = [];
  socket.onAny((...event) => socket.got.push(event));
  await soon(new Promise((resolve, reject) => socket.once("connect", resolve).once("connect_error", reject)), "connect");
  return socket;
}
const ask = (socket, ...event) => soon(new Promise((resolve) => socket.emit(...event, resolve)), event[0]);
async function until(what, check) {
  for (const end = Date.now() + 10_000; ; ) {
    if (await check()) return;
    assert.ok(Date.now() < end, what);
  }
}

describe("handlers that block", () => {
  it("keep the order of their session's events, those of other handlers too", async () => {
    const alice = await client();
    const asked = [];
    for (let i = 0; i < 30; ++i) asked.push(i % 3 === 2 ? ask(alice, "quick") : ask(alice, "work", i % 7, Buffer.from("x")));
    const answers = await Promise.all(asked);
    answers.forEach((answer, i) => {
      assert.equal(answer.nth, i + 1);
      if (i % 3 !== 2) assert.deepEqual([answer.still, answer.binary], [i + 1, 1]);
    });
    alice.close();
  });

  it("do not hold up others", async () => {
    const [alice, bob] = [await client(), await client()];
    let working = true;
    const slow = ask(alice, "work", 1500).finally(() => (working = false));
    for (let i = 0; i < 5; ++i) assert.equal((await ask(bob, "quick")).nth, i + 1);
    assert.ok(working);
    assert.equal((await slow).nth, 1);
    alice.close();
    bob.close();
  });

  it("answer when they return, however they do", async () => {
    const alice = await client();
    assert.deepEqual(await ask(alice, "plain"), { status: "ok" });
    assert.equal(await ask(alice, "later"), "later");
    assert.equal((await ask(alice, "throws")).code, "INTERNAL");
    assert.equal((await ask(alice, "refuses")).code, "NO");
    assert.deepEqual(alice.got.map(([name, error]) => [name, error.code]), [["system:error", "INTERNAL"], ["system:error", "NO"]]);
    await hub.logged(/plugin handler failed plugin=blocking handler=event name=throws .*as told/);
    alice.close();
  });

  it("stand in the chain of handlers", async () => {
    const alice = await client();
    assert.deepEqual(await ask(alice, "steps", false), { status: "ok" });
    assert.deepEqual(await ask(alice, "steps", true), { status: "ok" });
    assert.deepEqual(alice.got.map(([, step]) => step), [1, 0, -1, 1, 0]);
    alice.close();
  });

  it("are followed by what they caused, and by the end of a client that has left", async () => {
    const own = await start();
    const [alice, bob, carol] = [await client(own), await client(own), await client(own)];
    const answers = [];
    alice.emit("wait", () => answers.push("wait"));
    alice.emit("quick", () => answers.push("quick"));
    bob.emit("wait");
    for (let i = 0; i < 5; ++i) bob.emit("quick");
    await until("both wait", async () => (await ask(carol, "waiting")) === 2);
    bob.close();
    await ask(carol, "quick");
    assert.deepEqual(answers, []);
    assert.deepEqual(carol.got, []);
    await ask(carol, "release");
    await until("alice is answered", async () => (await ask(carol, "quick")) && answers.length === 2);
    assert.deepEqual(answers, ["wait", "quick"]);
    assert.deepEqual(alice.got.filter(([name]) => name === "joined"), [["joined", "after"]]);
    // What bob had sent behind it was dropped with him.
    await until("bob has left", () => carol.got.length > 0 || ask(carol, "quick").then(() => false));
    assert.deepEqual(carol.got, [["gone", 0]]);
    for (const each of [alice, carol]) each.close();
    await own.stop();
  });

  it("let only so much wait behind them", async () => {
    const own = await start({ "limits.max_event_bytes": 1000, "limits.events_per_second": 0 });
    const [alice, bob] = [await client(own), await client(own)];
    const first = ask(alice, "wait");
    const others = [];
    for (let i = 0; i < 40; ++i) others.push(ask(alice, "quick"));
    await until("it waits", async () => (await ask(bob, "waiting")) === 1);
    await until("some are refused", async () => (await ask(bob, "quick")) && alice.got.length > 0);
    await ask(bob, "release");
    assert.equal(await first, true);
    const all = await Promise.all(others);
    const handled = all.filter((answer) => answer.nth).length;
    assert.equal(all.filter((answer) => answer.code === "RATE_LIMIT").length, 40 - handled);
    assert.ok(handled >= 10 && handled < 20, `${handled} were handled`);
    for (const each of [alice, bob]) each.close();
    await own.stop();
  });

  it("are waited for when the hub stops", async () => {
    const own = await start();
    const alice = await client(own);
    const bob = await client(own);
    alice.emit("work", 400);
    alice.emit("work", 400);
    await ask(bob, "quick");
    await own.stop();
    for (const each of [alice, bob]) each.close();
  });
});
