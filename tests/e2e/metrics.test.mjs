// /metrics, /healthz and /readyz as Prometheus and load balancers meet them; and whether the figures are true.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { copyFileSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { load } from "../bench/servers.mjs";
import { Polling, RawWebSocket, rawTcp, request } from "./protocol/raw.mjs";
import { Client } from "./support/clients.mjs";
import { BUILD, ROOT, runHub, soon, startHub } from "./support/hub.mjs";
import { Exposition } from "./support/prometheus.mjs";

const OPERATIONS = path.join(ROOT, "docs/operations");
const TOKEN = "0123456789-abcdefghij";

async function scrape(port) {
  const answer = await request(port, { path: "/metrics" });
  assert.equal(answer.status, 200, answer.body);
  return new Exposition(answer.body);
}
// Scrapes until the figure has that value, since some things end a moment after their client has seen it.
async function reaches(hub, expected, name, labels) {
  let value;
  const there = async () => {
    while ((value = (await scrape(hub.port)).value(name, labels)) !== expected) await new Promise(setImmediate);
  };
  await soon(there(), () => `${name}${JSON.stringify(labels)} is ${value}, not ${expected}`);
}

// A folder of plugins: by their names, the files of tests/bad_plugins.
const folders = [];
after(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));
function install(folder, name, file) {
  copyFileSync(path.join(BUILD, `tests/bad_plugins/built/${file}.so`), path.join(folder, ".passing"));
  renameSync(path.join(folder, ".passing"), path.join(folder, `${name}.so`));
}
function folderOf(plugins) {
  folders.push(mkdtempSync(path.join(tmpdir(), "wshub-figures-")));
  for (const [name, file] of Object.entries(plugins)) install(folders.at(-1), name, file);
  return folders.at(-1);
}

const ask = (port, page, headers = {}) => request(port, { path: page, headers: { Host: "localhost", ...headers } });
async function statusOf(port, headers, page = "/metrics") {
  return (await ask(port, page, headers)).status;
}

// Names in PromQL; those of a histogram's parts count as the histogram.
const namesIn = (expression) =>
  [...expression.matchAll(/\b((?:wshub|process)_[a-z_]+)\b/g)].map(([, name]) => name.replace(/(_seconds)_(bucket|sum|count)$/, "$1"));

