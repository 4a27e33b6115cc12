// Plugins of every ABI that was released, in C and in C++, built from the headers frozen with it: this hub loads them, and all
// that they use of it does what it did.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { io } from "socket.io-client";
import { RawWebSocket } from "./protocol/raw.mjs";
import { BUILD, soon, startHub } from "./support/hub.mjs";

const SOURCES = fileURLToPath(new URL("../abi/", import.meta.url));
const versions = readdirSync(SOURCES).filter((name) => /^\d+\.\d+$/.test(name));

// Every name of the host's table, and every kind of call, as that version's header has them.
function namesOf(version) {
  const header = readFileSync(path.join(SOURCES, version, "include/wshub/abi.h"), "utf8").replace(/\/\*[^]*?\*\//g, "");
  const table = /typedef struct wshub_host_v1 \{([^]*?)\} wshub_host_v1;/.exec(header)[1];
  const functions = [...table.matchAll(/\(\*(\w+)\)/g)].map(([, name]) => name);
  const calls = [...header.matchAll(/WSHUB_(ON_\w+)/g)].map(([, name]) => name);
  return [...functions, ...new Set(calls)];
}

async function client(hub, auth = { who: "me" }) {
  const socket = io(hub.url, { transports: ["websocket"], forceNew: true, reconnection: false, auth });
  socket.got = [];
  socket.onAny((...event) => socket.got.push(event.filter((part) => typeof part !== "function")));
  for (const question of ["question", "every:question"]) socket.on(question, (answer) => answer("because"));
  socket.outcome = await soon(
    new Promise((resolve) => socket.once("connect", () => resolve("connected")).once("connect_error", resolve)),
    "the outcome of CONNECT",
  );
  return socket;
}
const ask = (socket, event, ...args) => soon(new Promise((resolve) => socket.emit(event, ...args, (...answer) => resolve(answer))), event);
// What the C++ plugin says of the host, once its timer has run: a version that has just begun has no tick yet.
async function hostOnceItTicked(socket) {
  const patience = Date.now() + 10_000;
  for (;;) {
    const [report] = await ask(socket, "every-cpp:host");
    if (!report.includes("ticks=false") || Date.now() > patience) return report;
  }
}
// What came for the client, until there are as many.
async function events(socket, count) {
  const patience = Date.now() + 10_000;
  while (socket.got.length < count && Date.now() < patience) await new Promise((resolve) => setTimeout(resolve, 10));
  return socket.got.splice(0);
}
// The same number of lines; those that are no text must match.
function assertLines(actual, expected) {
  expected.forEach((line, at) => {
    if (line instanceof RegExp) assert.match(actual[at] ?? "", line);
    else assert.equal(actual[at], line);
  });
  assert.equal(actual.length, expected.length, actual.slice(expected.length).join("\n"));
}

const OK = 0;
const UNCHANGED = 2;
const NONE = 3;
const EINVAL = -1;
const ENOENT = -2;

function tableOfC({ sid, url, saved }) {
  return [
    `keep_ack=${OK}`,
    "config=0 hello|-12|0.5|true|25000|256000|ab||/etc/every",
    `saved=0 ${saved}`,
    "log_enabled=1",
    "now_ms=1",
    `var_set=${OK}`,
    `var_get=${OK} [1]`,
    `var_set own=${OK}`,
    `var_set broken=${EINVAL}`,
    `var_get none=${ENOENT}`,
    /^server 1=0 \d+\.\d+\.\d+/,
    `server 2=${OK} ${url}`,
    /^server 3=0 \//,
    `server 4=${OK} /socket.io/`,
    `join=${OK}`,
    `join again=${UNCHANGED}`,
    `join private=${OK}`,
    `in_room=${OK}`,
    `in_room shared=${NONE}`,
    `set username=${OK}`,
    `set profile=${OK}`,
    `set following=${OK}`,
    `set roles=${OK}`,
    `set sid=${EINVAL}`,
    `has_role=${OK}`,
    `has_role other=${NONE}`,
    `text 1=${OK} ${sid}`,
    `text 2=${OK} /`,
    `text 3=${OK} 127.0.0.1`,
    /^text 4=[03] /,
    `text 5=${OK} {who:me}`,
    `text 6=${OK} every c`,
    `text 7=${OK} {a:1}`,
    `text 8=${OK} websocket`,
    /^text 9=0 .*Host: 127\.0\.0\.1/,
    /^text 10=0 EIO=4&transport=websocket/,
    `text 11=${OK} [somebody]`,
    `text 12=${OK} [tester]`,
    /^number 1=1[6-9]\d{11}$/,
    /^number 2=\d+$/,
    /^number 3=\d+$/,
    "number 4=1",
    "number 5=0",
    `find_session=${OK} me`,
    `find_user=${OK} me`,
    `find_user nobody=${ENOENT}`,
    `count sessions=${OK} 1`,
    `count connections=${OK} some`,
    ...["1=1", "2=1", "3=1", "4=1", "5=1", "6=2", "7=1", "8=1"].map((count) => `visit ${count}`),
    `leave=${OK}`,
    `leave again=${UNCHANGED}`,
    `emit too short=${EINVAL}`,
    `emit of no size=${EINVAL}`,
    `visit too short=${EINVAL}`,
    `timer_add=${OK}`,
    `timer_cancel=${OK}`,
    `timer_cancel again=${ENOENT}`,
    `post=${OK}`,
    "post=4711 no timer",
    `timer_add=${OK}`,
    "timer=4711 the right one",
    `emit=${OK}`,
    `ask=${OK}`,
    "reply=0 [because]",
    "reply cookie=4711",
    `control=${OK}`,
    `answer=${OK} with sessions`,
  ];
}

const hostOfCpp = ({ url, saved }) => [
  ...["text=hello", "int=-12", "int64=1099511627776", "double=0.500000", "bool=true", "duration=25000", "size=256000"],
  ...["list=a;b;", "secret=", "path=/etc/every", `saved=${saved}`, "version=true", `url=${url}`, "state=true", "now=true"],
  ...["timestamp=24", "log enabled=true", "namespaces=/", "sessions=1", "connections=true", "ticks=true", "threads=1"],
  ...["connected=true", 'var={"a":1}', "erased="],
];
const sessionOfCpp = () => [
  ...["join=true", "join again=false", "in=true", "join private=true", "join shared=true", "in private=true", "rooms=1"],
  ...["all rooms=cpp-room 1", "members=1", "private members=1", "username=true", "profile=true", "following=true"],
  ...["roles=true", "has role=true", "sid=true", "nsp=/", "remote=127.0.0.1", 'auth={"who":"me"}', /^user agent=./],
  ...["username is=every cpp", 'profile is={"a":1}', "transport=websocket", "headers=true", /^query=EIO=4&transport=websocket/],
  ...['following is=["somebody"]', 'roles are=["tester"]', "connected at=true", "events in=true", "events out=true"],
  ...["secure=false", "user=true", "users=every cpp", "sessions=1", "followers=1", "var=[1,2]", "erased=", "per session=1"],
  ...["leave=true", "leave private=true"],
];

for (const version of versions) {
  describe(`plugins of ABI ${version}`, () => {
    let hub;
    before(async () => {
      const directory = path.join(BUILD, "tests/abi", version);
      hub = await startHub({ set: { "plugins.directory": directory, "plugins.enabled": "every_c, every_cpp" } });
    });
    after(() => hub?.stop());
    const at = (saved = "") => ({ url: hub.url, saved });

    it("in C have every function of the host's table, and every callback", async () => {
      const me = await client(hub);
      const [report] = await ask(me, "every:table");
      assertLines(report, tableOfC({ sid: me.id, ...at() }));
      const told = await events(me, 2);
      assert.deepEqual(told, [["every:told", "c", Buffer.from([1, 2])], ["every:question"]]);

      assert.deepEqual(await ask(me, "every:echo", 1, Buffer.from("x")), [1, Buffer.from("x")]);
      assert.deepEqual(await ask(me, "every:slow"), ["slowly"]);
      assert.deepEqual(await ask(me, "every:fail"), [{ status: "error", code: "NO", message: "not today" }]);
      assert.equal((await ask(me, "every:error"))[0].code, "INTERNAL");
      await hub.logged(/plugin handler failed plugin=every_c handler=event name=every:error/);
      const refused = await client(hub, { refuse: true });
      assert.deepEqual([refused.outcome.message, refused.outcome.data], ["not you", { why: "c" }]);
      const held = await client(hub, { hold: true });
      assert.equal(held.outcome, "connected");
      held.emit("every:bye");
      assert.equal((await soon(once(held, "disconnect"), "the end"))[0], "io server disconnect");

      const answer = await fetch(`${hub.url}/every-c/x?y=1`, { method: "POST", body: "hello" });
      assert.deepEqual([answer.status, answer.headers.get("x-every")], [201, "c"]);
      assert.equal(await answer.text(), "POST /every-c/x?y=1 hello");
      const channel = await RawWebSocket.connect(hub.port, { path: "/every-c-channel/7" });
      assert.equal((await channel.frame()).payload.toString(), "/every-c-channel/7");
      channel.sendBinary(Buffer.from([1, 2, 3, 4]));
      assert.deepEqual((await channel.frame()).payload, Buffer.from([1, 2, 3, 4]));
      channel.send("bye");
      assert.equal(await channel.closed(), 4001);
      await hub.logged(/every_c: a channel was closed/);

      const [used] = await ask(me, "every:used");
      const seen = new Set(used.map((line) => line.replace(/=0$/, "")));
      assert.deepEqual(namesOf(version).filter((name) => !seen.has(name)), [], "never used, so not tested");
      me.close();
    });

    it("in C++ have every function of plugin.h", async () => {
      const me = await client(hub);
      assertLines(await hostOnceItTicked(me), hostOfCpp(at()));
      assertLines((await ask(me, "every-cpp:session"))[0], sessionOfCpp());
      assert.deepEqual(await ask(me, "every-cpp:emit", Buffer.from("b")), ["emitted"]);
      const told = (await events(me, 7)).map(([, ...args]) => args);
      const bytes = [["bytes", Buffer.from([1, 2])], ["raw"], ["all"], ["back", Buffer.from("b")]];
      assert.deepEqual(told, [["room"], ["room, not nobody"], ["private"], ...bytes]);
      assert.deepEqual((await ask(me, "every-cpp:later"))[0], [
        ...["asked=true", "post=ran", "timer=ran", "answered=true", 'answer=because ["because"] 0', "stats=true"],
        "operation=NOT_FOUND",
      ]);
      assert.deepEqual(await ask(me, "every-cpp:fail"), [{ status: "error", code: "NO", message: "not today" }]);
      assert.deepEqual(await ask(me, "every-cpp:fail-with"), ["really"]);
      assert.equal((await ask(me, "every-cpp:error"))[0].code, "INTERNAL");
      assert.deepEqual(await ask(me, "every-cpp:stop"), ["first"]);
      assert.deepEqual(await ask(me, "every-cpp:echo", "x", Buffer.from("y")), ["x", Buffer.from("y")]);
      assert.deepEqual(await ask(me, "every-cpp:slow"), ["slowly"]);
      for (const [auth, message] of [[{ cpp_refuse: true }, "not you"], [{ cpp_hold_and_refuse: true }, "not you either"]]) {
        const { outcome } = await client(hub, auth);
        assert.deepEqual([outcome.message, outcome.data], [message, { code: "NOT_YOU", message }]);
      }
      for (const [event, reason] of [["every-cpp:bye", "io server disconnect"], ["every-cpp:cut", "transport close"]]) {
        const held = await client(hub, { cpp_hold: true });
        assert.equal(held.outcome, "connected");
        const { id } = held;
        held.emit(event);
        assert.equal((await soon(once(held, "disconnect"), "the end"))[0], reason);
        await hub.logged(new RegExp(`every_cpp: ${id} has gone: `));
      }
      const answer = await fetch(`${hub.url}/every-cpp/x?y=1`, { method: "POST", body: "hello", headers: { "X-Ask": "what" } });
      assert.deepEqual([answer.status, answer.headers.get("x-every")], [201, "cpp"]);
      assert.equal(await answer.text(), "POST /every-cpp/x?y=1 what hello");
      const channel = await RawWebSocket.connect(hub.port, { path: "/every-cpp-channel/7?z" });
      assert.equal((await channel.frame()).payload.toString(), "/every-cpp-channel/7?z");
      channel.sendBinary(Buffer.from([1, 2, 3]));
      assert.deepEqual((await channel.frame()).payload, Buffer.from([1, 2, 3]));
      channel.send("bye");
      assert.equal(await channel.closed(), 4001);
      await hub.logged(/every_cpp: a channel was closed from 127\.0\.0\.1/);
      me.close();
    });

    it("hand over what they know when they are reloaded, as they ask for themselves", async () => {
      const me = await client(hub);
      await ask(me, "every:reload");
      await hub.logged(/plugin reloaded name=every_c version=1\.0\.0/);
      await ask(me, "every-cpp:reload");
      await hub.logged(/plugin reloaded name=every_cpp version=1\.0\.0/);
      const { id } = me;
      me.close();
      await hub.logged(new RegExp(`every_cpp: ${id} has gone: `));
      const next = await client(hub);
      const [report] = await ask(next, "every:table");
      assert.ok(report.includes("saved=0 7 saved by C"), report.join("\n"));
      assertLines(await hostOnceItTicked(next), hostOfCpp(at("8 saved by C++")));
      next.close();
      for (const line of ["every_c stops", "every_cpp stops"]) await hub.logged(new RegExp(line));
      assert.doesNotMatch(hub.log, /stays mapped/);
    });
  });
}

describe("the frozen versions", () => {
  it("begin with 1.0", () => assert.equal(versions[0], "1.0"));
});
