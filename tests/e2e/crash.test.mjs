// A plugin that crashes ends the hub, which says in one line whose fault it was and what it was doing: in a handler, in a
// timer, when it is started, also when the thread's stack is used up.
import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe, it } from "node:test";
import { BUILD, runHub, soon, startHub } from "./support/hub.mjs";
import { Client } from "./support/clients.mjs";

// Builds with a sanitizer leave the report to it.
const sanitized = /^WSHUB_SANITIZE:STRING=.+$/m.test(readFileSync(path.join(BUILD, "CMakeCache.txt"), "utf8"));

const directory = mkdtempSync(path.join(tmpdir(), "wshub-crash-"));
copyFileSync(path.join(BUILD, "tests/bad_plugins/built/counter_1.so"), path.join(directory, "counter.so"));
after(() => rmSync(directory, { recursive: true, force: true }));
const set = { "plugins.directory": directory, "plugins.enabled": "counter" };

// From the hub's last words.
const report = (log) => /wshub \S+: crashed: .*/.exec(log)?.[0].replace(/^wshub \S+: /, "");

describe("a crash", { skip: sanitized && "sanitizers have reports of their own" }, () => {
  for (const [how, doing] of [
    ["null", "handling crash"],
    ["recursion", "handling crash"],
    ["timer", "handling timer"],
  ]) {
    it(`in a plugin names it and what it was doing: ${how}`, async () => {
      const hub = await startHub({ set });
      const client = await Client.connect(hub);
      client.socket.emit("crash", how);
      const { code, signal } = await soon(hub.ended, "the end");
      client.close();
      assert.equal(signal, "SIGSEGV", `${code}`);
      assert.equal(report(hub.log), `crashed: Segmentation fault in plugin counter, ${doing}`, hub.log);
      assert.match(hub.log, /counter\S*\(\+0x[0-9a-f]+\)/, "the stack leads into the plugin");
    });
  }

  it("when a plugin is started names it and the step", async () => {
    const { signal, all } = await runHub({ set: { ...set, "plugin.counter.crashes_in": "start" } });
    assert.equal(signal, "SIGSEGV");
    assert.equal(report(all), "crashed: Segmentation fault in plugin counter, in start", all);
  });

  it("when a plugin is reloaded names it and the step, on that thread too", async () => {
    const hub = await startHub({ set: { ...set, "plugin.counter.crashes_in": "restore" } });
    const client = await Client.connect(hub);
    assert.deepEqual(await client.ask("reload", "counter"), [true]);
    assert.equal((await soon(hub.ended, "the end")).signal, "SIGSEGV");
    client.close();
    assert.equal(report(hub.log), "crashed: Segmentation fault in plugin counter, in restore", hub.log);
  });
});

describe("a loop that stands still", () => {
  it("is told of with the handler that holds it up, long before it returns", async () => {
    const hub = await startHub({ set });
    try {
      const client = await Client.connect(hub);
      client.socket.emit("slow", 60_000);
      await hub.logged(/warning plugin handler has not returned yet plugin=counter handler=event name=slow for=\d+ms on=loop thread=\d+/);
      await hub.logged(/error +loop stands still, .*loop=\d+ thread=\d+ for=\d+ms plugin=counter handler=event name=slow/);
      client.close();
    } finally {
      hub.signal("SIGKILL");
      await hub.ended;
    }
  });
});
