// Families are rebuilt and reloaded again and again while clients talk: everything that is sent is handled once, and nobody is
// disconnected. WSHUB_RELOADS sets how often (20), WSHUB_RELOAD_CLIENTS how many clients of the load generator talk (100).
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { Client } from "./support/clients.mjs";
import { BUILD, soon, startHub } from "./support/hub.mjs";
import { Linker } from "./support/relink.mjs";

const RELOADS = Number(process.env.WSHUB_RELOADS ?? 20);
const LOAD_CLIENTS = Number(process.env.WSHUB_RELOAD_CLIENTS ?? 100);
const CLIENTS = 8;
const IN_FLIGHT = 4; // events of each client
// Reports of sanitizers name functions only while these are mapped: old versions stay then, and their memory too.
const ROLLBACK_WINDOW = "3s";
const KEEPS_IMAGES = process.env.WSHUB_KEEP_IMAGES !== undefined;

// What CMake calls them.
const FAMILIES = { counter: "bad_counter_1", messaging: "messaging", rooms: "rooms" };
// In place of the counter, and refused for its own reason.
const linked = (name) => (linker) => linker.link(`bad_counter_${name}`);
const BROKEN = [
  ["a file cut short", async (linker) => (await linker.link("bad_counter_1")).subarray(0, 20_000), /truncated/],
  ["text", () => Buffer.from("not a library at all\n"), /not a shared library/],
  ["another ABI", linked("other_major"), /built for plugin ABI 2/],
  ["no entry", linked("no_entry"), /wshub_plugin_entry_v1 is not exported/],
  ["a symbol that nobody has", linked("undefined"), /undefined symbol: missing_function/],
  ["a constructor that throws", linked("ctor_throws"), /cannot open the word list/],
  ["a restore that throws", linked("restore_throws"), /cannot read what was saved/],
  ["a start that throws", linked("start_throws"), /port 9 is taken/],
  ["a crash before main", linked("static_crashes"), /crashed while loading/],
  ["a constructor without an end", linked("static_hangs"), /did not load within/],
];

// A directory of plugins in which files are replaced as installers do it.
class Directory {
  constructor() {
    this.path = mkdtempSync(path.join(tmpdir(), "wshub-reload-"));
  }
  put(name, bytes) {
    const passing = path.join(this.path, ".passing");
    writeFileSync(passing, bytes);
    chmodSync(passing, 0o644);
    renameSync(passing, path.join(this.path, `${name}.so`));
  }
  copies() {
    return readdirSync(this.path).filter((name) => name.endsWith(".image"));
  }
  remove() {
    rmSync(this.path, { recursive: true, force: true });
  }
}

async function until(what, check) {
  for (const end = Date.now() + 30_000; !check(); ) {
    assert.ok(Date.now() < end, what);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const count = (text, pattern) => text.match(new RegExp(pattern, "g"))?.length ?? 0;
const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

function memoryOf(pid) {
  const kilobytes = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]);
  const maps = readFileSync(`/proc/${pid}/maps`, "utf8");
  return { kilobytes, maps: count(maps, "\n"), images: new Set(maps.match(/\S+\.image/g)).size };
}

