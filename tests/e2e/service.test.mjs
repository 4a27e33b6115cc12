// The hub as a service: what it tells its service manager, when the watchdog hears nothing, and where its log goes. A
// stand-in for the manager listens to what systemd would hear.
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { after, describe, it } from "node:test";
import { BUILD, PROGRAM, ROOT, runHub, soon, startHub } from "./support/hub.mjs";
import { Client } from "./support/clients.mjs";

const scratch = mkdtempSync(path.join(tmpdir(), "wshub-service-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

async function until(what, check) {
  for (const end = Date.now() + 20_000; ; ) {
    const found = await check();
    if (found) return found;
    assert.ok(Date.now() < end, typeof what === "function" ? what() : what);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

// What a service manager hears, in order: {text, fields, at}.
class Manager {
  static async listen(name = path.join(mkdtempSync(path.join(scratch, "manager-")), "notify")) {
    const manager = new Manager();
    manager.name = name;
    manager.heard = [];
    manager.child = spawn("python3", [path.join(ROOT, "tests/e2e/support/notify_socket.py"), name], { stdio: ["ignore", "pipe", "inherit"] });
    createInterface({ input: manager.child.stdout }).on("line", (line) => {
      const text = JSON.parse(line);
      manager.heard.push({ text, fields: Object.fromEntries(text.split("\n").map((field) => field.split(/=(.*)/s))), at: Date.now() });
    });
    await until("a socket for messages", () => manager.heard.shift());
    return manager;
  }
  // The hub it starts: the environment is that of the hub alone.
  env(more = {}) {
    return { NOTIFY_SOCKET: this.name, ...more };
  }
  // The first message, from the given one on, that fits.
  hears(what, fits, from = 0) {
    return until(
      () => `${what}; heard ${JSON.stringify(this.heard.map(({ text }) => text))}`,
      () => this.heard.slice(from).find(({ fields }) => fits(fields)),
    );
  }
  count(name) {
    return this.heard.filter(({ fields }) => name in fields).length;
  }
  close() {
    this.child.kill("SIGKILL");
  }
}

// A plugin directory with a plugin whose handler sleeps on its loop.
function withSleeper() {
  const directory = mkdtempSync(path.join(scratch, "plugins-"));
  copyFileSync(path.join(BUILD, "tests/bad_plugins/built/counter_1.so"), path.join(directory, "counter.so"));
  return { "plugins.directory": directory, "plugins.enabled": "counter" };
}

// A hub under that manager, ended and told so at the end.
async function supervised(use, { env = {}, manager, ...options } = {}) {
  manager ??= await Manager.listen();
  try {
    const hub = await startHub({ env: manager.env(env), ...options });
    try {
      await use(hub, manager);
    } finally {
      hub.signal("SIGKILL");
      await hub.ended;
    }
  } finally {
    manager.close();
  }
}

describe("a service manager", { concurrency: 2 }, () => {
  it("hears that the hub is ready once it accepts, how many sessions there are, and that it stops", async () => {
    await supervised(async (hub, manager) => {
      const ready = await manager.hears("READY=1", (fields) => fields.READY === "1");
      assert.equal(manager.heard.indexOf(ready), 0);
      assert.equal(ready.fields.STATUS, `0 sessions on ${hub.url}/socket.io/`);
      const clients = [await Client.connect(hub), await Client.connect(hub, "polling")];
      await manager.hears("two sessions", ({ STATUS }) => STATUS === `2 sessions on ${hub.url}/socket.io/`);
      const seen = manager.heard.length;
      await hub.stop();
      const stopping = await manager.hears("STOPPING=1", (fields) => fields.STOPPING === "1", seen);
      assert.equal(stopping.fields.STATUS, "closing 2 sessions");
      // Longer than the sessions have for their end: 10 s, unless [server] shutdown_timeout says otherwise.
      assert.equal(stopping.fields.EXTEND_TIMEOUT_USEC, "40000000");
      assert.equal(manager.count("WATCHDOG"), 0, "no watchdog was asked for");
      for (const client of clients) client.close();
    });
  });

  it("hears when the configuration is read again, and when that is done", async () => {
    await supervised(async (hub, manager) => {
      await manager.hears("READY=1", (fields) => fields.READY === "1");
      for (let round = 0; round < 2; ++round) {
        const seen = manager.heard.length;
        const before = process.hrtime.bigint() / 1000n;
        hub.signal("SIGHUP");
        const reloading = await manager.hears("RELOADING=1", (fields) => fields.RELOADING === "1", seen);
        const ready = await manager.hears("READY=1", (fields) => fields.READY === "1", seen);
        assert.ok(manager.heard.indexOf(reloading) < manager.heard.indexOf(ready));
        // The clock is the system's, the same for all processes.
        const when = BigInt(reloading.fields.MONOTONIC_USEC);
        assert.ok(when >= before && when <= process.hrtime.bigint() / 1000n, `${before} ${when}`);
        assert.equal(hub.log.match(/configuration read again/g).length, round + 1, "ready only after it has happened");
      }
    });
  });

  it("hears nothing of a hub that cannot start", async () => {
    const manager = await Manager.listen();
    try {
      assert.equal((await runHub({ env: manager.env(), set: { "server.host": "192.0.2.1" } })).code, 1);
      assert.deepEqual(manager.heard, []);
    } finally {
      manager.close();
    }
  });

  it("may listen under a name without a file", async () => {
    const manager = await Manager.listen(`@wshub-${process.pid}`);
    await supervised(() => manager.hears("READY=1", (fields) => fields.READY === "1"), { manager });
  });

  it("that cannot be reached is no reason not to run", async () => {
    for (const name of [path.join(scratch, "nobody"), `/${"x".repeat(200)}`, "relative"]) {
      const hub = await startHub({ env: { NOTIFY_SOCKET: name } });
      await hub.stop();
    }
  });
});

describe("the watchdog", { concurrency: 2 }, () => {
  const PERIOD = 1_000; // milliseconds
  const options = readFileSync(path.join(BUILD, "CMakeCache.txt"), "utf8").replace(/^WSHUB_SANITIZE:STRING=(.+)$/m, "-fsanitize=$1");
  const env = { WATCHDOG_USEC: String(PERIOD * 1000) };

  it("hears of the hub more often than it must, with and without clients", async () => {
    await supervised(
      async (hub, manager) => {
        const client = await Client.connect(hub);
        await until("ten signs of life", () => manager.count("WATCHDOG") >= 10);
        client.close();
        const times = manager.heard.filter(({ fields }) => fields.WATCHDOG === "1").map(({ at }) => at);
        const longest = Math.max(...times.slice(1).map((at, i) => at - times[i]));
        assert.ok(longest < PERIOD, `${longest} ms`);
      },
      { env },
    );
  });

  it("hears nothing while a loop stands still, whose handler is named when it strikes", async () => {
    await supervised(
      async (hub, manager) => {
        const client = await Client.connect(hub);
        await until("a sign of life", () => manager.count("WATCHDOG") > 0);
        client.socket.emit("slow", 60_000);
        await hub.logged(/error +loop stands still, .*loop=\d+ thread=\d+/);
        const before = manager.count("WATCHDOG");
        await new Promise((resolve) => setTimeout(resolve, PERIOD)); // the time in which systemd would hear nothing
        assert.equal(manager.count("WATCHDOG"), before);
        // systemd's way to end it.
        hub.signal("SIGABRT");
        assert.notEqual((await soon(hub.ended, "the end")).code, 0);
        // Builds with a sanitizer leave the report to it.
        if (!/-fsanitize/.test(options)) assert.match(hub.log, /crashed: Aborted in plugin counter, handling slow\n/);
        client.close();
      },
      { env, set: { ...withSleeper(), "server.threads": 3 } },
    );
  });

  it("hears again when the handler has returned", async () => {
    await supervised(
      async (hub, manager) => {
        const client = await Client.connect(hub);
        client.socket.emit("slow", 1.5 * PERIOD);
        await hub.logged(/loop stands still/);
        const before = manager.count("WATCHDOG");
        await hub.logged(/warning loop turns again loop=\d+ after=\d+ms/);
        await until("signs of life", () => manager.count("WATCHDOG") > before + 1);
        client.close();
      },
      { env, set: withSleeper() },
    );
  });

  it("that is meant for another process gets nothing", async () => {
    await supervised(
      async (hub, manager) => {
        const client = await Client.connect(hub);
        await manager.hears("a new status", ({ STATUS }) => STATUS?.startsWith("1 session on "));
        assert.equal(manager.count("WATCHDOG"), 0);
        client.close();
      },
      { env: { ...env, WATCHDOG_PID: "1" } },
    );
  });
});

describe("the log", { concurrency: 2 }, () => {
  // Standard error as systemd gives it: a stream whose device and inode are in the environment.
  const journal = async (...args) => {
    const script = 'JOURNAL_STREAM=$(stat -L -c %d:%i /proc/$$/fd/2) exec "$@"';
    const wrapper = path.join(mkdtempSync(path.join(scratch, "journal-")), "wshub");
    writeFileSync(wrapper, `#!/bin/sh\nset -- ${PROGRAM} "$@"\n${script}\n`, { mode: 0o755 });
    return startHub({ program: wrapper, ...args[0] });
  };

  it("goes to the journal with priorities, without time and level that the journal knows", async () => {
    const hub = await journal({ set: { "log.level": "debug", "limits.max_sessions": 50_000_000 } });
    (await Client.connect(hub)).close();
    await hub.logged(/^<7>.*session/m);
    await hub.stop();
    const lines = hub.log.split("\n").filter((line) => line !== "" && !line.includes("listening on"));
    for (const line of lines) assert.match(line, /^<[2-7]>(?!\d{4}-)(?!info|debug|warning|error)/);
    assert.match(hub.log, /^<6>starting version=/m);
    assert.match(hub.log, /^<4>open files may run out before sessions do/m);
  });

  it("is JSON there too, if asked for", async () => {
    const hub = await journal({ set: { "log.format": "json" } });
    await hub.stop();
    const [, priority, text] = /^<(\d)>(.*"starting version.*)$/m.exec(hub.log);
    assert.equal(priority, "6");
    assert.deepEqual(Object.keys(JSON.parse(text)), ["time", "level", "message"]);
  });

  it("has times and levels where standard error is not the journal's", async () => {
    const hub = await startHub({ env: { JOURNAL_STREAM: "1:1" } });
    await hub.stop();
    assert.match(hub.log, /^\d{4}-\d\d-\d\dT[\d:.]+Z info +starting version=/m);
  });

  it("that was moved away is begun anew at SIGUSR1, and goes on where it was if that cannot be", async () => {
    const folder = mkdtempSync(path.join(scratch, "log-"));
    const file = path.join(folder, "hub.log");
    const old = path.join(folder, "hub.log.2");
    const hub = await startHub({ set: { "log.file": file } });
    // Something is logged, to that file.
    const logsTo = async (name) => {
      const lines = () => readFileSync(name, "utf8").match(/configuration read again/g)?.length ?? 0;
      const before = lines();
      hub.signal("SIGHUP");
      await until(`one more line in ${name}`, () => lines() === before + 1);
    };
    await logsTo(file);
    renameSync(file, path.join(folder, "hub.log.1"));
    hub.signal("SIGUSR1");
    await until("a new file", () => existsSync(file));
    await logsTo(file);
    renameSync(file, old);
    mkdirSync(file);
    hub.signal("SIGUSR1");
    await until("a complaint", () => /error +the log file cannot be opened anew: /.test(readFileSync(old, "utf8")));
    await logsTo(old);
    await hub.stop();
    assert.match(readFileSync(old, "utf8"), /stopped\n$/);
  });

  it("is set aside when it is large, and so many of the old ones stay as are to be kept", async () => {
    const folder = mkdtempSync(path.join(scratch, "log-"));
    const set = { "log.file": path.join(folder, "hub.log"), "log.level": "debug", "log.max_bytes": "2KB", "log.keep": 2 };
    const hub = await startHub({ set });
    for (let i = 0; i < 30; ++i) (await Client.connect(hub)).close();
    await hub.stop();
    assert.deepEqual(readdirSync(folder).sort(), ["hub.1.log", "hub.2.log", "hub.log"]);
    for (const name of readdirSync(folder)) assert.ok(readFileSync(path.join(folder, name)).length <= 2_000, name);
    assert.match(readFileSync(path.join(folder, "hub.log"), "utf8"), /stopped\n$/);
  });
});

describe("open files", () => {
  const limited = (limits) => {
    const wrapper = path.join(mkdtempSync(path.join(scratch, "files-")), "wshub");
    writeFileSync(wrapper, `#!/bin/sh\nulimit -S -n ${limits.soft}\nulimit -H -n ${limits.hard}\nexec ${PROGRAM} "$@"\n`, { mode: 0o755 });
    return wrapper;
  };
  const openFiles = (pid) => /^Max open files\s+(\d+)\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/limits`, "utf8")).slice(1).map(Number);

  it("are as many as the process may have, which is warned of if it is too few", async () => {
    const hub = await startHub({ program: limited({ soft: 300, hard: 2256 }) });
    assert.deepEqual(openFiles(hub.pid), [2256, 2256]);
    await hub.stop();
    assert.match(hub.log, /warning .*2256 are enough for 1000 sessions, \[limits\] max_sessions = 100000 needs 200256; raise the limit/);
  });

  it("are not warned of where all sessions have theirs", async () => {
    const hub = await startHub({ program: limited({ soft: 300, hard: 2256 }), set: { "limits.max_sessions": 1000 } });
    await hub.stop();
    assert.match(hub.log, /info +open files are enough limit=2256 sessions=1000/);
  });
});

// A line of the unit, with the places that these tests have.
function unitCommand(name, file) {
  const text = readFileSync(path.join(ROOT, "packaging/systemd/wshub.service.in"), "utf8");
  const line = new RegExp(`^${name}=(.*)$`, "m").exec(text)[1];
  return line.replaceAll("@bindir@", path.dirname(PROGRAM)).replace("@sysconfdir@/wshub/wshub.ini", file).split(" ");
}

describe("systemctl reload", () => {
  it("ends when the reload is done, and fails with the reason if it was not", async () => {
    const folder = mkdtempSync(path.join(scratch, "reload-"));
    const file = path.join(folder, "wshub.ini");
    const [plugins, state] = [path.join(BUILD, "plugins"), path.join(folder, "state")];
    const configure = (more = "") =>
      writeFileSync(file, `[server]\nport = 0\nstate_directory = ${state}\n[plugins]\ndirectory = ${plugins}\nenabled = messaging, rooms\n${more}`);
    configure();
    const wrapper = path.join(folder, "wshub");
    writeFileSync(wrapper, `#!/bin/sh\nexec ${unitCommand("ExecStart", file).join(" ")}\n`, { mode: 0o755 });
    const env = { RUNTIME_DIRECTORY: mkdtempSync(path.join(scratch, "run-")) };
    const hub = await startHub({ program: wrapper, env });
    const reload = () => {
      const [command, ...args] = unitCommand("ExecReload", file);
      return spawnSync(command, args, { encoding: "utf8", env: { ...process.env, ...env }, timeout: 20_000 });
    };
    try {
      configure("[plugin.rooms]\nmembers_only = true\n");
      assert.equal(reload().status, 0);
      await hub.logged(/configuration read again/);
      configure("[plugin.rooms]\nmembers_only = perhaps\n");
      const { status, stderr } = reload();
      assert.equal(status, 1);
      assert.match(stderr, /members_only = "perhaps"/);
    } finally {
      await hub.stop();
    }
    // Whoever cannot be asked has not done it.
    assert.equal(reload().status, 3);
  });
});

// ProcSubset=pid of the unit: of /proc, processes alone.
const alone = ["--mount", "sh", "-euc", 'mount -t proc -o subset=pid proc /proc && exec "$@"', "alone"];
const mayMount = spawnSync("unshare", [...alone, "true"]).status === 0;

describe("under the unit's protection", () => {
  it("what the hub tells of itself is as it is without", { skip: !mayMount && "no mounts of one's own are allowed here" }, async () => {
    const wrapper = path.join(mkdtempSync(path.join(scratch, "alone-")), "wshub");
    const quoted = [...alone, PROGRAM].map((word) => `'${word}'`).join(" ");
    writeFileSync(wrapper, `#!/bin/sh\nexec unshare ${quoted} "$@"\n`, { mode: 0o755 });
    const before = Date.now() / 1000;
    const hub = await startHub({ program: wrapper });
    try {
      assert.throws(() => readFileSync(`/proc/${hub.pid}/root/proc/stat`), /ENOENT/, "the system's figures are hidden");
      const text = await (await fetch(`${hub.url}/metrics`)).text();
      const value = (name) => Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)[1]);
      // In ticks of a hundredth.
      assert.ok(value("process_start_time_seconds") > before - 0.1 && value("process_start_time_seconds") < Date.now() / 1000 + 0.1, text);
      for (const name of ["process_resident_memory_bytes", "process_virtual_memory_bytes", "process_open_fds", "process_max_fds"]) {
        assert.ok(value(name) > 0, name);
      }
    } finally {
      await hub.stop();
    }
  });
});

// systemd-analyze is not everywhere.
function analyzer() {
  try {
    execFileSync("systemd-analyze", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

describe("the unit", { skip: !analyzer() && "there is no systemd-analyze here" }, () => {
  // As it is installed, but for the places.
  const unit = () => {
    const folder = mkdtempSync(path.join(scratch, "unit-"));
    const file = path.join(folder, "wshub.service");
    const text = readFileSync(path.join(ROOT, "packaging/systemd/wshub.service.in"), "utf8");
    writeFileSync(file, text.replaceAll("@bindir@", path.dirname(PROGRAM)).replaceAll("@sysconfdir@", path.join(ROOT, "etc")));
    return file;
  };
  const analyze = (...args) => execFileSync("systemd-analyze", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

  it("is one that systemd understands, without a remark", () => {
    // What it remarks goes to standard error.
    const output = execFileSync("sh", ["-c", 'systemd-analyze verify --man=no "$0" 2>&1', unit()], { encoding: "utf8" });
    assert.equal(output, "");
  });

  it("leaves the hub the users of the system: who asks over its socket stands in the log by number", () => {
    assert.doesNotMatch(readFileSync(unit(), "utf8"), /^PrivateUsers=yes/m);
  });

  it("is hardened as the documents say", () => {
    const score = /Overall exposure level for \S+: (\d+\.\d)/.exec(analyze("security", "--offline=yes", "--no-pager", unit()))[1];
    assert.match(readFileSync(path.join(ROOT, "docs/operations/service.md"), "utf8"), new RegExp(`exposure level of ${score}\\b`));
  });
});
