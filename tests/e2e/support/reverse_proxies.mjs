// nginx and HAProxy with the sample files of docs/operations, in which only addresses, ports and paths are others.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { ROOT, soon } from "./hub.mjs";

const SAMPLES = path.join(ROOT, "docs/operations");
// Where Debian has them, which is not in everybody's PATH.
const PROGRAMS = { nginx: "/usr/sbin/nginx", haproxy: "/usr/sbin/haproxy" };

const running = new Set();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

export const sample = (name) => readFileSync(path.join(SAMPLES, name), "utf8");

// A port that was free a moment ago: neither program can be asked for any free one.
async function freePort() {
  const server = net.createServer();
  await new Promise((resolve, reject) => server.on("error", reject).listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

// The text with each of these replaced, every one of which must be there.
function replaced(text, changes) {
  for (const [from, to] of changes) {
    assert.ok(text.includes(from), `the sample file has no "${from}"`);
    text = text.replaceAll(from, to);
  }
  return text;
}

function makeCertificate(directory) {
  const [key, certificate] = ["key.pem", "certificate.pem"].map((name) => path.join(directory, name));
  execFileSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
    "-subj", "/CN=hub.example.org", "-addext", "subjectAltName=DNS:hub.example.org,IP:127.0.0.1", "-keyout", key, "-out", certificate],
  { stdio: "pipe" });
  const both = path.join(directory, "both.pem");
  writeFileSync(both, readFileSync(certificate, "utf8") + readFileSync(key, "utf8"), { mode: 0o600 });
  return { key, certificate, both, ca: readFileSync(certificate, "utf8") };
}

const KINDS = {
  "nginx.conf": (text, { directory, hubs, plain, secure, keys }) => {
    const servers = hubs.map((hub) => `server 127.0.0.1:${hub.port};`).join(" ");
    const site = replaced(text, [
      ["server 127.0.0.1:3000;", servers],
      ["listen 80;", `listen 127.0.0.1:${plain};`],
      ["listen 443 ssl", `listen 127.0.0.1:${secure} ssl`],
      ["/etc/ssl/hub.example.org/fullchain.pem", keys.certificate],
      ["/etc/ssl/hub.example.org/privkey.pem", keys.key],
    ]);
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${directory}/${name};`);
    // One process, so that its end is the end of all.
    const main = `daemon off; master_process off; pid ${directory}/pid; error_log stderr warn;
      events { worker_connections 512; }
      http { access_log off; ${temporary.join(" ")}\n${site}\n}\n`;
    return { program: PROGRAMS.nginx, text: main, args: (file) => ["-p", directory, "-e", "stderr", "-c", file], check: ["-t"] };
  },
  "haproxy.cfg": haproxy,
  "haproxy-tcp.cfg": haproxy,
};

function haproxy(text, { hubs, plain, secure, keys }) {
  const site = replaced(text, [
    ["bind :443 ", `bind 127.0.0.1:${secure} `],
    ...(text.includes("bind :80\n") ? [["bind :80\n", `bind 127.0.0.1:${plain}\n`]] : []),
    ["/etc/haproxy/hub.example.org.pem", keys.both],
    ["maxconn 50000", "maxconn 500"],
  ]);
  const servers = site.replace(/^ *server hub1 127\.0\.0\.1:3000(.*)$/m, (_, rest) =>
    hubs.map((hub, i) => `    server hub${i + 1} 127.0.0.1:${hub.port}${rest}`).join("\n"));
  assert.notEqual(servers, site);
  return { program: PROGRAMS.haproxy, text: servers, args: (file) => ["-db", "-f", file], check: ["-c"] };
}

// Runs the program with the sample file `name` in front of `hubs` while `use` runs; gives it {url, ca, plain, secure}.
// `change`: for what a test wants different in the file, from text to text.
export async function behind(name, hubs, use, change = (text) => text) {
  const directory = mkdtempSync(path.join(tmpdir(), "wshub-proxy-"));
  try {
    const [plain, secure] = [await freePort(), await freePort()];
    const keys = makeCertificate(directory);
    const { program, text, args, check } = KINDS[name](change(sample(name)), { directory, hubs, plain, secure, keys });
    const file = path.join(directory, "proxy.conf");
    writeFileSync(file, text);
    // As operators are told to, before they let it loose.
    execFileSync(program, [...check, ...args(file)], { stdio: "pipe" });
    const child = spawn(program, args(file), { stdio: ["ignore", "pipe", "pipe"] });
    running.add(child);
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (more) => (said += more));
    const ended = new Promise((resolve) => {
      child.on("error", (error) => resolve(error.message)).on("close", (code) => resolve(`it ended with ${code}`));
    });
    try {
      await soon(Promise.race([accepts(secure), ended.then((why) => Promise.reject(new Error(`${program}: ${why}\n${said}`)))]), () => `${program} listens\n${said}`);
      return await use({ url: `https://127.0.0.1:${secure}`, ca: keys.ca, plain, secure });
    } catch (error) {
      error.message += `\n${said}`;
      throw error;
    } finally {
      child.kill("SIGTERM");
      await soon(ended, `the end of ${program}`).catch(() => child.kill("SIGKILL"));
      running.delete(child);
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

// Somebody listens there. Nothing else than trying tells.
async function accepts(port) {
  for (;;) {
    const open = await new Promise((resolve) => {
      const socket = net.connect(port, "127.0.0.1");
      socket.on("connect", () => resolve(true)).on("error", () => resolve(false)).on("close", () => resolve(false));
      socket.on("connect", () => socket.destroy());
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
