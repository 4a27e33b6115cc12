// The RPMs: what they ask for, started where only base libraries are, installed and erased by rpm, built anew from the source.
import assert from "node:assert/strict";
import { appendFileSync, chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { PACKAGES, System, binaries, deadLinks, firstLook, hindrance, library, makesTemplatePlugin, packed, roundTrip, run, runs, there } from "./roots.mjs";

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
  });

  it("have debug symbols of each program and plugin; copies of others' libraries have none to give", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "wshub-rpm-"));
    unpack(HUB, folder);
    const wanted = binaries(folder).filter((name) => !/^usr\/lib64\/wshub\/lib/.test(name));
    rmSync(folder, { recursive: true });
    assert.ok(wanted.length >= 10, wanted.join(" "));
    const debug = asks(SYMBOLS, "-l").filter((name) => name.endsWith(".debug") && !name.includes(".build-id"));
    const of = (name) => debug.filter((file) => file.startsWith(`/usr/lib/debug/${name}`));
    for (const name of wanted) assert.equal(of(name).length, 1, `${name} in ${debug.join(" ")}`);
  });

  it("have pages whose links lead somewhere", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "wshub-rpm-"));
    unpack(HUB, folder);
    const dead = deadLinks(path.join(folder, "usr/share/doc/wshub"));
    rmSync(folder, { recursive: true });
    assert.deepEqual(dead, []);
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

// What rpm runs before and after, with a systemctl that only writes down what it is asked.
describe("the scripts of the RPM", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "wshub-scripts-"));
  after(() => rmSync(folder, { recursive: true }));
  writeFileSync(path.join(folder, "systemctl"), `#!/bin/sh\necho "$*" >>${folder}/asked\n`, { mode: 0o755 });
  // `versions`: how many there will be, as rpm says.
  function asked(tag, versions) {
    writeFileSync(path.join(folder, "asked"), "");
    runs("sh", ["-c", runs("rpm", ["-qp", "--qf", `%{${tag}}`, HUB]), "script", String(versions)], { env: { ...process.env, PATH: `${folder}:${process.env.PATH}` } });
    return readFileSync(path.join(folder, "asked"), "utf8").trim().split("\n").filter(Boolean);
  }

  it("ask the distribution's preset at the first installation, and never again: an upgrade disables nothing", () => {
    assert.deepEqual(asked("POSTIN", 1), ["--no-reload preset wshub.service", "daemon-reload"]);
    assert.deepEqual(asked("POSTIN", 2), ["daemon-reload"]);
  });

  it("stop the service when the last version goes, and restart it behind an upgrade", () => {
    assert.deepEqual(asked("PREUN", 1), []);
    assert.deepEqual(asked("PREUN", 0), ["--no-reload disable --now wshub.service"]);
    assert.deepEqual(asked("POSTUN", 1), ["daemon-reload", "try-restart wshub.service"]);
    assert.deepEqual(asked("POSTUN", 0), ["daemon-reload"]);
  });
});

describe("the unpacked RPM where only base libraries are", { skip }, () => {
  let system;
  const as = "4711:4711"; // the user that rpm would have made
  before(() => {
    system = new System();
    unpack(HUB, system.root);
    // What rpm would have given that user.
    chownSync(system.file("/etc/wshub/wshub.ini"), 0, 4711);
    for (const folder of ["/var/lib/wshub", "/var/log/wshub"]) chownSync(system.file(folder), 4711, 4711);
    // Where the dynamic linker of this machine looks: it is Debian's.
    for (const folder of ["/lib64", LIBRARIES]) mkdirSync(system.file(folder), { recursive: true });
    // libcurl comes with all that it needs itself, as in any base system.
    const ofCurl = [...runs("ldd", [library("libcurl.so.4")]).matchAll(/^\s+(\S+) => /gm)].map((found) => found[1]);
    for (const soname of new Set([...BASE, ...ofCurl])) copyFileSync(library(soname), system.file(soname.startsWith("ld-") ? `/lib64/${soname}` : `${LIBRARIES}/${soname}`));
    chmodSync(system.file("/lib64/ld-linux-x86-64.so.2"), 0o755);
  });
  after(() => system?.remove());

  it("has none of Debian's libraries, and no shell", () => {
    assert.deepEqual(readdirSync(system.file(LIBRARIES)).filter((name) => /Poco|fmt|spdlog|edit|bsd/.test(name)), []);
    assert.ok(!existsSync(system.file("/bin/sh")));
  });

  it("finds its own, and its configuration", () => {
    assert.equal(system.runs(["/usr/bin/wshub", "--check"], { as }), "ok: /etc/wshub/wshub.ini\n");
    assert.equal(system.runs(["/usr/bin/wshub", "--check"]), "ok: /etc/wshub/wshub.ini\n");
  });

  it("tells nobody else what is in it", () => {
    assert.equal(statSync(system.file("/etc/wshub/wshub.ini")).mode & 0o777, 0o640);
    assert.equal(system.tries(["/usr/bin/wshub", "--check"], { as: "4712:4712" }).code, 1);
  });

  for (const alone of [false, true]) {
    it(`serves real clients and operators${alone ? ", seeing of /proc what the unit lets it see" : ""}`, async () => {
      const hub = await system.servesAsUnit(as, { alone });
      try {
        await roundTrip(hub);
        await firstLook(system, hub, as);
      } finally {
        assert.deepEqual(await hub.stop(), { code: 0, signal: null }, hub.log);
      }
      assert.doesNotMatch(hub.log, / error /);
    });
  }
});

