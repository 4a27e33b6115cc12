// The RPMs: what they ask for, started where only base libraries are, installed and erased by rpm, built anew from the source.
import assert from "node:assert/strict";
import { appendFileSync, chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { Client } from "../e2e/support/clients.mjs";
import { PACKAGES, System, hindrance, library, packed, run, runs, there } from "./roots.mjs";

const HUB = packed(/^wshub-\d.*\.x86_64\.rpm$/);
const SDK = packed(/^wshub-sdk-\d.*\.x86_64\.rpm$/);
const SYMBOLS = packed(/^wshub-debuginfo-\d.*\.x86_64\.rpm$/);
const SOURCE = packed(/^wshub-\d.*\.src\.rpm$/);
const asks = (file, ...what) => runs("rpm", ["-qp", ...what, file]).trim().split("\n");
const skip = hindrance();
const LIBRARIES = "/lib/x86_64-linux-gnu";

// What every system of that age has; all else must be in the package.
const BASE = ["libc.so.6", "libm.so.6", "libstdc++.so.6", "libgcc_s.so.1", "libz.so.1", "libexpat.so.1", "libcrypto.so.3", "libcurl.so.4", "libtinfo.so.6", "ld-linux-x86-64.so.2"];
// Versions of the base's symbols that they may ask for: Fedora 37 has glibc 2.36 and GCC 12.2.
const NEWEST = { GLIBC: [2, 36], GLIBCXX: [3, 4, 30], CXXABI: [1, 3, 13], GCC: [12, 0, 0], OPENSSL: [3, 0, 0], NCURSES6_TINFO: [6, 4] };

function unpack(file, folder) {
  mkdirSync(folder, { recursive: true });
  runs("sh", ["-euc", 'rpm2cpio "$0" | cpio -idm --quiet', file], { cwd: folder });
}

describe("the RPMs", () => {
  it("are named as RPM names them, and hold what belongs to them", () => {
    const [version] = asks(HUB, "--qf", "%{VERSION}-%{RELEASE}");
    assert.deepEqual(
      [HUB, SDK, SYMBOLS, SOURCE].map((file) => path.basename(file)),
      [`wshub-${version}.x86_64.rpm`, `wshub-sdk-${version}.x86_64.rpm`, `wshub-debuginfo-${version}.x86_64.rpm`, `wshub-${version}.src.rpm`],
    );
    const hub = asks(HUB, "-l");
    for (const name of [
      ...["/usr/bin/wshub", "/etc/wshub/wshub.ini", "/etc/logrotate.d/wshub", "/usr/lib/systemd/system/wshub.service"],
      ...["/usr/lib/tmpfiles.d/wshub.conf", "/usr/lib/sysusers.d/wshub.conf", "/usr/lib64/wshub/plugins/messaging.so"],
      ...["/usr/share/man/man1/wshub.1.gz", "/usr/share/man/man5/wshub.ini.5.gz", "/usr/share/bash-completion/completions/wshub"],
      "/usr/lib64/wshub/libPocoNet.so.80",
    ]) {
      assert.ok(hub.includes(name), name);
    }
    // The folder has the version in it, or not, as the distribution wants it. The copies' terms come along.
    const licenses = hub.filter((name) => /^\/usr\/share\/licenses\/wshub[^/]*\//.test(name)).map((name) => path.basename(name));
    for (const name of ["LICENSE", "libpoconet80.txt", "libfmt9.txt"]) assert.ok(licenses.includes(name), `${name}: ${licenses}`);
    const sdk = asks(SDK, "-l");
    for (const name of ["/usr/include/wshub/abi.h", "/usr/lib64/pkgconfig/wshub-sdk.pc", "/usr/share/wshub/plugin-template/CMakeLists.txt"]) {
      assert.ok(sdk.includes(name), name);
    }
    assert.deepEqual(asks(HUB, "-c").sort(), ["/etc/logrotate.d/wshub", "/etc/wshub/wshub.ini"]);
    assert.ok(asks(SYMBOLS, "-l").some((name) => name.endsWith(".debug")));
  });

  it("ask for base libraries alone, in versions that Fedora 37 has", () => {
    const needs = asks(HUB, "--requires").filter((text) => /\.so/.test(text));
    assert.ok(needs.includes("libc.so.6()(64bit)") && needs.includes("libexpat.so.1()(64bit)"), needs.join(" "));
    for (const need of needs) {
      const [, soname, version] = /^([^()]+)\(([^)]*)\)/.exec(need);
      assert.ok(BASE.includes(soname), need);
      const [, name, numbers] = /^([A-Z]\w*?)_([\d.]+)$/.exec(version) ?? [];
      if (!name) continue;
      assert.ok(NEWEST[name], need);
      const asked = numbers.split(".").map(Number);
      const at = asked.findIndex((number, i) => number !== NEWEST[name][i]);
      assert.ok(at === -1 || asked[at] < (NEWEST[name][at] ?? 0), need);
    }
  });

  it("offer nobody the libraries that are private", () => {
    assert.deepEqual(asks(HUB, "--provides").filter((text) => /\.so/.test(text)), []);
  });

  it("name no folder of the machine that built them", () => {
    const folder = path.join(PACKAGES, "unpacked");
    for (const file of [HUB, SDK, SYMBOLS]) {
      runs("rm", ["-rf", folder]);
      unpack(file, folder);
      const { code, stdout } = run("grep", ["-rl", "-e", path.dirname(path.dirname(PACKAGES)), "-e", homedir(), folder]);
      assert.equal(code, 1, stdout);
    }
    runs("rm", ["-rf", folder]);
  });

  it("please rpmlint", { skip: !there("rpmlint") && "there is no rpmlint here" }, () => {
    const config = path.join(PACKAGES, "../../tests/packages/rpmlint.toml");
    const { output } = run("rpmlint", ["-c", config, HUB, SDK, SOURCE]);
    assert.match(output, / 0 errors, 0 warnings/, output);
  });
});

describe("the unpacked RPM where only base libraries are", { skip }, () => {
  let system;
  before(() => {
    system = new System();
    unpack(HUB, system.root);
    // Where the dynamic linker of this machine looks: it is Debian's.
    for (const folder of ["/lib64", LIBRARIES]) mkdirSync(system.file(folder), { recursive: true });
    // libcurl comes with all that it needs itself, as in any base system.
    const ofCurl = [...runs("ldd", [library("libcurl.so.4")]).matchAll(/^\s+(\S+) => /gm)].map((found) => found[1]);
    for (const soname of new Set([...BASE, ...ofCurl])) copyFileSync(library(soname), system.file(soname.startsWith("ld-") ? `/lib64/${soname}` : `${LIBRARIES}/${soname}`));
    chmodSync(system.file("/lib64/ld-linux-x86-64.so.2"), 0o755);
  });
  after(() => system?.remove());
  const as = "4711:4711"; // the user that rpm would have made

  it("has none of Debian's libraries, and no shell", () => {
    assert.deepEqual(readdirSync(system.file(LIBRARIES)).filter((name) => /Poco|fmt|spdlog/.test(name)), []);
    assert.ok(!existsSync(system.file("/bin/sh")));
  });

  it("finds its own, and its configuration", () => {
    assert.equal(system.runs(["/usr/bin/wshub", "--check"], { as }), "ok: /etc/wshub/wshub.ini\n");
  });

  it("serves real clients", async () => {
    const state = ["--set", "server.state_directory=/tmp/state"];
    const hub = await system.serves(["/usr/bin/wshub", "--set", "server.port=0", ...state], { as });
    try {
      for (const how of ["polling", "upgraded"]) {
        const client = await Client.connect(hub, how);
        assert.equal((await client.acked("message", { text: "hello" })).status, "received");
        client.close();
      }
    } finally {
      assert.deepEqual(await hub.stop(), { code: 0, signal: null }, hub.log);
    }
  });
});

describe("rpm itself", { skip }, () => {
  let system;
  before(() => {
    system = System.debian();
    system.apt("update");
    system.apt("install", "libcurl4", "libexpat1");
  });
  after(() => system?.remove());
  // Debian's root has no packages of RPM's names: needs are looked at above.
  const rpm = (...args) => runs("rpm", ["--root", system.root, "--dbpath", "/var/lib/rpm", "--nodeps", ...args]);

  it("installs the hub with a user and folders of its own", () => {
    rpm("-i", HUB, SDK);
    const [uid, gid] = /^wshub:x:(\d+):(\d+):/m.exec(system.read("/etc/passwd")).slice(1).map(Number);
    for (const folder of ["/var/lib/wshub", "/var/log/wshub"]) {
      const { mode, uid: owner, gid: group } = statSync(system.file(folder));
      assert.deepEqual([mode & 0o777, owner, group], [0o750, uid, gid], folder);
    }
    assert.equal(system.runs(["wshub", "--check"], { as: `${uid}:${gid}` }), "ok: /etc/wshub/wshub.ini\n");
    assert.equal(run("rpm", ["--root", system.root, "--dbpath", "/var/lib/rpm", "-V", "--nodeps", "wshub"]).output, "");
  });

  it("keeps a configuration that was changed by hand, when it installs anew and when it erases", () => {
    appendFileSync(system.file("/etc/wshub/wshub.ini"), "# by hand\n");
    rpm("-U", "--replacepkgs", HUB);
    assert.match(system.read("/etc/wshub/wshub.ini"), /# by hand/);
    rpm("-e", "wshub", "wshub-sdk");
    assert.match(system.read("/etc/wshub/wshub.ini.rpmsave"), /# by hand/);
    for (const name of ["/usr/bin/wshub", "/usr/lib64/wshub", "/usr/include/wshub", "/usr/lib/systemd/system/wshub.service"]) {
      assert.ok(!system.has(name), name);
    }
  });
});

describe("the source RPM", () => {
  it("names what it is built with as Fedora calls it", () => {
    const needs = asks(SOURCE, "--requires").join("\n");
    for (const name of ["poco-devel", "boost-devel", "spdlog-devel", "expected-devel", "utf8proc-devel", "libcurl-devel"]) assert.ok(needs.includes(name), name);
  });

  it("gives the same packages when it is built anew", () => {
    // In the place of the first build, so that the compiler's cache helps where there is one.
    const top = path.join(PACKAGES, "rpm");
    for (const folder of ["BUILD", "RPMS", "BUILDROOT"]) runs("rm", ["-rf", path.join(top, folder)]);
    const [version] = asks(SOURCE, "--qf", "%{VERSION}");
    const env = { ...process.env, CCACHE_NOHASHDIR: "1", CCACHE_BASEDIR: path.join(top, "BUILD", `wshub-${version}`) };
    const definitions = [`_topdir ${top}`, `_dbpath ${top}/db`, "optflags %{nil}", "build_environment export LANG=C.UTF-8"].flatMap((text) => ["--define", text]);
    runs("rpmbuild", ["--rebuild", "--nodeps", "--with", "private_libraries", ...definitions, SOURCE], { env, timeout: 2_400_000 });
    const again = readdirSync(path.join(top, "RPMS/x86_64")).sort();
    assert.deepEqual(again, [HUB, SDK, SYMBOLS].map((file) => path.basename(file)).sort());
    const contents = (file) => asks(file, "-l").filter((name) => !name.includes(".build-id"));
    for (const file of [HUB, SDK]) assert.deepEqual(contents(path.join(top, "RPMS/x86_64", path.basename(file))), contents(file));
  });
});