// Clients that count without a pause, and remember every answer.
class Counting {
  constructor(clients) {
    this.clients = clients;
    this.totals = []; // as acknowledged
    this.strange = []; // answers of another kind
    this.sent = 0;
    this.done = false;
  }
  start() {
    this.ended = Promise.all(
      this.clients.flatMap((client) => Array.from({ length: IN_FLIGHT }, () => this.#count(client))),
    );
  }
  async #count(client) {
    while (!this.done) {
      ++this.sent;
      const answer = await soon(new Promise((resolve) => client.socket.emit("count", (...args) => resolve(args))), "an ack");
      if (answer.length === 2 && typeof answer[1] === "number") this.totals.push(answer[1]);
      else this.strange.push(answer);
    }
  }
  async stop() {
    this.done = true;
    await this.ended;
  }
}

// While it happens, the load generator talks in rooms and to all, in turn: it ends with 0 if nobody was disconnected, and
// everything arrived once and in order.
async function underLoad(hub, work) {
  const common = { port: hub.port, transport: "mixed", clients: LOAD_CLIENTS, seconds: 5 };
  const modes = [
    ["rooms", { rooms: 20, rate: 300 }],
    ["fanout", { event: "message", senders: 4, rate: Math.max(4, 20_000 / LOAD_CLIENTS) }],
  ];
  const argsOf = ([mode, its]) => [mode, "--quiet", ...Object.entries({ ...common, ...its }).flatMap(([key, value]) => [`--${key}`, `${value}`])];
  let load;
  let done = false;
  const rounds = (async () => {
    let count = 0;
    for (; !done; ++count) {
      let said = "";
      load = spawn(path.join(BUILD, "bin/wshub_load"), argsOf(modes[count % modes.length]));
      for (const stream of [load.stdout, load.stderr]) stream.setEncoding("utf8").on("data", (text) => (said += text));
      const code = await soon(new Promise((resolve) => load.on("close", resolve)), "the end of the load", 120_000);
      assert.equal(code, 0, said);
    }
    return count;
  })();
  rounds.catch(() => {}); // told below
  try {
    await work();
    done = true;
    return await rounds;
  } finally {
    done = true;
    load.kill("SIGKILL");
  }
}

async function startSite({ environment = {}, set = {} }) {
  const directory = new Directory();
  const linker = new Linker();
  for (const [name, target] of Object.entries(FAMILIES)) directory.put(name, await linker.link(target));
  Object.assign(process.env, environment);
  const hub = await startHub({
    set: {
      "plugins.directory": directory.path,
      "plugins.enabled": "counter, messaging, rooms",
      "plugins.hot_reload": true,
      "limits.events_per_second": 0,
      "limits.bytes_per_second": 0,
      ...set,
    },
  });
  for (const name of Object.keys(environment)) delete process.env[name];
  const how = (i) => (i % 2 === 0 ? "websocket" : "polling");
  const clients = await Promise.all(Array.from({ length: CLIENTS }, (_, i) => Client.connect(hub, how(i))));
  return { directory, linker, hub, clients, counting: new Counting(clients) };
}

async function endSite({ directory, linker, hub, clients }) {
  for (const { socket } of clients) socket.close();
  await hub.stop();
  const left = directory.copies();
  directory.remove();
  linker.remove();
  return left;
}

// Does what makes the hub write one more line like that.
async function leadsTo(hub, pattern, act) {
  const before = count(hub.log, pattern);
  await act();
  await hub.logged({ exec: (log) => (count(log, pattern) > before ? [log] : null) });
}

async function reload({ directory, linker, hub, clients }, family, target = FAMILIES[family]) {
  const bytes = await linker.link(target);
  await leadsTo(hub, `plugin reloaded name=${family} `, () => directory.put(family, bytes));
  if (family === "counter") assert.deepEqual(await clients[0].ask("build"), [linker.build]);
}

async function refuse({ directory, linker, hub }, [what, link, reason]) {
  const bytes = await link(linker);
  await leadsTo(hub, "serves on", () => directory.put("counter", bytes));
  assert.match(hub.log.split("\n").filter((line) => line.includes("serves on")).at(-1), reason, what);
}

// A version that can take over, and then fails: the hub goes back by itself.
async function rollBack(site) {
  const { hub, clients, linker } = site;
  await reload(site, "counter", "bad_counter_fragile");
  await leadsTo(hub, "plugin reloaded name=counter ", async () => {
    const answers = await Promise.all(clients.map((client) => client.ask("fragile")));
    assert.ok(answers.some(([answer]) => answer.code === "INTERNAL"));
  });
  assert.match(hub.log, /plugin counter: version \S+ failed in \d+ of \d+ calls, going back to version/);
  assert.notDeepEqual(await clients[0].ask("build"), [linker.build]);
}

describe("reloads under traffic", () => {
  let site;
  // No share of failures is borne, so that a rollback does not depend on how many others count meanwhile.
  before(async () => (site = await startSite({ set: { "plugins.rollback_window": ROLLBACK_WINDOW, "plugins.rollback_errors": 0 } })));
  after(async () => {
    const left = await endSite(site);
    if (!KEEPS_IMAGES) assert.deepEqual(left, []);
  });

  it(`${RELOADS} reloads lose nothing, double nothing and disconnect nobody`, { timeout: 120_000 + RELOADS * 5_000 }, async (t) => {
    const { hub, clients, counting, directory } = site;
    counting.start();
    for (const family of Object.keys(FAMILIES)) await reload(site, family);
    const first = memoryOf(hub.pid);
    const kilobytes = [];
    const rounds = await underLoad(hub, async () => {
      for (let n = 0; n < RELOADS; ++n) {
        kilobytes.push(memoryOf(hub.pid).kilobytes);
        const broken = BROKEN[Math.floor(n / 5) % (BROKEN.length + 1)];
        if (n % 5 !== 4) await reload(site, Object.keys(FAMILIES)[n % 3]);
        else if (broken) await refuse(site, broken);
        else await rollBack(site);
      }
    });
    if (RELOADS < 5 * (BROKEN.length + 1)) await rollBack(site); // else it had its turns
    await counting.stop();
    const [, handled] = await clients[0].ask("totals");

    assert.deepEqual(counting.strange, []);
    assert.equal(counting.totals.length, counting.sent, "acknowledged and sent");
    assert.equal(handled, counting.sent, "handled and sent");
    assert.equal(new Set(counting.totals).size, counting.sent, "no event was handled twice");
    assert.deepEqual(clients.flatMap((client) => client.reasons), []);

    const last = memoryOf(hub.pid);
    const third = Math.ceil(RELOADS / 3);
    const [early, late] = [Math.max(...kilobytes.slice(0, third)), Math.max(...kilobytes.slice(-third))];
    if (!KEEPS_IMAGES) {
      assert.equal(last.images, 3, "versions that went are unmapped");
      // Those to go back to are kept as long as that may be.
      await until("the copies of old versions are gone", () => directory.copies().length === 3);
      assert.doesNotMatch(hub.log, /stays mapped/);
      assert.ok(last.maps - first.maps < 40, `mappings: ${first.maps}, then ${last.maps}`);
      // The clients of the load come and go in both thirds; what the heap needs for their bursts is kept, and levels out.
      assert.ok(late - early < 8_000 + LOAD_CLIENTS * 16, `memory, at most: ${early} kB in the first third, ${late} kB in the last`);
    }
    const waited = [...hub.log.matchAll(/events_waited=(\d+)us/g)].map(([, us]) => Number(us) / 1000);
    t.diagnostic(
      `${counting.sent} events counted, ${rounds} rounds of ${LOAD_CLIENTS} clients; events waited ${median(waited)} ms at the median, ${Math.max(...waited)} ms at most; ` +
        `memory at most ${early} kB in the first third, ${late} kB in the last; mappings ${first.maps}, then ${last.maps}`,
    );
  });
});

describe("the same without the gate, which this test must notice", () => {
  let site;
  before(async () => (site = await startSite({ environment: { WSHUB_TEST_OPEN_GATE: "1" }, set: { "plugins.rollback_window": 0 } })));
  after(() => endSite(site));

  it("events are lost, or counted twice", { timeout: 120_000 }, async () => {
    const { clients, counting } = site;
    counting.start();
    let wrong = false;
    for (let n = 0; n < 200 && !wrong; ++n) {
      await reload(site, "counter");
      wrong = counting.strange.length > 0 || new Set(counting.totals).size < counting.totals.length;
    }
    await counting.stop();
    const [, handled] = await clients[0].ask("totals");
    assert.ok(wrong || handled !== counting.sent, "the gate is not needed, it seems");
  });
});