describe("the text", () => {
  let hub, answer, live;
  before(async () => {
    hub = await startHub({ set: { "limits.dry_run": "rooms", "plugins.enabled": "auth, messaging, rooms, heartbeat" } });
    answer = await request(hub.port, { path: "/metrics" });
    live = new Exposition(answer.body);
  });
  after(() => hub.stop());

  it("is Prometheus text 0.0.4 and says so", () => {
    assert.equal(answer.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    assert.equal(answer.headers["cache-control"], "no-store");
    assert.equal(answer.headers["access-control-allow-origin"], undefined);
  });

  it("pleases promtool, where there is one", (t) => {
    const { error, status, stdout, stderr } = spawnSync("promtool", ["check", "metrics"], { input: answer.body, encoding: "utf8" });
    if (error?.code === "ENOENT") return t.skip("promtool is not installed; the strict reader of support/prometheus.mjs has read all");
    assert.equal(status, 0, stdout + stderr);
  });

  it("has every figure of the table in the documentation, of that kind and with these labels, and no other", () => {
    const page = readFileSync(path.join(OPERATIONS, "metrics.md"), "utf8");
    const rows = [...page.matchAll(/^\| `([a-z_]+)` \| (counter|gauge|histogram) \|([^|]*)\|/gm)];
    const documented = new Map(rows.map(([, name, type, labels]) => [name, { type, labels: [...labels.matchAll(/`([a-z]+)`/g)].map((m) => m[1]).sort() }]));
    assert.equal(documented.size, rows.length, "a figure has two rows");
    for (const [name, family] of live.families) {
      assert.ok(documented.has(name), `${name} is not in metrics.md`);
      const { type, labels } = documented.get(name);
      assert.equal(family.type, type, name);
      for (const sample of family.samples) {
        const here = Object.keys(sample.labels).filter((label) => label !== "le").sort();
        assert.deepEqual(here, labels, name);
      }
    }
    for (const name of documented.keys()) assert.ok(live.families.has(name), `${name} is in metrics.md only`);
  });

  it("has every figure that the dashboard and the alert rules ask for", () => {
    const dashboard = JSON.parse(readFileSync(path.join(OPERATIONS, "grafana-dashboard.json"), "utf8"));
    const rules = readFileSync(path.join(OPERATIONS, "alerts.yml"), "utf8");
    const panels = dashboard.panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]);
    const expressions = panels.flatMap((panel) => (panel.targets ?? []).map((target) => target.expr));
    for (const [, expression] of rules.matchAll(/^\s+expr: (.+)$/gm)) expressions.push(expression);
    assert.ok(expressions.length > 20);
    for (const expression of expressions) {
      const names = namesIn(expression);
      assert.ok(names.length > 0 || /\bup\b/.test(expression), expression);
      for (const name of names) assert.ok(live.families.has(name), `${name} in ${expression}`);
    }
    for (const panel of panels.filter((each) => each.type !== "row")) assert.ok(panel.targets?.length > 0, panel.title);
    assert.equal(new Set(panels.map((panel) => panel.id)).size, panels.length, "panels share an id");
  });

  it("has alert rules that promtool takes, where there is one", (t) => {
    const { error, status, stdout, stderr } = spawnSync("promtool", ["check", "rules", path.join(OPERATIONS, "alerts.yml")], { encoding: "utf8" });
    if (error?.code === "ENOENT") return t.skip("promtool is not installed; the names in the rules are checked above");
    assert.equal(status, 0, stdout + stderr);
  });

  it("tells of the build and the process", () => {
    const [{ labels }] = live.families.get("wshub_build_info").samples;
    assert.match(labels.version, /^\d+\.\d+\.\d+$/);
    assert.equal(live.value("wshub_ready"), 1);
    const started = live.value("process_start_time_seconds");
    assert.ok(started <= Date.now() / 1000 + 1 && started > Date.now() / 1000 - 3600);
    assert.ok(live.value("process_open_fds") <= live.value("process_max_fds"));
  });
});

