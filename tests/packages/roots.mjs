// Roots of other systems, in folders: made, entered with mounts of their own, thrown away. And what was packed.
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { chownSync, copyFileSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
import { Client } from "../e2e/support/clients.mjs";
import { ROOT, soon } from "../e2e/support/hub.mjs";

export const PACKAGES = path.join(ROOT, "build/package");
const CACHE = path.join(process.env.XDG_CACHE_HOME ?? path.join(homedir(), ".cache"), "wshub");

// The only packed file whose name fits.
export function packed(pattern) {
  const found = readdirSync(PACKAGES).filter((name) => pattern.test(name));
  if (found.length !== 1) throw new Error(`${pattern} in ${PACKAGES}: ${found.join(" ") || "nothing"}`);
  return path.join(PACKAGES, found[0]);
}

export function run(command, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8", maxBuffer: 1 << 28, timeout: 900_000, ...options });
  if (error) throw error;
  return { code: status, stdout, stderr, output: stdout + stderr };
}
export function runs(command, args, options) {
  const { code, stdout, output } = run(command, args, options);
  if (code !== 0) throw new Error(`${[command, ...args].join(" ")} ended with ${code}\n${output.slice(-6000)}`);
  return stdout;
}
export const there = (command) => run("sh", ["-c", 'command -v "$0"', command]).code === 0;

// Why roots cannot be entered here; nothing if they can.
export function hindrance() {
  if (process.getuid() !== 0) return "only root may make and enter another root";
  if (run("unshare", ["--mount", "true"]).code !== 0) return "no mounts of one's own are allowed here";
  if (run("chroot", ["/", "true"]).code !== 0) return "chroot is not allowed here";
  return undefined;
}

// A minimal Debian 12, made once and kept; WSHUB_DEBIAN_ROOT may name one that is there already, which is only copied.
function pristine() {
  if (process.env.WSHUB_DEBIAN_ROOT) return process.env.WSHUB_DEBIAN_ROOT;
  const folder = path.join(CACHE, "bookworm");
  const complete = path.join(CACHE, "bookworm.complete");
  if (existsSync(complete)) return folder;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(CACHE, { recursive: true });
  const sources = existsSync("/etc/apt/sources.list.d") ? readdirSync("/etc/apt/sources.list.d") : [];
  const text = sources.map((name) => readFileSync(path.join("/etc/apt/sources.list.d", name), "utf8")).join("\n");
  const mirror = /^URIs: *(\S+)/m.exec(text)?.[1];
  runs("debootstrap", ["--variant=minbase", "--include=ca-certificates", "bookworm", folder, ...(mirror ? [mirror] : [])]);
  writeFileSync(complete, "");
  return folder;
}

const ENTER = `
mkdir -p "$ROOT/proc" "$ROOT/dev"
if [ -n "$ALONE" ]; then mount -t proc -o subset=pid proc "$ROOT/proc"; else mount --rbind /proc "$ROOT/proc"; fi
mount --rbind /dev "$ROOT/dev"
mkdir -p "$ROOT/tmp"; mount -t tmpfs tmpfs "$ROOT/tmp"
for file in $LENT; do
  [ -e "$file" ] || continue
  [ -d "$file" ] && mkdir -p "$ROOT$file"
  [ -e "$ROOT$file" ] || touch "$ROOT$file"
  mount --bind "$file" "$ROOT$file"
  mount -o remount,bind,ro "$ROOT$file"
done
if [ -n "$GIVEN" ]; then mkdir -p "$ROOT/tmp/given"; mount --bind "$GIVEN" "$ROOT/tmp/given"; fi
exec chroot $AS "$ROOT" "$@"`;

export class System {
  // A copy of the minimal Debian; what apt and its connections need of this machine is lent to it.
  static debian() {
    const system = new System();
    runs("cp", ["-a", `${pristine()}/.`, system.root]);
    system.lent = ["/etc/apt", "/etc/ssl/certs", "/etc/resolv.conf", "/etc/hosts"];
    for (const file of system.lent) if (existsSync(file) && !lstatSync(file).isDirectory()) writeFileSync(system.file(file), "");
    return system;
  }
  // Empty.
  constructor() {
    this.directory = mkdtempSync(path.join(tmpdir(), "wshub-root-"));
    this.root = path.join(this.directory, "root");
    this.given = path.join(this.directory, "given"); // seen as /tmp/given
    mkdirSync(this.root);
    mkdirSync(this.given);
    this.lent = [];
    this.running = new Set();
  }
  file(name) {
    return path.join(this.root, name);
  }
  read(name) {
    return readFileSync(this.file(name), "utf8");
  }
  has(name) {
    try {
      lstatSync(this.file(name));
      return true;
    } catch {
      return false;
    }
  }
  // Makes the file known inside, as /tmp/given/NAME.
  give(file) {
    copyFileSync(file, path.join(this.given, path.basename(file)));
    return `/tmp/given/${path.basename(file)}`;
  }
  // Every file, with the owner's number; contents do not matter.
  files() {
    return runs("find", [this.root, "-xdev", "-printf", "/%P\n"]).trim().split("\n").sort();
  }

  #command(args, as, more = {}) {
    const environment = {
      ...{ ROOT: this.root, ALONE: "", LENT: this.lent.join(" "), GIVEN: this.given, AS: as ? `--userspec=${as}` : "" },
      ...{ PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", HOME: "/root", LANG: "C.UTF-8" },
      ...{ DEBIAN_FRONTEND: "noninteractive", ...more },
      ...(process.env.NODE_EXTRA_CA_CERTS ? { NODE_EXTRA_CA_CERTS: process.env.NODE_EXTRA_CA_CERTS } : {}),
    };
    return ["unshare", ["--mount", "sh", "-euc", ENTER, "enter", ...args], { env: environment, cwd: "/" }];
  }
  // A command in it, as root or as somebody (NAME:GROUP, or their numbers).
  tries(args, { as } = {}) {
    return run(...this.#command(args, as));
  }
  runs(args, { as } = {}) {
    return runs(...this.#command(args, as));
  }
  apt(...args) {
    return this.runs(["apt-get", "-q", "-y", "--no-install-recommends", "-o", "APT::Sandbox::User=root", ...args]);
  }
  // A hub in it, which listens: {url, port, log, stop()}. The process is the hub itself: every step above only executes the next.
  // `alone`: it sees only processes in /proc, as by the unit's ProcSubset=pid.
  async serves(args, { as, env, alone = false } = {}) {
    const [command, all, options] = this.#command(args, as, { ...env, ALONE: alone ? "1" : "" });
    const child = spawn(command, all, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    this.running.add(child);
    const hub = { log: "", pid: child.pid };
    hub.ended = new Promise((resolve) => {
      child.on("close", (code, signal) => {
        this.running.delete(child);
        resolve({ code, signal });
      });
    });
    const line = new Promise((resolve, reject) => {
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding("utf8").on("data", (text) => {
          hub.log += text;
          const found = /listening on \S*?:(\d+)\//.exec(hub.log);
          if (found) resolve(Number(found[1]));
        });
      }
      hub.ended.then((end) => reject(new Error(`the hub ended: ${JSON.stringify(end)}\n${hub.log}`)));
    });
    try {
      hub.port = await soon(line, () => `a start line in\n${hub.log}`, 60_000);
    } catch (error) {
      child.kill("SIGKILL");
      throw error;
    }
    hub.url = `http://127.0.0.1:${hub.port}`;
    hub.stop = async () => {
      child.kill("SIGTERM");
      return soon(hub.ended, "the end of the hub", 30_000);
    };
    return hub;
  }
  // A user's numbers and those of the group of that name, as UID:GID.
  account(name) {
    const numbers = (file) => new RegExp(`^${name}:[^:]*:(\\d+)`, "m").exec(this.read(file))[1];
    return `${numbers("/etc/passwd")}:${numbers("/etc/group")}`;
  }
  // The hub of a package, as its unit starts it, with the environment that systemd makes of StateDirectory= and the like.
  // `as`: UID:GID.
  servesAsUnit(as, { set = {}, ...options } = {}) {
    const [run, state] = ["/run/wshub", "/var/lib/wshub"];
    mkdirSync(this.file(run), { recursive: true });
    chownSync(this.file(run), ...as.split(":").map(Number));
    const settings = Object.entries({ "server.port": 0, ...set }).flatMap(([key, value]) => ["--set", `${key}=${value}`]);
    const env = { HOME: state, STATE_DIRECTORY: state, RUNTIME_DIRECTORY: run };
    return this.serves(["/usr/bin/wshub", "--config", "/etc/wshub/wshub.ini", ...settings], { as, env, ...options });
  }
  remove() {
    for (const child of this.running) child.kill("SIGKILL");
    rmSync(this.directory, { recursive: true, force: true });
  }
}

// The newest of the libraries that this machine's programs would get.
export function library(soname) {
  const found = execFileSync("ldconfig", ["-p"], { encoding: "utf8" }).split("\n");
  const line = found.find((text) => text.trim().startsWith(`${soname} `) && text.includes("x86-64"));
  if (!line) throw new Error(`${soname} is not installed here`);
  return line.split(" => ")[1].trim();
}

// What one client of the hub sends the other gets, over both transports.
export async function roundTrip(hub) {
  const [alice, bob] = [await Client.connect(hub, "upgraded"), await Client.connect(hub, "polling")];
  try {
    assert.equal((await alice.acked("message", { text: "hello" })).status, "received");
    const arrived = () => bob.inbox.find((entry) => entry[0] === "message");
    while (!arrived()) await bob.holds(bob.inbox.length + 1);
    assert.deepEqual(arrived()[1].data, { text: "hello" });
  } finally {
    alice.close();
    bob.close();
  }
}

// The template's project, made, tested and installed with the SDK that is in there, and loaded by the hub that is. What is
// left of it: the project in /var/tmp/demo, and the plugin. `sdk`: its CMake package, where cmake would not look.
export async function makesTemplatePlugin(system, { plugins, sdk }) {
  const script = `cd /var/tmp
    wshub new-plugin demo
    cmake -S demo -B demo/build ${sdk ? `-Dwshub-sdk_DIR=${sdk}` : ""} >/dev/null
    cmake --build demo/build
    ctest --test-dir demo/build --output-on-failure
    cmake --install demo/build --prefix /usr`;
  assert.match(system.runs(["sh", "-euc", script]), /100% tests passed/);
  assert.ok(system.has(`${plugins}/demo.so`), "installed beside the families");
  const hub = await system.servesAsUnit(system.account("wshub"), { set: { "plugins.enabled": "messaging, demo" } });
  try {
    const client = await Client.connect(hub);
    assert.deepEqual(await client.acked("demo:greet", { name: "Bob" }), { text: "Hello, Bob!" });
    client.close();
  } finally {
    await hub.stop();
  }
}

// What an operator looks at first: the dashboard, the figures, and the hub's answer over its socket.
export async function firstLook(system, hub, as) {
  const get = async (page) => {
    const answer = await fetch(hub.url + page);
    assert.equal(answer.status, 200, page);
    return answer.text();
  };
  assert.match(await get("/admin/"), /<title>/);
  const figures = await get("/metrics");
  assert.match(figures, /^wshub_ready 1$/m);
  const started = Number(/^process_start_time_seconds (\S+)$/m.exec(figures)[1]);
  assert.ok(started > Date.now() / 1000 - 600 && started < Date.now() / 1000 + 1, `started at ${started}`);
  assert.ok(lstatSync(system.file("/run/wshub/control.sock")).isSocket());
  const answer = JSON.parse(system.runs(["/usr/bin/wshub", "ctl", "stats", "--json"], { as }));
  assert.equal(typeof answer.uptime_s, "number", JSON.stringify(answer));
}

// Files of the pages of an installation that they link to and that are not there.
export function deadLinks(folder) {
  const pages = runs("find", [folder, "-name", "*.md"]).trim().split("\n");
  assert.ok(pages.length > 20, pages.join(" "));
  return pages.flatMap((page) => {
    const text = readFileSync(page, "utf8").replace(/^```[^]*?^```/gm, "");
    const targets = [...text.matchAll(/\]\((?![a-z]+:|#)([^)#\s]+)/g)].map(([, target]) => target);
    return targets.filter((target) => !existsSync(path.resolve(path.dirname(page), target))).map((target) => `${path.relative(folder, page)}: ${target}`);
  });
}

// Programs and libraries below a folder.
export const binaries = (folder) =>
  runs("find", [folder, "-type", "f", "-printf", "%P\n"]).trim().split("\n").filter((name) => readFileSync(path.join(folder, name)).subarray(0, 4).equals(Buffer.from("\x7fELF")));
