// Roots of other systems, in folders: made, entered with mounts of their own, thrown away. And what was packed.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
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
for folder in proc dev; do mkdir -p "$ROOT/$folder"; mount --rbind "/$folder" "$ROOT/$folder"; done
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
      ...{ ROOT: this.root, LENT: this.lent.join(" "), GIVEN: this.given, AS: as ? `--userspec=${as}` : "" },
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
  async serves(args, { as, env } = {}) {
    const [command, all, options] = this.#command(args, as, env);
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