describe("the figures", () => {
  let hub;
  before(async () => {
    hub = await startHub({ set: { "limits.max_event_bytes": 1000, "limits.events_per_second": 1, "limits.events_burst": 5 } });
  });
  after(() => hub.stop());

  it("count sessions, sockets, upgrades, events and closes as the clients did", async () => {
    const hub = await startHub();
    try {
      const counts = { polling: 2, websocket: 3, upgraded: 1 };
      const clients = [];
      for (const [how, count] of Object.entries(counts))
        for (let i = 0; i < count; ++i) clients.push(await Client.connect(hub, how));
      const all = clients.length;
      let now = await scrape(hub.port);
      assert.equal(now.value("wshub_handshakes_total", { transport: "polling" }), 3);
      assert.equal(now.value("wshub_handshakes_total", { transport: "websocket" }), 3);
      assert.equal(now.value("wshub_upgrades_total", { result: "done" }), 1);
      assert.equal(now.value("wshub_sessions", { transport: "polling" }), 2);
      assert.equal(now.value("wshub_sessions", { transport: "websocket" }), 4);
      assert.equal(now.value("wshub_sockets", { namespace: "/" }), all);
      assert.equal(now.value("wshub_connects_total", { result: "accepted" }), all);

      for (const client of clients) await client.ask("message", "to all"); // all get it, and its sender an ack
      for (let i = 0; i < 4; ++i) await clients[0].ask("ping"); // an ack alone
      for (const client of clients) await client.holds(all);
      now = await scrape(hub.port);
      assert.equal(now.value("wshub_events_in_total"), all + 4);
      assert.equal(now.value("wshub_plugin_events_in_total", { plugin: "messaging" }), all);
      assert.equal(now.value("wshub_plugin_events_in_total", { plugin: "heartbeat" }), 4);
      assert.equal(now.value("wshub_events_out_total"), all * all);
      assert.equal(now.value("wshub_plugin_events_out_total", { plugin: "messaging" }), all * all);
      assert.equal(now.value("wshub_plugin_events_out_total", { plugin: "heartbeat" }), 0);
      assert.equal(now.value("wshub_acks_out_total"), all + 4);
      assert.equal(now.value("wshub_handler_seconds_count", { plugin: "messaging" }), all);
      assert.equal(now.value("wshub_plugin_loads_total", { plugin: "messaging", result: "done" }), 1);

      clients[0].socket.io.engine.close(); // polling: a close packet
      clients[3].socket.io.engine.close(); // WebSocket: a close frame
      await reaches(hub, all - 2, "wshub_sessions", {});
      now = await scrape(hub.port);
      assert.equal(now.value("wshub_session_closes_total", { reason: "forced_close" }), 1);
      assert.equal(now.value("wshub_session_closes_total", { reason: "transport_close" }), 1);
      assert.equal(now.value("wshub_session_closes_total"), 2);
      assert.equal(now.value("wshub_sockets", { namespace: "/" }), all - 2);
      for (const client of clients) client.close();
      await reaches(hub, all, "wshub_session_closes_total", {});
      assert.equal((await scrape(hub.port)).value("wshub_sessions"), 0);
    } finally {
      await hub.stop();
    }
  });

  it("count the bytes of frames and bodies, to the byte", async () => {
    const framed = (text, mask) => 2 + mask + Buffer.byteLength(text); // all are short
    const long = (text, mask) => framed(text, mask) + (Buffer.byteLength(text) > 125 ? 2 : 0);
    const before = await scrape(hub.port);
    const ws = await RawWebSocket.open(hub.port);
    let [sent, got] = [0, long("0" + JSON.stringify(ws.openPacket), 0)];
    for (const text of ["40", '421["ping"]', '42["message","ä"]']) {
      ws.send(text);
      sent += framed(text, 4);
      got += long(await ws.text(), 0);
    }
    const polling = await Polling.open(hub.port);
    got += Buffer.byteLength(polling.answer.body);
    const answer = await polling.post("40");
    sent += 2;
    assert.equal(answer.body, "ok");
    const poll = await polling.get();
    got += Buffer.byteLength(poll.body);
    const now = await scrape(hub.port);
    assert.equal(now.value("wshub_bytes_in_total") - before.value("wshub_bytes_in_total"), sent);
    assert.equal(now.value("wshub_bytes_out_total") - before.value("wshub_bytes_out_total"), got);
    assert.equal(now.value("wshub_queued_bytes"), 0);
    ws.destroy();
    await polling.post("1");
  });

  it("count refusals by code and limit", async () => {
    const client = await Client.connect(hub);
    const before = await scrape(hub.port);
    const grown = async (name, labels) => (await scrape(hub.port)).value(name, labels) - before.value(name, labels);
    client.tell("nobody_knows_this");
    await client.getsError("UNKNOWN_EVENT");
    client.tell("message", "x".repeat(1001));
    await client.getsError("PAYLOAD_TOO_LARGE");
    for (let i = 0; i < 3; ++i) await client.acked("ping");
    for (let i = 0; i < 4; ++i) assert.equal((await client.acked("ping")).code, "RATE_LIMIT"); // the burst is used up
    assert.equal(await grown("wshub_errors_total", { code: "UNKNOWN_EVENT" }), 1);
    assert.equal(await grown("wshub_errors_total", { code: "PAYLOAD_TOO_LARGE" }), 1);
    assert.equal(await grown("wshub_errors_total", { code: "RATE_LIMIT" }), 4);
    assert.equal(await grown("wshub_errors_total", {}), 6);
    assert.equal(await grown("wshub_limited_total", { limit: "event_bytes" }), 1);
    assert.equal(await grown("wshub_limited_total", { limit: "events" }), 4);
    client.close();
    const stranger = new Client(hub, "websocket", { nsp: "/nowhere" });
    await stranger.refused();
    stranger.close();
    assert.equal(await grown("wshub_connects_total", { result: "refused" }), 1);
    await request(hub.port, { path: Polling.path({ sid: "nobody" }) });
    assert.equal(await grown("wshub_engine_errors_total", { code: "1" }), 1);
    const live = await scrape(hub.port);
    assert.ok(!JSON.stringify([...live.families.values()]).includes("nowhere"), "a client's namespace has become a label");
    assert.ok(!JSON.stringify([...live.families.values()]).includes("nobody"), "a client's text has become a label");
  });

  it("count the bytes of whole connections, heads included, and connections that are open", async () => {
    const hub = await startHub();
    try {
      const get = (page) => `GET ${page} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
      const read = (answer) => new Exposition(answer.slice(answer.indexOf("\r\n\r\n") + 4));
      const first = await rawTcp(hub.port, get("/metrics"));
      const healthz = await rawTcp(hub.port, get("/healthz"));
      const [before, now] = [read(first), read(await rawTcp(hub.port, get("/metrics")))];
      const grown = (name) => now.value(name) - before.value(name);
      // What is said of a scrape is known before it is answered, and behind its request.
      assert.equal(grown("wshub_net_sent_bytes_total"), first.length + healthz.length);
      assert.equal(grown("wshub_net_received_bytes_total"), get("/healthz").length + get("/metrics").length);

      // The scrape's own is one.
      const agents = Array.from({ length: 3 }, () => new http.Agent({ keepAlive: true, maxSockets: 1 }));
      for (const agent of agents) assert.equal((await request(hub.port, { path: "/healthz", agent })).status, 200);
      await reaches(hub, 4, "wshub_http_connections", {});
      const upgraded = await RawWebSocket.open(hub.port);
      await reaches(hub, 4, "wshub_http_connections", {});
      upgraded.destroy();
      for (const agent of agents) agent.destroy();
      await reaches(hub, 1, "wshub_http_connections", {});
    } finally {
      await hub.stop();
    }
  });

  it("tell of acknowledgements, slow handlers and the turns of loops that they hold up", async () => {
    const hub = await startHub({
      set: {
        "server.threads": 1,
        "plugins.directory": folderOf({ good: "good", counter: "counter_1" }),
        "plugins.enabled": "good, counter",
        "plugins.slow_handler": "100ms",
      },
    });
    try {
      const client = await Client.connect(hub);
      client.socket.on("question", (...args) => args.at(-1)("yes"));
      await client.gets(["welcome", 20]);
      for (let i = 0; i < 3; ++i) {
        client.tell("ask");
        await client.next("the question");
        await client.gets(["replied", true, false, "yes"]);
      }
      const before = await scrape(hub.port);
      assert.equal(before.value("wshub_acks_in_total"), 3);
      const slowHandler = { plugin: "counter", handler: "event", name: "slow" };
      assert.equal(before.value("wshub_plugin_slow_total", slowHandler), 0);
      assert.equal(before.value("wshub_plugin_slow_seconds_total", slowHandler), 0);
      assert.equal(before.value("wshub_plugin_slow_total"), 0);

      client.tell("slow", 300);
      await client.ask("slow", 600);
      const now = await scrape(hub.port);
      const grown = (name, labels) => now.value(name, labels) - before.value(name, labels);
      assert.equal(grown("wshub_plugin_slow_total", slowHandler), 2);
      assert.equal(now.value("wshub_plugin_slow_total"), 2, "no other handler was slow");
      const slow = now.value("wshub_plugin_slow_seconds_total", slowHandler);
      assert.ok(slow >= 0.9 && slow <= now.value("wshub_handler_seconds_sum", { plugin: "counter" }), `${slow} s`);
      // Both in one turn of the loop, or each in its own.
      assert.ok(grown("wshub_loop_turn_seconds_sum", { loop: "0" }) >= slow);
      const late = grown("wshub_loop_turn_seconds_count") - grown("wshub_loop_turn_seconds_bucket", { le: "0.5" });
      assert.ok(late === 1 || late === 2, `${late} turns`);
      client.close();
    } finally {
      await hub.stop();
    }
  });

  it("count heartbeats, those that were missed, and whom that closed", async () => {
    const hub = await startHub({ set: { "plugin.heartbeat.interval": "100ms", "plugin.heartbeat.timeout": "50ms", "plugin.heartbeat.max_missed": 2 } });
    try {
      const silent = await Client.connect(hub);
      await silent.disconnected();
      assert.deepEqual(silent.inbox.map(([event]) => event), ["system:heartbeat", "system:heartbeat", "system:heartbeat-warning"]);
      for (const [count, what] of [[2, "heartbeats"], [2, "heartbeats_missed"], [1, "heartbeats_closed"]]) {
        await reaches(hub, count, `${what}_total`, { plugin: "heartbeat" });
      }
    } finally {
      await hub.stop();
    }
  });

  it("count whom auth let in, turned away, refreshed and put out, and why", async () => {
    const secret = "a secret for figures, of more than thirty-two bytes";
    const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const jwt = (ahead, key = secret) => {
      const text = `${part({ alg: "HS256" })}.${part({ sub: "ann", exp: Math.ceil(Date.now() / 1000) + ahead })}`;
      return `${text}.${createHmac("sha256", key).update(text).digest("base64url")}`;
    };
    const set = { "plugins.enabled": "auth, heartbeat", "plugin.auth.mode": "jwt", "plugin.auth.secret": secret, "plugin.auth.leeway": "0s" };
    const hub = await startHub({ set });
    try {
      const ann = await Client.connect(hub, "websocket", { auth: { token: jwt(600) } });
      for (const token of [jwt(600, `${secret}!`), jwt(600, "another"), jwt(-600)]) {
        const stranger = new Client(hub, "websocket", { auth: { token } });
        await stranger.refused();
        stranger.close();
      }
      assert.equal((await ann.acked("auth:refresh", { token: jwt(-600) })).code, "FORBIDDEN");
      for (let i = 0; i < 2; ++i) assert.equal((await ann.acked("auth:refresh", { token: jwt(700) })).status, "ok");
      ann.close();
      const brief = await Client.connect(hub, "websocket", { auth: { token: jwt(1) } });
      assert.equal(await brief.disconnected(), "io server disconnect");
      const now = await scrape(hub.port);
      const value = (name, labels = {}) => now.value(name, { plugin: "auth", ...labels });
      assert.equal(value("auth_accepted_total"), 2);
      assert.equal(value("auth_refused_total", { reason: "signature" }), 2);
      assert.equal(value("auth_refused_total", { reason: "expired" }), 2);
      assert.equal(value("auth_refused_total"), 4);
      assert.equal(value("auth_refreshed_total"), 2);
      assert.equal(value("auth_expired_total"), 1);
      assert.equal(value("auth_unchecked_total"), 0);
    } finally {
      await hub.stop();
    }
  });

  it("count whom auth let in without a word of the backend", async () => {
    const hub = await startHub({
      // Nobody listens there.
      set: { "plugins.enabled": "auth", "plugin.auth.mode": "webhook", "plugin.auth.webhook_url": "http://127.0.0.1:9/", "plugin.auth.webhook_retries": 0, "plugin.auth.webhook_on_failure": "accept" },
    });
    try {
      for (let i = 0; i < 2; ++i) (await Client.connect(hub)).close();
      const now = await scrape(hub.port);
      assert.equal(now.value("auth_unchecked_total", { plugin: "auth" }), 2);
      assert.equal(now.value("auth_accepted_total", { plugin: "auth" }), 2);
      assert.equal(now.value("auth_refused_total", { plugin: "auth" }), 0);
    } finally {
      await hub.stop();
    }
  });

  it("count reloads, and say how long the last one kept events waiting", async () => {
    const directory = folderOf({ counter: "counter_1" });
    const hub = await startHub({ set: { "plugins.directory": directory, "plugins.enabled": "counter", "plugins.hot_reload": false } });
    try {
      install(directory, "counter", "counter_2");
      hub.signal("SIGHUP");
      const [, waited] = await hub.logged(/plugin reloaded name=counter version=2\S* .*events_waited=(\d+)us/);
      await reaches(hub, 1, "wshub_plugin_reloads_total", { plugin: "counter", result: "done" });
      const now = await scrape(hub.port);
      assert.equal(now.value("wshub_plugin_reload_closed_seconds", { plugin: "counter" }), Number(waited) / 1e6);
      assert.equal(now.value("wshub_plugin_loads_total", { plugin: "counter", result: "done" }), 2);
      install(directory, "counter", "counter_ctor_throws");
      hub.signal("SIGHUP");
      await reaches(hub, 1, "wshub_plugin_reloads_total", { plugin: "counter", result: "failed" });
      const after = await scrape(hub.port);
      assert.equal(after.value("wshub_plugin_reloads_total", { plugin: "counter", result: "done" }), 1);
      assert.equal(after.value("wshub_plugin_reload_closed_seconds", { plugin: "counter" }), Number(waited) / 1e6);
    } finally {
      await hub.stop();
    }
  });

  for (const transport of ["websocket", "polling"]) {
    it(`agree with what the load generator counted over ${transport}`, async () => {
      const hub = await startHub({ set: { "limits.events_per_second": 0, "limits.bytes_per_second": 0 } });
      try {
        const args = ["fanout", "--transport", transport, "--clients", "30", "--messages", "150", "--in-flight", "4", "--warm-up", "0", "--seconds", "30"];
        const told = await load(hub, args);
        assert.equal(told.status, 0);
        const now = await scrape(hub.port);
        assert.equal(told.messages_sent, 150);
        assert.equal(now.value("wshub_plugin_events_in_total", { plugin: "messaging" }), told.messages_sent);
        assert.equal(now.value("wshub_events_out_total"), told.deliveries);
        assert.equal(now.value("wshub_plugin_events_out_total", { plugin: "messaging" }), told.deliveries);
        assert.equal(now.value("wshub_acks_out_total"), told.messages_acked);
        assert.equal(now.value("wshub_connects_total", { result: "accepted" }), told.clients_joined);
        assert.equal(now.value("wshub_handshakes_total", { transport }), told.clients_joined);
        await reaches(hub, told.clients_joined, "wshub_session_closes_total", {});
      } finally {
        await hub.stop();
      }
    });
  }
});

describe("access", () => {
  const withHub = (set, use) => async () => {
    const hub = await startHub({ set });
    try {
      await use(hub);
    } finally {
      await hub.stop();
    }
  };

  it("is for this machine by default, and for nobody behind it", withHub({}, async ({ port }) => {
    assert.equal(await statusOf(port), 200);
    assert.equal(await statusOf(port, { Host: `127.0.0.1:${port}` }), 200);
    for (const [name, value] of [["X-Forwarded-For", "127.0.0.1"], ["X-Forwarded-For", "192.0.2.1"], ["Forwarded", "for=192.0.2.1"], ["X-Real-IP", "192.0.2.1"]]) {
      assert.equal(await statusOf(port, { [name]: value }), 403, name);
    }
  }));

  it("is not for pages of other machines, also if their name leads here", withHub({ "engine.cors_origin": "*" }, async ({ port }) => {
    assert.equal(await statusOf(port, { Host: "rebound.example" }), 403);
    assert.equal(await statusOf(port, { Host: `rebound.example:${port}` }), 403);
    assert.equal(await statusOf(port, { Origin: "https://evil.example" }), 403);
    assert.equal(await statusOf(port, { Origin: "null" }), 403);
    const own = await ask(port, "/metrics", { Origin: `http://localhost:${port}` });
    assert.equal(own.status, 200);
    assert.equal(own.headers["access-control-allow-origin"], undefined);
  }));

  it("goes by the address that a trusted proxy tells", withHub({ "server.trusted_proxies": "127.0.0.1" }, async ({ port }) => {
    assert.equal(await statusOf(port), 200);
    assert.equal(await statusOf(port, { "X-Forwarded-For": "192.0.2.1" }), 403);
    assert.equal(await statusOf(port, { "X-Forwarded-For": "127.0.0.2" }), 403); // said by a proxy: it is not this machine's own
  }));

  it("by token is for who sends it, from anywhere", withHub({ "metrics.access": "token", "metrics.token": TOKEN }, async ({ port }) => {
    const none = await ask(port, "/metrics");
    assert.equal(none.status, 401);
    assert.match(none.headers["www-authenticate"], /^Bearer/);
    assert.equal(await statusOf(port, { Authorization: `Bearer ${TOKEN}` }), 200);
    assert.equal(await statusOf(port, { Authorization: `Bearer ${TOKEN}`, Host: "hub.example", "X-Forwarded-For": "192.0.2.1" }), 200);
    for (const wrong of [`Bearer ${TOKEN}x`, `Bearer ${TOKEN.slice(1)}`, "Bearer", `Basic ${TOKEN}`, TOKEN]) {
      assert.equal(await statusOf(port, { Authorization: wrong }), 401, wrong);
    }
  }));

  it("may be open", withHub({ "metrics.access": "open" }, async ({ port }) => {
    assert.equal(await statusOf(port, { Host: "hub.example", "X-Forwarded-For": "192.0.2.1" }), 200);
  }));

  it("by token without one stops the start, and no message shows a token", async () => {
    const { code, stderr } = await runHub({ args: ["--check"], ini: "[metrics]\naccess = token\n" });
    assert.equal(code, 1);
    assert.match(stderr, /\[metrics\] token = "": expected a token/);
    const wrong = await runHub({ args: ["--check"], ini: "[metrics]\ntoken = has blanks and $\n" });
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /\[metrics\] token = "\*\*\*"/);
    assert.ok(!wrong.all.includes("has blanks"));
  });

  it("ends where the pages are turned off", withHub({ "metrics.enabled": false }, async ({ port }) => {
    for (const page of ["/metrics", "/healthz", "/readyz"]) assert.equal(await statusOf(port, {}, page), 404);
  }));

  it("takes GET and HEAD alone", withHub({}, async ({ port }) => {
    const head = await request(port, { method: "HEAD", path: "/metrics" });
    assert.deepEqual([head.status, head.body], [200, ""]);
    assert.ok(Number(head.headers["content-length"]) > 1000);
    const post = await request(port, { method: "DELETE", path: "/metrics" });
    assert.deepEqual([post.status, post.headers.allow], [405, "GET, HEAD"]);
  }));
});

