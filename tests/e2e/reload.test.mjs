// Families are reloaded again and again while clients talk: everything that is sent is handled once, and nobody is disconnected.
// WSHUB_RELOADS sets how often (20).
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { BUILD, PLUGINS, soon, startHub } from "./support/hub.mjs";
import { Client } from "./support/clients.mjs";

const RELOADS = Number(process.env.WSHUB_RELOADS ?? 20);
const CLIENTS = 8;
const IN_FLIGHT = 4; // events of each client
const BUILT = path.join(BUILD, "tests/bad_plugins/built");

const FAMILIES = {
  counter: path.join(BUILT, "counter_1.so"),
  messaging: path.join(PLUGINS, "messaging.so"),
  rooms: path.join(PLUGINS, "rooms.so"),
};
// In place of the counter, and refused for its own reason.
const BROKEN = [
  ["a file cut short", () => whole("counter_1").subarray(0, 20_000), /truncated/],
  ["text", () => Buffer.from("not a library at all\n"), /not a shared library/],
  ["a constructor that throws", () => whole("counter_ctor_throws"), /cannot open the word list/],
  ["a restore that throws", () => whole("counter_restore_throws"), /cannot read what was saved/],
  ["a start that throws", () => whole("counter_start_throws"), /port 9 is taken/],
  ["a crash before main", () => whole("counter_static_crashes"), /crashed while loading/],
];
const whole = (name) => readFileSync(path.join(BUILT, `${name}.so`));

let builds = 0;
// Another build of the same: its build id tells builds apart.
function rebuilt(bytes) {
  const note = Buffer.from("\x04\0\0\0\x14\0\0\0\x03\0\0\0GNU\0", "latin1");
  const at = bytes.indexOf(note);
  assert.notEqual(at, -1, "the linker wrote no build id");
  const copy = Buffer.from(bytes);
  copy.writeUInt32LE(++builds, at + note.length);
  copy.writeUInt32LE(process.pid, at + note.length + 4);
  return copy;
}

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

// `each(n)`: one reload; while it all happens, the load generator talks in rooms.
async function underLoad(hub, seconds, work) {
  const load = spawn(path.join(BUILD, "bin/wshub_load"), [
    ...["rooms", "--port", hub.port, "--transport", "mixed", "--clients", 100, "--rooms", 20, "--rate", 300],
    ...["--seconds", seconds, "--quiet"],
  ].map(String));
  let said = "";
  for (const stream of [load.stdout, load.stderr]) stream.setEncoding("utf8").on("data", (text) => (said += text));
  const ended = new Promise((resolve) => load.on("close", resolve));
  try {
    await work();
    assert.equal(await soon(ended, "the end of the load", (seconds + 30) * 1000), 0, said);
  } finally {
    load.kill("SIGKILL");
  }
}

async function startSite(environment = {}) {
  const directory = new Directory();
  for (const [name, file] of Object.entries(FAMILIES)) directory.put(name, readFileSync(file));
  Object.assign(process.env, environment);
  const hub = await startHub({
    set: {
      "plugins.directory": directory.path,
      "plugins.enabled": "counter, messaging, rooms",
      "plugins.hot_reload": true,
      "plugins.rollback_window": "0",
      "limits.events_per_second": 0,
      "limits.bytes_per_second": 0,
    },
  });
  for (const name of Object.keys(environment)) delete process.env[name];
  const how = (i) => (i % 2 === 0 ? "websocket" : "polling");
  const clients = await Promise.all(Array.from({ length: CLIENTS }, (_, i) => Client.connect(hub, how(i))));
  return { directory, hub, clients, counting: new Counting(clients) };
}

async function reload({ directory, hub }, family) {
  const pattern = `plugin reloaded name=${family} `;
  const before = count(hub.log, pattern);
  directory.put(family, rebuilt(readFileSync(FAMILIES[family])));
  await hub.logged({ exec: (log) => (count(log, pattern) > before ? [log] : null) });
}

async function refuse({ directory, hub }, [what, bytes, reason]) {
  const before = count(hub.log, "serves on");
  const broken = bytes();
  directory.put("counter", broken.length > 20_000 ? rebuilt(broken) : broken);
  await hub.logged({ exec: (log) => (count(log, "serves on") > before ? [log] : null) });
  assert.match(hub.log.split("\n").filter((line) => line.includes("serves on")).at(-1), reason, what);
}

describe("reloads under traffic", () => {
  let site;
  before(async () => (site = await startSite()));
  after(async () => {
    for (const { socket } of site.clients) socket.close();
    await site.hub.stop();
    assert.deepEqual(site.directory.copies(), []);
    site.directory.remove();
  });

  it(`${RELOADS} reloads lose nothing, double nothing and disconnect nobody`, { timeout: 60_000 + RELOADS * 3_000 }, async (t) => {
    const { hub, clients, counting, directory } = site;
    counting.start();
    for (const family of Object.keys(FAMILIES)) await reload(site, family);
    const first = memoryOf(hub.pid);
    await underLoad(hub, Math.max(5, RELOADS * 0.3), async () => {
      for (let n = 0; n < RELOADS; ++n) {
        if (n % 5 === 4) await refuse(site, BROKEN[Math.floor(n / 5) % BROKEN.length]);
        else await reload(site, Object.keys(FAMILIES)[n % 3]);
      }
    });
    await counting.stop();
    const [, handled] = await clients[0].ask("totals");

    assert.deepEqual(counting.strange, []);
    assert.equal(counting.totals.length, counting.sent, "acknowledged and sent");
    assert.equal(handled, counting.sent, "handled and sent");
    assert.equal(new Set(counting.totals).size, counting.sent, "no event was handled twice");
    assert.deepEqual(clients.flatMap((client) => client.reasons), []);

    const last = memoryOf(hub.pid);
    assert.equal(last.images, 3, "versions that went are unmapped");
    assert.equal(directory.copies().length, 3);
    assert.doesNotMatch(hub.log, /stays mapped/);
    assert.ok(last.maps - first.maps < 40, `mappings: ${first.maps}, then ${last.maps}`);
    assert.ok(last.kilobytes - first.kilobytes < 40_000, `memory: ${first.kilobytes} kB, then ${last.kilobytes} kB`);
    const waited = [...hub.log.matchAll(/events_waited=(\d+)us/g)].map(([, us]) => Number(us) / 1000);
    t.diagnostic(
      `${counting.sent} events counted; events waited ${median(waited)} ms at the median, ${Math.max(...waited)} ms at most; ` +
        `memory ${first.kilobytes} kB, then ${last.kilobytes} kB; mappings ${first.maps}, then ${last.maps}`,
    );
  });
});

describe("the same without the gate, which this test must notice", () => {
  let site;
  before(async () => (site = await startSite({ WSHUB_TEST_OPEN_GATE: "1" })));
  after(async () => {
    for (const { socket } of site.clients) socket.close();
    await site.hub.stop();
    site.directory.remove();
  });

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