// The packages as they might have been before these: a lower version, a configuration that has changed since, a file that is
// gone since; with the scripts and file lists of today's spec.
function older(scratch) {
  const top = path.join(scratch, "older");
  const files = path.join(top, "files");
  for (const file of [HUB, SDK]) unpack(file, files);
  const ini = path.join(files, "etc/wshub/wshub.ini");
  writeFileSync(ini, `# What 0.0.9 had to say.\n${readFileSync(ini, "utf8")}`);
  writeFileSync(path.join(files, "usr/share/doc/wshub/gone-since"), "a file that the new version has no more\n");
  const licenses = path.join(files, "usr/share/licenses");
  const spec = readFileSync(path.join(PACKAGES, "rpm/wshub.spec"), "utf8")
    .replace(/^Version: .*$/m, "Version: 0.0.9")
    .replace(/^(Source0|BuildRequires): .*\n/gm, "")
    .replace(/^%prep\n[^]*?(?=^%pre\n)/m, `%prep
%build
mkdir -p %{build_dir}/private_licenses
cp $(find ${licenses} -name '*.txt') %{build_dir}/private_licenses/
cp $(find ${licenses} -name LICENSE | head -n 1) LICENSE
%install
cp -a ${files}/. %{buildroot}/
rm -rf %{buildroot}/usr/share/licenses %{buildroot}/usr/lib/.build-id
`);
  // As they are: nothing is taken out of the programs a second time.
  const asTheyAre = ["%global debug_package %{nil}", "%global __os_install_post %{nil}", "%global _build_id_links none", ""].join("\n");
  writeFileSync(path.join(top, "wshub.spec"), asTheyAre + spec);
  const definitions = [`_topdir ${top}`, `_dbpath ${top}/db`].flatMap((text) => ["--define", text]);
  runs("rpmbuild", ["-bb", "--nodeps", "--with", "private_libraries", ...definitions, path.join(top, "wshub.spec")]);
  const made = path.join(top, "RPMS/x86_64");
  return readdirSync(made).filter((name) => !name.includes("debug")).map((name) => path.join(made, name));
}

