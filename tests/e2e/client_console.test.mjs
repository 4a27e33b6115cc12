// `wshub client`: against the hub, against Node's socket.io server, and against servers that mean harm.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { Server } from "socket.io";
import { Client } from "./support/clients.mjs";
import { ClientConsole, runConsole } from "./support/console.mjs";
import { PROGRAM, soon, startHub } from "./support/hub.mjs";

const HOW = ["websocket", "polling"];
const e = (...commands) => commands.flatMap((command) => ["-e", command]);
const TIME = /^\d\d:\d\d:\d\d\.\d{3} /;
// Without the times and sids, which no test knows.
const blurred = (text) => text.split("\n").map((line) => line.replace(TIME, "").replace(/sid=\S+/, "sid=*").replace(/\([\d.]+ ms\)/, "(ms)")
  .replace(/"(sid|from)":"[^"]+"/g, '"$1":"*"')).join("\n");

let directory;
let hub;
before(async () => {
  directory = mkdtempSync(path.join(tmpdir(), "wshub-console-"));
  hub = await startHub({ set: { "server.namespaces": "/, /orders", "limits.max_event_bytes": "900KB", "plugin.messaging.namespaces": "/, /orders" } });
});
after(async () => {
  await hub?.stop();
  if (directory) rmSync(directory, { recursive: true });
});
const file = (name, text) => {
  const full = path.join(directory, name);
  writeFileSync(full, text);
  return full;
};

describe("wshub client and the hub", () => {
  for (const how of HOW) {
    it(`runs commands, shows what comes, and ends with 0 (${how})`, async () => {
      const { code, stdout, stderr } = await runConsole([hub.url, "--transport", how, ...e(
        "join lobby", 'ack message "hi" {"more":1} => {"status":"received"}', "wait message 5s", "leave lobby", 'ack "ping" => {"status":"pong"}')]);
      assert.equal(stderr, "");
      assert.equal(blurred(stdout), [
        `connected sid=* namespace=/ transport=${how}`,
        'event room_joined {"room":"lobby","sid":"*"}',
        'ack join_room {"status":"joined","room":"lobby"} (ms)',
        'event message {"from":"*","data":"hi"}',
        'ack message {"status":"received","sid":"*"} (ms)',
        'ack leave_room {"status":"left","room":"lobby"} (ms)',
        'ack ping {"status":"pong","sid":"*"} (ms)',
        "",
      ].join("\n"));
      for (const line of stdout.trim().split("\n")) assert.match(line, TIME);
      assert.equal(code, 0);
    });

    it(`sends and shows binary, large too (${how})`, async () => {
      const big = file("big.bin", Buffer.alloc(600_000, "\0\xff", "latin1"));
      const other = await Client.connect(hub, "websocket");
      try {
        const run = runConsole([hub.url, "--transport", how, "--json", ...e(
          'ack broadcast {"a":{"$base64":"AQID"},"b":[{"$base64":""}]}', `ack message {"$file":${JSON.stringify(big)}}`, "wait message")]);
        assert.deepEqual((await other.next())[1].data, { a: Buffer.from([1, 2, 3]), b: [Buffer.alloc(0)] });
        assert.deepEqual((await other.next())[1].data, Buffer.alloc(600_000, "\0\xff", "latin1"));
        const { code, lines } = await run;
        const message = lines.find(({ type, event }) => type === "event" && event === "message");
        assert.deepEqual(message.args[0].data, { $binary: 600_000 });
        assert.equal(code, 0);
      } finally {
        other.close();
      }
    });

    it(`goes on when the hub comes back, and says so (${how})`, async () => {
      const first = await startHub({});
      const console = new ClientConsole([first.url, "--transport", how]);
      let second;
      try {
        await console.says(/connected sid=/);
        await first.stop();
        await console.says(/connection lost: .*; trying again in 1 s\n/);
        second = await startHub({ set: { "server.port": first.port } });
        console.type('ack message "again" => {"status":"received"}', "quit");
        assert.equal(await console.ended(), 0, console.all);
        assert.match(console.stdout, /connected sid=[^]*connection lost[^]*connected sid=[^]*ack message/);
      } finally {
        console.kill();
        await second?.stop();
      }
    });
  }

  it("says everything as JSON lines for programs", async () => {
    const { code, lines, stderr } = await runConsole([hub.url, "--json", "--keep-going", ...e(
      'ack message {"n":1.0}', "wait nothing 10ms", "help", "disconnect")]);
    assert.equal(stderr, "");
    assert.deepEqual(lines.map(({ type }) => type), ["connected", "event", "ack", "failed", "disconnected"]);
    for (const { time } of lines) assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    const [connected, event, ack, failed, disconnected] = lines;
    assert.deepEqual([connected.namespace, connected.transport], ["/", "websocket"]);
    assert.deepEqual([event.event, event.args], ["message", [{ from: connected.sid, data: { n: 1.0 } }]]);
    assert.deepEqual([ack.event, ack.args], ["message", [{ status: "received", sid: connected.sid }]]);
    assert.ok(ack.ms >= 0 && ack.ms < 20_000);
    assert.deepEqual([failed.command, failed.reason, failed.where], ["wait nothing 10ms", "it has not come within 10ms", "-e 2"]);
    assert.equal(disconnected.reason, "io client disconnect");
    assert.equal(code, 1);
  });

  it("connects to a namespace by the URL's path or by an option", async () => {
    for (const args of [[`${hub.url}/orders`], [hub.url, "--namespace", "/orders"], [`${hub.url}/other`, "--namespace=orders"]]) {
      const { code, stdout } = await runConsole([...args, ...e("ack message 1")]);
      assert.match(stdout, /connected sid=\S+ namespace=\/orders /);
      assert.equal(code, 0, stdout);
    }
    const { code, stdout, stderr } = await runConsole([`${hub.url}/nowhere`, ...e("ack message 1")]);
    assert.deepEqual([code, blurred(stdout), stderr], [3, "refused: Invalid namespace\n", ""]);
  });

  it("reads a script from a file, comments and all, and stops where it fails", async () => {
    const script = file("greet.wsc", '# greets\n\nemit message "one"\r\nexpect message {"data":"one"}\nexpect message {"data":"two"} within 50ms\nack message "three"\n');
    const { code, stdout } = await runConsole([hub.url, "--script", script]);
    assert.match(stdout, /failed: \S*greet\.wsc:5: expect message \{"data":"two"\} within 50ms: it has not come within 50ms\n$/);
    assert.equal(code, 1);
    const further = await runConsole([hub.url, "--script", script, "--keep-going"]);
    assert.match(further.stdout, /failed: [^]*ack message/);
    assert.equal(further.code, 1);
  });

  it("tells what came instead of what was expected", async () => {
    const { code, stdout } = await runConsole([hub.url, ...e('emit message {"a":[1,2]}', 'expect message {"data":{"a":[1]}} within 100ms')]);
    assert.match(stdout, /: 1 came within 100ms, none with what was expected; the last one: \[\{"from":"[^"]+","data":\{"a":\[1,2\]\}\}\]\n/);
    assert.equal(code, 1);
    const other = await runConsole([hub.url, ...e('ack message 1 => {"status":"sent"}')]);
    assert.match(other.stdout, /the acknowledgement does not contain what was expected/);
    assert.equal(other.code, 1);
  });

  it("reads commands from standard input, and takes a wrong one for the end", async () => {
    const good = await runConsole([hub.url], 'join a\nack message "x"'); // no newline at the end
    assert.match(good.stdout, /ack join_room[^]*ack message/);
    assert.equal(good.code, 0);
    const wrong = await runConsole([hub.url], "join a\njion b\nack message 1\n");
    assert.equal(wrong.stderr, 'wshub client: stdin:2: there is no command "jion"; help shows what there is\n');
    assert.doesNotMatch(wrong.stdout, /ack message/);
    assert.equal(wrong.code, 2);
  });

  it("checks a script before it does anything", async () => {
    for (const args of [["-e", "emit message 1", "-e", "emit"], ["--script", file("wrong.wsc", "emit message 1\nemit\n")], ["--script", "/no/such/script"]]) {
      const { code, stdout, stderr } = await runConsole([hub.url, ...args]);
      assert.equal(stdout, "");
      assert.match(stderr, /^wshub client: (-e 2: emit: expected|\S*wrong\.wsc:2: emit: expected|--script: cannot open)/);
      assert.equal(code, 2);
    }
  });

  it("an error of the hub to joining is a failure, of other events it is an answer", async () => {
    const { code, stdout } = await runConsole([hub.url, "--keep-going", ...e('ack join_room ""', 'join ""')]);
    assert.match(stdout, /failed: -e 2: join "": refused: /);
    assert.doesNotMatch(stdout, /failed: -e 1/);
    assert.equal(code, 1);
  });

  it("shows only what is watched, and waits for all", async () => {
    const { code, stdout } = await runConsole([hub.url, ...e("watch room_*", 'emit message "hidden"', "join a", "wait room_joined", "watch", 'emit message "seen"', "wait message")]);
    assert.doesNotMatch(stdout, /hidden/);
    assert.match(stdout, /event room_joined[^]*event message \{[^\n]*seen/);
    assert.equal(code, 0);
  });

  it("stays until it is ended, and ends when nobody reads it any more", async () => {
    const console = new ClientConsole([hub.url, "--stay", ...e("join watched")]);
    const other = await Client.connect(hub);
    try {
      await console.says(/ack join_room/);
      await other.acked("room_message", { room: "watched", message: "hello" });
      await console.says(/event room_message .*hello/);
      console.child.stdout.destroy();
      const tell = setInterval(() => other.tell("room_message", { room: "watched", message: "nobody?" }), 20);
      assert.equal(await console.ended().finally(() => clearInterval(tell)), 1);
    } finally {
      other.close();
      console.kill();
    }
  });

  it("answers heartbeats of the transport for as long as it lives", async () => {
    const quick = await startHub({ set: { "engine.ping_interval": "100ms", "engine.ping_timeout": "150ms" } });
    try {
      for (const how of HOW) {
        const { code, stdout } = await runConsole([quick.url, "--transport", how, ...e("sleep 1s", "ack message 1")]);
        assert.doesNotMatch(stdout, /lost/);
        assert.equal(code, 0, stdout);
      }
    } finally {
      await quick.stop();
    }
  });

  it("shows what it is by --help, and refuses what it does not know", async () => {
    const help = await runConsole(["--help"]);
    assert.equal(help.code, 0);
    assert.match(help.stdout, /^wshub client: [^]*Exit codes {2}0 done/);
    for (const [args, words] of [
      [[], /client needs a URL/],
      [["https://example.org"], /https is not supported yet/],
      [[hub.url, "--auth", "{"], /--auth/],
    ]) {
      const { code, stderr, stdout } = await runConsole(args);
      assert.deepEqual([code, stdout], [2, ""]);
      assert.match(stderr, words);
    }
  });

  it("ends with 3 where nobody listens", async () => {
    for (const how of HOW) {
      const { code, stderr, stdout } = await runConsole(["http://127.0.0.1:1", "--transport", how, ...e("ack message 1")]);
      assert.deepEqual([code, stdout, stderr], [3, "", "wshub client: cannot connect to http://127.0.0.1:1: connection refused\n"]);
    }
  });

  it("is told when the server is full or speaks no Socket.IO under the path", async () => {
    const full = await startHub({ set: { "limits.max_sessions": 1 } });
    const other = await Client.connect(full);
    try {
      const polling = await runConsole([full.url, "--transport", "polling", ...e("ack message 1")]);
      assert.equal(polling.code, 3);
      assert.match(polling.stderr, /cannot connect to http:\S+: HTTP 403 Forbidden: /);
      assert.match((await runConsole([full.url, ...e("ack message 1")])).stderr, /HTTP 403 Forbidden/);
      const elsewhere = await runConsole([full.url, "--path", "/elsewhere/", ...e("quit")]);
      assert.match(elsewhere.stderr, /HTTP 404 Not Found \(is there a Socket\.IO server under this path\? --path\)/);
      assert.equal(elsewhere.code, 3);
    } finally {
      other.close();
      await full.stop();
    }
  });
});

describe("wshub client at a terminal", () => {
  // A terminal of its own by util-linux' script, which every Debian has.
  const typed = () => new ClientConsole(["-qefc", `"${PROGRAM}" client ${hub.url}`, "/dev/null"], { program: "script", before: [], env: { TERM: "xterm" } });

  it("keeps what is being typed when something comes, and takes it then", async () => {
    const console = typed();
    const other = await Client.connect(hub);
    try {
      await console.says(/connected sid=[^]*> /);
      console.type("join typing");
      await console.says(/ack join_room/);
      console.child.stdin.write('ack message "ty');
      await console.says(/ack message "ty/);
      const before = console.stdout.length;
      await other.acked("room_message", { room: "typing", message: "between" });
      // The event stands on a line of its own, and the prompt with what was typed comes back below it.
      await console.says(/\r\x1b\[J\d\d:\d\d:\d\d\.\d{3} event room_message [^\r]*between"\}\r\n[^\n]*> ack message "ty/);
      assert.ok(console.stdout.length > before);
      console.child.stdin.write('ped"\n');
      await console.says(/event message \{[^\r]*"typed"/);
      console.type("oops", "help wait", "quit");
      assert.equal(await console.ended(), 0, console.all);
      assert.match(console.stdout, /there is no command "oops"/);
      assert.match(console.stdout, /wait EVENT \[DURATION\]/);
    } finally {
      other.close();
      console.kill();
    }
  });

  it("ends by ctrl-D, and by ctrl-C", async () => {
    for (const [key, code] of [["\x04", 0], ["\x03", 130]]) {
      const console = typed();
      try {
        await console.says(/connected sid=[^]*> /);
        console.child.stdin.write(key);
        assert.equal(await console.ended(), code, JSON.stringify(console.all));
      } finally {
        console.kill();
      }
    }
  });
});

describe("wshub client and Node's socket.io", () => {
  let server;
  let io;
  let url;
  before(async () => {
    server = http.createServer();
    io = new Server(server, { pingInterval: 200, pingTimeout: 500 });
    io.on("connection", (socket) => {
      socket.on("echo", (...args) => args.at(-1)(...args.slice(0, -1)));
      socket.on("back", (...args) => socket.emit("back", ...args));
      socket.on("deaf", () => {});
      socket.on("out", () => socket.disconnect());
      socket.on("cut", () => socket.conn.close());
      socket.on("ask", () => socket.emit("question", 1, (...answer) => socket.emit("answered", answer.length)));
      socket.on("headers", (ack) => ack(socket.handshake.headers["x-test"], socket.handshake.query.who));
    });
    const guarded = io.of("/guarded");
    guarded.use((socket, next) => {
      if (socket.handshake.auth.token === "secret") return next();
      next(Object.assign(new Error("no entry"), { data: { code: 7 } }));
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${server.address().port}`;
  });
  after(() => io?.close());

  for (const how of HOW) {
    it(`talks: values, binary both ways, acknowledgements both ways (${how})`, async () => {
      const { code, lines, stderr } = await runConsole([url, "--transport", how, "--json", ...e(
        'ack echo 1 "zwei" {"drei":[4.5,null,true]}',
        'ack echo {"bytes":{"$base64":"AAEC"}} {"$base64":"/w=="}',
        'emit back "größe" {"x":{"$base64":"AAEC"}}',
        'expect back "größe" {"x":{"$binary":3}}',
        "emit ask", "expect answered 0",
        "ack headers"), "--header", "X-Test: a b"]);
      assert.equal(stderr, "");
      assert.deepEqual(lines.filter(({ type }) => type === "ack").map(({ args }) => args), [
        [1, "zwei", { drei: [4.5, null, true] }],
        [{ bytes: { $binary: 3 } }, { $binary: 1 }],
        ["a b", null],
      ]);
      assert.deepEqual(lines.filter(({ type }) => type === "event").map(({ event }) => event), ["back", "question", "answered"]);
      assert.equal(code, 0);
    });

    it(`comes again after the connection was cut, and stays away after it was put out (${how})`, async () => {
      const { code, lines } = await runConsole([url, "--transport", how, "--json", "--timeout", "5s", "--keep-going", ...e(
        "emit cut", "wait nothing 100ms", "ack echo 1", "emit out", "wait nothing", "ack echo 2", "connect", "ack echo 3")]);
      const told = lines.map(({ type, reason, args }) => [type, reason ?? args].filter((part) => part !== undefined));
      assert.deepEqual(told.filter(([type]) => type !== "failed").map((parts) => parts.slice(0, parts[0] === "lost" ? 1 : 2)), [
        ["connected"], ["lost"], ["connected"], ["ack", [1]], ["disconnected", "io server disconnect"], ["connected"], ["ack", [3]],
      ]);
      assert.deepEqual(told.filter(([type]) => type === "failed").map(([, reason]) => reason), [
        "it has not come within 100ms", "not connected, and it has not come", "not connected; connect comes first"]);
      assert.equal(code, 1);
    });
  }

  it("ends with 3 when the connection is lost and it may not come again", async () => {
    const { code, stdout } = await runConsole([url, "--no-reconnect", ...e("emit cut", "wait nothing")]);
    assert.match(stdout, /disconnected: transport close\n/);
    assert.equal(code, 3);
  });

  it("is refused without the right auth, and let in with it", async () => {
    for (const auth of [[], ["--auth", '{"token":"wrong"}']]) {
      const { code, stdout } = await runConsole([`${url}/guarded`, ...auth, ...e("ack echo 1")]);
      assert.deepEqual([code, blurred(stdout)], [3, 'refused: no entry {"code":7}\n']);
    }
    const { code } = await runConsole([`${url}/guarded`, "--auth", '{"token":"secret"}', ...e("sleep 1ms")]);
    assert.equal(code, 0);
  });

  it("an acknowledgement that does not come is a failure", async () => {
    const { code, stdout } = await runConsole([url, "--timeout", "100ms", ...e("ack deaf")]);
    assert.match(stdout, /failed: -e 1: ack deaf: no acknowledgement within 100ms\n/);
    assert.equal(code, 1);
  });

  it("leaves questions unanswered if it shall", async () => {
    const { code } = await runConsole([url, "--no-answer", ...e("emit ask", "wait question", "wait answered 100ms")]);
    assert.equal(code, 1);
  });

  it("passes the URL's query on", async () => {
    const { code } = await runConsole([`${url}?who=me`, ...e('ack headers => null "me"')]);
    assert.equal(code, 0);
  });

  it("says so before it sends what the server would not take", async () => {
    const { code, stdout } = await runConsole([url], `ack echo ${JSON.stringify("x".repeat(1_000_001))}\n`);
    assert.equal(code, 1);
    assert.match(stdout, /it is larger than the server takes in one message/);
  });
});

describe("wshub client and servers that mean harm", () => {
  // A WebSocket server that answers the handshake and then writes these bytes; and one that speaks HTTP badly.
  function server(answer) {
    const made = net.createServer((socket) => {
      socket.on("error", () => {});
      let head = "";
      socket.on("data", (bytes) => {
        if (head.includes("\r\n\r\n")) return;
        head += bytes.toString("latin1");
        if (head.includes("\r\n\r\n")) answer(socket, head);
      });
    });
    return new Promise((resolve) => made.listen(0, "127.0.0.1", () => resolve(made)));
  }
  const accept = (head) => {
    const key = /Sec-WebSocket-Key: (\S+)/i.exec(head)[1];
    const value = createHash("sha1").update(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest("base64");
    return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${value}\r\n\r\n`;
  };
  const frame = (payload, first = 0x81) => {
    const bytes = Buffer.from(payload);
    assert.ok(bytes.length < 65536);
    const head = bytes.length < 126 ? [first, bytes.length] : [first, 126, bytes.length >> 8, bytes.length & 255];
    return Buffer.concat([Buffer.from(head), bytes]);
  };
  const OPEN = frame('0{"sid":"x","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}');
  const IN = Buffer.concat([OPEN, frame('40{"sid":"y"}')]);

  async function meets(answer, args = []) {
    const made = await server(answer);
    try {
      return await runConsole([`http://127.0.0.1:${made.address().port}`, "--timeout", "1s", "--no-reconnect", ...args, ...e("wait never 3s")]);
    } finally {
      made.close();
    }
  }

  const beforeIn = {
    "silence": [],
    "an end": [null],
    "no OPEN": [frame("40")],
    "an OPEN without sid": [frame('0{"pingInterval":1}')],
    "an OPEN that is no JSON": [frame("0{")],
    "no packet": [frame("x")],
    "an empty packet": [frame("")],
    "text that is not UTF-8": [frame(Buffer.from([0x30, 0xff]))],
    "half a frame": [Buffer.from([0x81])],
    "a frame that announces more than there is room for": [Buffer.from([0x81, 127, 0x7f, 255, 255, 255, 255, 255, 255, 255])],
    "a frame that announces 60 MB and then nothing": [Buffer.from([0x82, 127, 0, 0, 0, 0, 3, 0x93, 0x87, 0])],
    "reserved bits": [frame("0{}", 0xf1)],
    "an unknown kind of frame": [frame("0", 0x83)],
    "a continuation of nothing": [frame("0", 0x80)],
    "a message inside another": [frame("0", 0x01), frame("0", 0x81)],
    "a close frame": [frame("", 0x88)],
    "binary first": [frame("0{}", 0x82)],
    "OPEN and no CONNECT": [OPEN],
    "times that are none": [frame('0{"sid":"x","pingInterval":-1,"pingTimeout":1e300,"maxPayload":"many"}')],
  };
  for (const [name, parts] of Object.entries(beforeIn)) {
    it(`ends with 3 and a sentence: ${name}`, async () => {
      const { code, stdout, stderr } = await meets((socket, head) => {
        socket.write(accept(head));
        for (const part of parts) part ? socket.write(part) : socket.end();
      });
      assert.equal(code, 3, stdout + stderr);
      assert.match(stderr, /^wshub client: cannot connect to \S+: .+\n$/);
    });
  }

  const afterIn = {
    "no packet of Socket.IO": [frame("4"), frame("4x")],
    "JSON that is none": [frame("42[")],
    "very deep JSON": [frame(`42["a",${"[".repeat(30_000)}${"]".repeat(30_000)}]`)],
    "a reserved event": [frame('42["disconnect"]')],
    "binary for nothing": [frame("abc", 0x82)],
    "a packet in the middle of binary": [frame('451-["a",{"_placeholder":true,"num":0}]'), frame('42["b"]')],
    "too many attachments": [frame('4599-["a"]')],
    "an attachment that is not there": [frame('451-["a",{"_placeholder":true,"num":7}]'), frame("abc", 0x82)],
    "an end in the middle of a frame": [Buffer.from([0x81, 100, 0x34]), null],
  };
  for (const [name, parts] of Object.entries(afterIn)) {
    it(`calls the connection lost: ${name}`, async () => {
      const { code, stdout } = await meets((socket, head) => {
        socket.write(Buffer.concat([Buffer.from(accept(head)), IN]));
        for (const part of parts) part ? socket.write(part) : socket.end();
      });
      assert.match(stdout, /connected sid=y [^]*disconnected: .+\n/);
      assert.equal(code, 3);
    });
  }

  it("lets what means nothing pass: other namespaces, acknowledgements that nobody asked for, odd packets, pieces", async () => {
    const { code, stdout } = await meets((socket, head) => {
      socket.write(Buffer.concat([Buffer.from(accept(head)), IN, frame('42/other,["no"]'), frame("437[1]"), frame("6"), frame("3"), frame("41/other,"),
        frame("ping?", 0x89), frame("42[", 0x01), frame("", 0x00), frame('"pieces"]', 0x80), frame('42["never"]')]));
    });
    assert.match(stdout, /event pieces\n[^\n]*event never\n$/);
    assert.equal(code, 0);
  });

  it("shows nothing that a terminal would obey", async () => {
    const { code, stdout } = await meets((socket, head) => {
      socket.write(Buffer.concat([Buffer.from(accept(head)), IN, frame('42["a\\u001b[31m\u009b1m","\u009b31m\u007f\\u001b[0m"]'), frame('42["never"]')]));
    });
    assert.equal(code, 0);
    // eslint-disable-next-line no-control-regex
    assert.doesNotMatch(stdout, /[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
    assert.match(stdout, /event "a\\u001b\[31m\\u009b1m" "\\u009b31m\\u007f\\u001b\[0m"\n/);
  });

  const badHttp = {
    "no HTTP at all": "hello\r\n\r\n",
    "an endless header": `HTTP/1.1 200 OK\r\nX: ${"x".repeat(1_000_000)}`,
    "a body that is too short": "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n0{",
    "another status": "HTTP/1.1 503 Service\x1b[31m Unavailable\r\nContent-Length: 0\r\n\r\n",
    "a redirect": "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
    "a wrong key": "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n",
    "chunks that are none": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "a payload that is none": "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n0{}\x1e",
    "base64 that is none": 'HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n0{"sid":"x"}\x1eb%%',
    "nothing": "",
  };
  for (const [name, answer] of Object.entries(badHttp)) {
    for (const how of HOW) {
      it(`ends with 3 and a sentence: ${name} (${how})`, async () => {
        const { code, stdout, stderr } = await meets((socket) => socket.end(answer), ["--transport", how]);
        assert.equal(code, 3, stdout + stderr);
        // eslint-disable-next-line no-control-regex
        assert.match(stderr, /^wshub client: cannot connect to \S+: [^\x00-\x1f]+\n$/);
      });
    }
  }

  it("a server that stops in the middle of a frame does not hold it for ever", async () => {
    const { code, stdout } = await soon(meets((socket, head) => {
      socket.write(Buffer.concat([Buffer.from(accept(head)), IN, Buffer.from([0x81, 100, 0x34])]));
    }), "the end");
    assert.match(stdout, /disconnected: the server stopped in the middle of a frame\n/);
    assert.equal(code, 3);
  });
});