describe("health and readiness", () => {
  const portOfMetrics = async (hub) => Number((await hub.logged(/metrics served url=http:\/\/127\.0\.0\.1:(\d+)\/metrics/))[1]);

  it("are answered to everybody while the hub runs", async () => {
    const hub = await startHub();
    try {
      const from = { Host: "balancer.example", "X-Forwarded-For": "192.0.2.1" };
      const health = await ask(hub.port, "/healthz", from);
      assert.deepEqual([health.status, health.body], [200, "ok\n"]);
      const ready = await ask(hub.port, "/readyz", from);
      assert.deepEqual([ready.status, JSON.parse(ready.body)], [200, { ready: true }]);
      assert.equal(ready.headers["content-type"], "application/json");
    } finally {
      await hub.stop();
    }
  });

  it("have a listener of their own if one wants", async () => {
    const hub = await startHub({ set: { "metrics.listen": "127.0.0.1:0" } });
    try {
      const port = await portOfMetrics(hub);
      assert.notEqual(port, hub.port);
      for (const page of ["/metrics", "/healthz", "/readyz"]) {
        assert.equal(await statusOf(port, {}, page), 200, page);
        assert.equal(await statusOf(hub.port, {}, page), 404, page);
      }
      assert.equal(await statusOf(port, {}, "/socket.io/?EIO=4&transport=polling"), 404);
      assert.equal(await statusOf(port, { Host: "rebound.example" }), 403);
      assert.ok((await scrape(port)).value("wshub_ready") === 1);
    } finally {
      await hub.stop();
    }
  });

  it("say that a hub stops, as long as it does", async () => {
    const hub = await startHub({ set: { "metrics.listen": "127.0.0.1:0" } });
    const port = await portOfMetrics(hub);
    const session = await Polling.open(hub.port); // is waited for, since it may come for what is left
    await session.post("40");
    assert.equal(await statusOf(port, {}, "/readyz"), 200);
    hub.signal("SIGTERM");
    let last;
    const stopping = async () => {
      do last = await ask(port, "/readyz");
      while (last.status === 200);
    };
    await soon(stopping(), "503 of /readyz");
    assert.deepEqual([last.status, JSON.parse(last.body)], [503, { ready: false, reason: "stopping" }]);
    assert.equal(await statusOf(port, {}, "/healthz"), 200);
    assert.deepEqual(await soon(hub.ended, "the end"), { code: 0, signal: null });
  });

  it("name a plugin that is enabled and does not run, to who may know", async () => {
    const hub = await startHub({ ini: "[plugins]\nenabled = rooms, nonexistent\non_error = skip\n" });
    try {
      const local = await ask(hub.port, "/readyz");
      assert.equal(local.status, 503);
      assert.deepEqual(JSON.parse(local.body), { ready: false, reason: "plugins", plugins: [{ name: "nonexistent", state: "failed" }] });
      const remote = await ask(hub.port, "/readyz", { "X-Forwarded-For": "192.0.2.1" });
      assert.deepEqual([remote.status, JSON.parse(remote.body)], [503, { ready: false, reason: "plugins" }]);
      const live = await scrape(hub.port);
      assert.equal(live.value("wshub_ready"), 0);
      assert.equal(live.value("wshub_plugin_loads_total", { plugin: "nonexistent", result: "failed" }), 1);
    } finally {
      await hub.stop();
    }
  });

  it("tell of a loop that stands still, as long as it does", async () => {
    const hub = await startHub({
      set: {
        "server.threads": 2,
        "metrics.stalled_after": "50ms",
        "plugins.directory": folderOf({ counter: "counter_1" }),
        "plugins.enabled": "counter",
      },
    });
    // Connections that stay, on either loop: those of the other one can still be asked.
    const agents = Array.from({ length: 4 }, () => new http.Agent({ keepAlive: true, maxSockets: 1 }));
    const health = (agent) => request(hub.port, { path: "/healthz", agent });
    try {
      for (const agent of agents) assert.equal((await health(agent)).status, 200);
      const client = await Client.connect(hub);
      let standing = true;
      client.socket.emit("slow", 2000);
      const slow = client.ask("recall").then(() => (standing = false)); // comes after it
      const seen = [];
      const watching = agents.map(async (agent) => {
        while (standing && seen.length === 0) {
          const answer = await health(agent);
          if (answer.status !== 200) seen.push(answer);
        }
      });
      await Promise.all([...watching, slow]);
      assert.equal(seen[0]?.status, 503);
      assert.match(seen[0].body, /^stalled loops: [01]\n$/);
      for (const agent of agents) assert.deepEqual(((answer) => [answer.status, answer.body])(await health(agent)), [200, "ok\n"]);
      client.close();
    } finally {
      for (const agent of agents) agent.destroy();
      await hub.stop();
    }
  });

  it("need a port that is free", async () => {
    const hub = await startHub();
    try {
      const { code, stderr } = await runHub({ set: { "server.port": 0, "metrics.listen": `127.0.0.1:${hub.port}` } });
      assert.equal(code, 1);
      assert.match(stderr, new RegExp(`cannot listen on 127\\.0\\.0\\.1:${hub.port}`));
    } finally {
      await hub.stop();
    }
  });
});