describe("rpm itself", { skip }, () => {
  let system, pristine;
  before(() => {
    system = System.debian();
    system.apt("update");
    system.apt("install", "libcurl4", "libexpat1", "g++", "cmake", "make");
    pristine = system.files();
  });
  after(() => system?.remove());
  // Debian's root has no packages of RPM's names: needs are looked at above.
  const here = () => ["--root", system.root, "--dbpath", "/var/lib/rpm"];
  const rpm = (...args) => runs("rpm", [...here(), "--nodeps", ...args]);
  const installed = (name) => runs("rpm", [...here(), "-q", "--qf", "%{VERSION}", name]);
  // What differs from what was installed: lines as rpm shows them.
  const differences = () => run("rpm", [...here(), "-V", "--nodeps", "wshub", "wshub-sdk"]).output.split("\n").filter(Boolean);
  const INI = "/etc/wshub/wshub.ini";

  it("installs an older hub with a user and folders of its own", () => {
    const files = older(system.directory);
    assert.equal(files.length, 2, files.join(" "));
    rpm("-i", ...files);
    assert.equal(installed("wshub"), "0.0.9");
    const [uid, gid] = system.account("wshub").split(":").map(Number);
    for (const [name, owner, mode] of [["/var/lib/wshub", uid, 0o750], ["/var/log/wshub", uid, 0o750], [INI, 0, 0o640]]) {
      const found = statSync(system.file(name));
      assert.deepEqual([found.mode & 0o777, found.uid, found.gid], [mode, owner, gid], name);
    }
    for (const as of [`${uid}:${gid}`, undefined]) assert.equal(system.runs(["wshub", "--check"], { as }), "ok: /etc/wshub/wshub.ini\n");
    assert.deepEqual(differences(), []);
  });

  it("upgrades it, and keeps what was changed by hand", () => {
    const changed = system.read(INI).replace(/^threads = 0$/m, "threads = 3");
    writeFileSync(system.file(INI), changed);
    appendFileSync(system.file("/etc/logrotate.d/wshub"), "# by hand\n");
    writeFileSync(system.file("/var/lib/wshub/kept"), "");
    rpm("-U", HUB, SDK);
    assert.notEqual(installed("wshub"), "0.0.9");
    assert.equal(installed("wshub"), installed("wshub-sdk"));
    assert.equal(system.read(INI), changed);
    // The new version's lies beside; that of logrotate is no other than before.
    assert.doesNotMatch(system.read(`${INI}.rpmnew`), /What 0\.0\.9 had to say/);
    assert.match(system.read("/etc/logrotate.d/wshub"), /# by hand/);
    assert.ok(!system.has("/etc/logrotate.d/wshub.rpmnew"));
    assert.ok(system.has("/var/lib/wshub/kept"));
    assert.ok(!system.has("/usr/share/doc/wshub/gone-since"));
    assert.match(system.runs(["wshub", "--print-config"]), /^threads = 3$/m);
    assert.deepEqual(differences().map((line) => line.split(/\s+/).at(-1)).sort(), ["/etc/logrotate.d/wshub", INI]);
  });

  it("the hub runs as its user, and serves real clients and operators", async () => {
    const hub = await system.servesAsUnit(system.account("wshub"), { alone: true });
    try {
      await roundTrip(hub);
      await firstLook(system, hub);
    } finally {
      assert.deepEqual(await hub.stop(), { code: 0, signal: null }, hub.log);
    }
  });

  it("the template's plugin is made with the installed SDK, and the hub loads it", async () => {
    // Debian's cmake does not look into lib64 by itself.
    await makesTemplatePlugin(system, { plugins: "/usr/lib64/wshub/plugins", sdk: "/usr/lib64/cmake/wshub-sdk" });
    rmSync(system.file("/usr/lib64/wshub/plugins/demo.so"));
    rmSync(system.file("/var/tmp/demo"), { recursive: true });
  });

  it("erases all that it installed, and leaves what is the operator's", () => {
    rpm("-e", "wshub", "wshub-sdk");
    // rpm's own books, what groupadd and useradd keep of before, and what the hub has made as it ran.
    const books = /^\/(var\/lib\/rpm|etc\/(passwd|group|shadow|gshadow|subuid|subgid)-|etc\/\.pwd\.lock|run\/wshub|var\/lib\/wshub\/(admin_token|images))(\/|$)/;
    // Folders that Fedora's own packages have, and Debian does not.
    const fedoras = ["/usr/lib/sysusers.d", "/usr/lib64/cmake", "/usr/lib64/pkgconfig", "/usr/share/licenses"];
    const left = system.files().filter((name) => !pristine.includes(name) && !books.test(name) && !fedoras.includes(name));
    const gone = pristine.filter((name) => !system.has(name) && !books.test(name));
    const stays = ["/etc/logrotate.d/wshub.rpmsave", "/etc/wshub", `${INI}.rpmnew`, `${INI}.rpmsave`, "/var/lib/wshub", "/var/lib/wshub/kept"];
    assert.deepEqual({ left, gone }, { left: stays, gone: [] });
    assert.match(system.read(`${INI}.rpmsave`), /^threads = 3$/m);
    assert.ok(system.account("wshub"));
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
