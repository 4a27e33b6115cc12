// The Debian packages in a clean Debian: installed by apt, run as their own user, upgraded, removed, purged.
import assert from "node:assert/strict";
import { appendFileSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { PACKAGES, System, binaries, deadLinks, firstLook, hindrance, makesTemplatePlugin, packed, roundTrip, run, runs, there } from "./roots.mjs";

const HUB = packed(/^wshub_.*\.deb$/);
const SDK = packed(/^wshub-sdk_.*\.deb$/);
const SYMBOLS = packed(/^wshub-dbgsym_.*\.deb$/);
const skip = hindrance();

// The package as it might have been before this one: with a lower version, and a configuration that has changed since.
function older(scratch) {
  const folder = path.join(scratch, "older");
  runs("dpkg-deb", ["-R", HUB, folder]);
  const edit = (name, change) => writeFileSync(path.join(folder, name), change(readFileSync(path.join(folder, name), "utf8")));
  edit("DEBIAN/control", (text) => text.replace(/^Version: .*$/m, "Version: 0.0.9"));
  edit("etc/wshub/wshub.ini", (text) => `# What 0.0.9 had to say.\n${text}`);
  writeFileSync(path.join(folder, "usr/share/doc/wshub/gone-since"), "a file that the new version has no more\n");
  const sums = runs("sh", ["-c", "find . -path ./DEBIAN -prune -o -type f -printf '%P\\0' | xargs -0 md5sum"], { cwd: folder });
  writeFileSync(path.join(folder, "DEBIAN/md5sums"), sums);
  const file = path.join(scratch, "wshub_0.0.9_amd64.deb");
  runs("dpkg-deb", ["--root-owner-group", "-b", folder, file]);
  return file;
}

describe("the Debian packages", () => {
  it("are named as Debian names them, and hold what belongs to them", () => {
    const version = runs("dpkg-deb", ["-f", HUB, "Version"]).trim();
    assert.equal(path.basename(HUB), `wshub_${version}_amd64.deb`);
    assert.equal(path.basename(SDK), `wshub-sdk_${version}_amd64.deb`);
    assert.equal(path.basename(SYMBOLS), `wshub-dbgsym_${version}_amd64.deb`);
    const contents = (file) => runs("dpkg-deb", ["-c", file]).trim().split("\n").map((line) => line.split(/\s+/)[5].slice(1));
    const hub = contents(HUB);
    for (const name of [
      ...["/usr/bin/wshub", "/etc/wshub/wshub.ini", "/etc/logrotate.d/wshub", "/lib/systemd/system/wshub.service", "/usr/lib/tmpfiles.d/wshub.conf"],
      ...["/usr/lib/x86_64-linux-gnu/wshub/plugins/messaging.so", "/usr/lib/x86_64-linux-gnu/wshub/plugins/auth.so"],
      ...["/usr/share/man/man1/wshub.1.gz", "/usr/share/man/man5/wshub.ini.5.gz", "/usr/share/bash-completion/completions/wshub"],
      ...["/usr/share/doc/wshub/copyright", "/usr/share/doc/wshub/changelog.gz"],
    ]) {
      assert.ok(hub.includes(name), name);
    }
    const sdk = contents(SDK);
    for (const name of ["/usr/include/wshub/abi.h", "/usr/share/wshub/plugin-template/CMakeLists.txt"]) assert.ok(sdk.includes(name), name);
    assert.deepEqual(hub.filter((name) => sdk.includes(name) && !name.endsWith("/")), []);
    // A checksum for each file, by its name.
    for (const file of [HUB, SDK, SYMBOLS]) {
      const sums = runs("dpkg-deb", ["--info", file, "md5sums"]).trim().split("\n").map((line) => `/${line.split("  ")[1]}`);
      const conffiles = file === HUB ? runs("dpkg-deb", ["--info", file, "conffiles"]).trim().split("\n") : [];
      const all = contents(file).filter((name) => !name.endsWith("/"));
      assert.deepEqual([...new Set([...sums, ...conffiles])].sort(), all.sort());
    }
  });

  it("have debug symbols of each program and plugin, found by what is in the file itself", () => {
    const folder = path.join(PACKAGES, "unpacked");
    runs("rm", ["-rf", folder]);
    runs("dpkg-deb", ["-x", HUB, folder]);
    const files = binaries(folder);
    assert.ok(files.length >= 10, files.join(" "));
    const wanted = files.map((name) => {
      const id = /Build ID: ([0-9a-f]+)/.exec(runs("readelf", ["-n", path.join(folder, name)]))[1];
      return `/usr/lib/debug/.build-id/${id.slice(0, 2)}/${id.slice(2)}.debug`;
    });
    const debug = runs("dpkg-deb", ["-c", SYMBOLS]).trim().split("\n").map((line) => line.split(/\s+/)[5].slice(1)).filter((name) => name.endsWith(".debug"));
    assert.deepEqual(debug.sort(), wanted.sort());
    runs("rm", ["-rf", folder]);
  });

  it("have pages whose links lead somewhere", () => {
    const folder = path.join(PACKAGES, "unpacked");
    runs("rm", ["-rf", folder]);
    runs("dpkg-deb", ["-x", HUB, folder]);
    assert.deepEqual(deadLinks(path.join(folder, "usr/share/doc/wshub")), []);
    runs("rm", ["-rf", folder]);
  });

  it("need what was found out, and no more", () => {
    const needs = runs("dpkg-deb", ["-f", HUB, "Depends"]);
    assert.match(needs, /libpoconet80 \(>= 1\.11/);
    assert.match(needs, /libc6 \(>= 2\.\d+/);
    assert.doesNotMatch(needs, /-dev|g\+\+/);
  });

  it("name no folder of the machine that built them", () => {
    const folder = path.join(PACKAGES, "unpacked");
    for (const file of [HUB, SDK, SYMBOLS]) {
      runs("rm", ["-rf", folder]);
      runs("dpkg-deb", ["-R", file, folder]);
      const { code, stdout } = run("grep", ["-rl", "-e", path.dirname(path.dirname(PACKAGES)), "-e", homedir(), folder]);
      assert.equal(code, 1, stdout);
    }
    runs("rm", ["-rf", folder]);
  });

  it("please lintian", { skip: !there("lintian") && "there is no lintian here" }, () => {
    const { code, output } = run("lintian", ["--allow-root", "--fail-on", "error,warning", "--no-tag-display-limit", HUB, SDK]);
    assert.equal(code, 0, output);
  });
});

describe("in a clean Debian", { skip }, () => {
  let system;
  let pristine;
  before(() => {
    system = System.debian();
    system.apt("update");
    pristine = system.files();
  });
  after(() => system?.remove());
  const mode = (name) => (statSync(system.file(name)).mode & 0o7777).toString(8);
  const INI = "/etc/wshub/wshub.ini";
  const owned = (name) => {
    const { uid, gid } = statSync(system.file(name));
    return [mode(name), `${uid}:${gid}`];
  };
  const account = () => system.read("/etc/passwd").split("\n").find((line) => line.startsWith("wshub:"));

  it("apt installs an older hub with all that it needs", () => {
    system.apt("install", system.give(older(system.directory)));
    assert.match(system.runs(["dpkg-query", "-W", "wshub"]), /0\.0\.9/);
    assert.match(account(), /^wshub:x:\d+:\d+:[^:]*:\/var\/lib\/wshub:\/usr\/sbin\/nologin$/);
    assert.deepEqual(["/etc/wshub", "/var/lib/wshub", "/var/log/wshub"].map(mode), ["755", "750", "750"]);
    assert.deepEqual(owned(INI), ["640", `0:${system.account("wshub").split(":")[1]}`]);
  });

  it("the configuration that comes along is in order", () => {
    assert.equal(system.runs(["wshub", "--check", "--config", "/etc/wshub/wshub.ini"], { as: "wshub:wshub" }), "ok: /etc/wshub/wshub.ini\n");
    assert.equal(system.runs(["wshub", "--check"]), "ok: /etc/wshub/wshub.ini\n");
  });

  it("nobody else may read it, unless dpkg-statoverride says so", () => {
    assert.equal(system.tries(["wshub", "--check"], { as: "nobody:nogroup" }).code, 1);
    const configure = () => system.runs(["/var/lib/dpkg/info/wshub.postinst", "configure", "0.0.9"]);
    system.runs(["dpkg-statoverride", "--update", "--add", "root", "root", "0604", INI]);
    configure();
    assert.deepEqual(owned(INI), ["604", "0:0"]);
    system.runs(["dpkg-statoverride", "--remove", INI]);
    configure();
    assert.deepEqual(owned(INI), ["640", `0:${system.account("wshub").split(":")[1]}`]);
  });

  it("an upgrade takes what is new and keeps what was changed by hand", () => {
    appendFileSync(system.file("/etc/logrotate.d/wshub"), "# by hand\n");
    const changed = system.read("/etc/wshub/wshub.ini").replace(/^threads = 0$/m, "threads = 3");
    writeFileSync(system.file("/etc/wshub/wshub.ini"), changed);
    writeFileSync(system.file("/var/lib/wshub/kept"), "");
    system.apt("-o", "Dpkg::Options::=--force-confold", "install", system.give(HUB), system.give(SDK));
    assert.match(system.runs(["wshub", "--version"]), /^wshub \d/);
    assert.doesNotMatch(system.runs(["dpkg-query", "-W", "wshub"]), /0\.0\.9/);
    assert.equal(system.read("/etc/wshub/wshub.ini"), changed);
    assert.doesNotMatch(system.read("/etc/wshub/wshub.ini.dpkg-dist"), /What 0\.0\.9 had to say/);
    assert.match(system.read("/etc/logrotate.d/wshub"), /# by hand/);
    assert.ok(system.has("/var/lib/wshub/kept"));
    assert.ok(!system.has("/usr/share/doc/wshub/gone-since"));
    assert.deepEqual(owned(INI), ["640", `0:${system.account("wshub").split(":")[1]}`]);
    assert.match(system.runs(["wshub", "--print-config"]), /^threads = 3$/m);
  });

  it("the hub runs as its user, and serves real clients", async () => {
    const hub = await system.servesAsUnit(system.account("wshub"));
    try {
      const status = readFileSync(`/proc/${hub.pid}/status`, "utf8");
      assert.equal(/^Uid:\s+(\d+)/m.exec(status)[1], account().split(":")[2]);
      await roundTrip(hub);
      await firstLook(system, hub);
      // The token of admins, which the first start makes.
      assert.equal(mode("/var/lib/wshub/admin_token"), "600");
    } finally {
      assert.deepEqual(await hub.stop(), { code: 0, signal: null }, hub.log);
    }
    assert.doesNotMatch(hub.log, / error /);
  });

  it("sees of /proc what the unit lets it see, and misses nothing", async () => {
    const hub = await system.servesAsUnit(system.account("wshub"), { alone: true });
    try {
      await roundTrip(hub);
      await firstLook(system, hub, system.account("wshub"));
    } finally {
      await hub.stop();
    }
    assert.doesNotMatch(hub.log, / (error|warning) .*\/proc/);
  });

  it("the log that logrotate moves away is begun anew", { skip: !there("logrotate") && "there is no logrotate here" }, () => {
    // What it says of the file that comes along; the user is the other system's.
    const text = system.read("/etc/logrotate.d/wshub").replace(/su wshub wshub/, "su root root").replaceAll("/var/log/wshub", system.file("/var/log/wshub"));
    const file = path.join(system.directory, "logrotate");
    writeFileSync(file, text);
    const { code, output } = run("logrotate", ["--debug", file]);
    assert.equal(code, 0, output);
    assert.doesNotMatch(output, /error/i);
  });

  it("a removal takes the program, and leaves what is the operator's", () => {
    system.apt("remove", "wshub", "wshub-sdk");
    for (const name of ["/usr/bin/wshub", "/usr/lib/x86_64-linux-gnu/wshub", "/usr/include/wshub", "/lib/systemd/system/wshub.service"]) {
      assert.ok(!system.has(name), name);
    }
    for (const name of ["/etc/wshub/wshub.ini", "/etc/logrotate.d/wshub", "/var/lib/wshub/kept", "/var/log/wshub"]) {
      assert.ok(system.has(name), name);
    }
    assert.ok(account());
  });

  it("a purge leaves nothing but the user", () => {
    system.apt("purge", "--auto-remove", "wshub");
    // The books of apt and dpkg, and the linker's cache, are not of the package.
    const books = /^\/(var\/(lib\/(dpkg|apt|systemd\/deb-systemd-helper-enabled|ucf)|cache|log\/(apt|dpkg\.log|alternatives\.log))|etc\/(passwd-|group-|shadow-|gshadow-|subuid-|subgid-|ld\.so\.cache|\.pwd\.lock)|run\/adduser)(\/|$)/;
    const left = system.files().filter((name) => !pristine.includes(name) && !books.test(name));
    const gone = pristine.filter((name) => !system.has(name) && !books.test(name));
    assert.deepEqual({ left, gone }, { left: [], gone: [] });
    assert.ok(account(), "the user stays");
    assert.equal(system.read("/etc/passwd").split("\n").length, new Set(system.read("/etc/passwd").split("\n")).size);
  });
});

describe("a plugin's author on a clean Debian", { skip }, () => {
  let system;
  before(() => {
    system = System.debian();
    system.apt("update");
    system.apt("install", system.give(HUB), system.give(SDK), "g++", "cmake", "make");
  });
  after(() => system?.remove());

  it("makes the template's plugin with the installed SDK, whose hub loads it", async () => {
    await makesTemplatePlugin(system, { plugins: "/usr/lib/x86_64-linux-gnu/wshub/plugins" });
  });
});
