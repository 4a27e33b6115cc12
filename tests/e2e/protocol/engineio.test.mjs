// The Engine.IO protocol document (revision 4), sentence by sentence: each MUST is a case against the running hub, written from the
// document. Where the document is silent, what unmodified clients depend on.
import assert from "node:assert/strict";
import net from "node:net";
import { after, before, describe, it } from "node:test";
import { startHub } from "../support/hub.mjs";
import { OPCODE, Polling, RawWebSocket, rawTcp, request, soon } from "./raw.mjs";

let hub;
let quick; // the same with a heartbeat one can wait for
before(async () => {
  hub = await startHub();
  quick = await startHub({ set: { "engine.ping_interval": "300ms", "engine.ping_timeout": "200ms" } });
});
after(async () => {
  await hub.stop();
  await quick.stop();
});

const withQuery = (query) => "/socket.io/?" + new URLSearchParams(query);
const errorOf = (answer) => JSON.parse(answer.body);
const joinedPolling = async () => {
  const session = await Polling.open(hub.port);
  assert.equal((await session.post("40")).body, "ok");
  const connected = await session.next();
  assert.match(connected, /^40\{"sid":"/);
  return session;
};

describe("Request path and query parameters", () => {
  it("answers 400 when a mandatory query parameter is missing or wrong", async () => {
    const cases = [
      [{ transport: "polling" }, 5],
      [{ EIO: "abc", transport: "polling" }, 5],
      [{ EIO: "3", transport: "polling" }, 5],
      [{ EIO: "5", transport: "polling" }, 5],
      [{ EIO: "44", transport: "polling" }, 5],
      [{ EIO: "4" }, 0],
      [{ EIO: "4", transport: "abc" }, 0],
      [{ EIO: "4", transport: "webtransport" }, 0],
      [{ EIO: "4", transport: "Polling" }, 0],
      [{ EIO: "4", transport: "websocket" }, 3],
      [{}, 0],
    ];
    for (const [query, code] of cases) {
      const answer = await request(hub.port, { path: withQuery(query) });
      assert.equal(answer.status, 400, JSON.stringify(query));
      assert.equal(errorOf(answer).code, code, JSON.stringify(query));
      assert.match(answer.headers["content-type"], /^application\/json/);
    }
  });
  it("answers error objects with exactly a code and its message", async () => {
    const answer = await request(hub.port, { path: withQuery({ EIO: "4", transport: "polling", sid: "nope" }) });
    assert.deepEqual(errorOf(answer), { code: 1, message: "Session ID unknown" });
    const handshake = await request(hub.port, { method: "POST", path: withQuery({ EIO: "4", transport: "polling" }) });
    assert.deepEqual(errorOf(handshake), { code: 2, message: "Bad handshake method" });
    const transport = await request(hub.port, { path: withQuery({ EIO: "4", transport: "x" }) });
    assert.deepEqual(errorOf(transport), { code: 0, message: "Transport unknown" });
    const version = await request(hub.port, { path: withQuery({ EIO: "3", transport: "polling" }) });
    assert.deepEqual(errorOf(version), { code: 5, message: "Unsupported protocol version" });
    const bad = await request(hub.port, { path: withQuery({ EIO: "4", transport: "websocket" }) });
    assert.deepEqual(errorOf(bad), { code: 3, message: "Bad request" });
  });
  it("asks for EIO=4 on requests of a session too", async () => {
    const session = await Polling.open(hub.port);
    for (const query of [{ transport: "polling", sid: session.sid }, { EIO: "3", transport: "polling", sid: session.sid }]) {
      const answer = await request(hub.port, { path: withQuery(query) });
      assert.equal(answer.status, 400);
      assert.equal(errorOf(answer).code, 3);
    }
    assert.equal((await session.post("40")).status, 200, "the session is not harmed");
  });
  it("knows nothing outside its path", async () => {
    for (const path of ["/", "/engine.io/?EIO=4&transport=polling", "/socket.io?EIO=4&transport=polling"]) {
      assert.equal((await request(hub.port, { path })).status, 404, path);
    }
  });
  it("refuses handshakes by other methods than GET", async () => {
    for (const method of ["POST", "PUT", "DELETE", "PATCH"]) {
      const answer = await request(hub.port, { method, path: withQuery({ EIO: "4", transport: "polling" }), body: "" });
      assert.equal(answer.status, 400, method);
      assert.equal(errorOf(answer).code, 2, method);
    }
    const head = await request(hub.port, { method: "HEAD", path: withQuery({ EIO: "4", transport: "polling" }) });
    assert.equal(head.status, 400);
  });
});

describe("Handshake", () => {
  it("answers long polling with an OPEN packet that has all the documented keys", async () => {
    const session = await Polling.open(hub.port);
    assert.equal(session.answer.headers["content-type"], "text/plain; charset=UTF-8");
    assert.equal(session.answer.headers["cache-control"], "no-store");
    assert.equal(Number(session.answer.headers["content-length"]), session.answer.bytes.length);
    assert.equal(session.answer.headers["set-cookie"], undefined);
    assert.equal(session.answer.headers["access-control-allow-origin"], undefined);
    assert.match(session.sid, /^[A-Za-z0-9_-]{20}$/);
    assert.equal(
      session.answer.body,
      `0{"sid":"${session.sid}","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}`,
    );
  });
  it("answers a WebSocket with the same packet, without upgrades", async () => {
    const ws = await RawWebSocket.connect(hub.port);
    assert.equal(ws.status, 101);
    assert.equal(ws.headers["sec-websocket-accept"], ws.expectedAccept);
    const packet = await ws.text();
    const sid = JSON.parse(packet.slice(1)).sid;
    assert.equal(packet, `0{"sid":"${sid}","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}`);
    ws.destroy();
  });
  it("gives every session an id of its own", async () => {
    const sids = new Set();
    for (let i = 0; i < 50; ++i) sids.add((await Polling.open(hub.port)).sid);
    assert.equal(sids.size, 50);
  });
  it("does not show the session's id as the socket's id", async () => {
    const ws = await RawWebSocket.joined(hub.port);
    assert.match(ws.id, /^[A-Za-z0-9_-]{20}$/);
    assert.notEqual(ws.id, ws.openPacket.sid);
    ws.destroy();
  });
  it("takes the parameters in any order, with others among them", async () => {
    const answer = await request(hub.port, { path: "/socket.io/?t=abc&b64=&transport=polling&x=%20&EIO=4" });
    assert.equal(answer.status, 200);
  });
});

describe("Sending data by polling", () => {
  it("answers 400 for a session id that is not known", async () => {
    for (const sid of ["unknown", "", "AAAAAAAAAAAAAAAAAAAA", "x".repeat(4000), "%00", "../../etc"]) {
      if (sid === "") continue;  // no sid at all is a handshake
      const answer = await request(hub.port, { method: "POST", path: withQuery({ EIO: "4", transport: "polling", sid }), body: "4x" });
      assert.equal(answer.status, 400);
      assert.equal(errorOf(answer).code, 1);
    }
  });
  it("answers 200 and ok", async () => {
    const session = await Polling.open(hub.port);
    const answer = await session.post("40");
    assert.equal(answer.status, 200);
    assert.equal(answer.body, "ok");
    assert.match(answer.headers["content-type"], /^text\/html/);
  });
  it("answers 400 to a second POST while one is under way, and closes the session", async () => {
    const session = await joinedPolling();
    // "100 Continue" shows that the server knows of the first POST; its body never comes.
    const first = new Promise((resolve, reject) => {
      const socket = net.connect(hub.port, "127.0.0.1", () =>
        socket.write(
          `POST ${Polling.path({ sid: session.sid })} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n`,
        ),
      );
      socket.once("data", () => resolve(socket));
      socket.on("error", reject);
    });
    const socket = await soon(first, "100 Continue");
    const answer = await session.post('42["message",1]');
    assert.equal(answer.status, 400);
    assert.ok(await session.isGone());
    socket.destroy();
  });
  it("takes a payload of several packets in order, binary among them", async () => {
    const session = await joinedPolling();
    const answer = await session.post('42["message",1]\x1e451-["message",{"_placeholder":true,"num":0}]\x1ebAQIDBA==\x1e42["message",3]');
    assert.equal(answer.body, "ok");
    assert.match(await session.next(), /^42\["message",\{"from":"[^"]+","data":1\}\]$/);
    assert.match(await session.next(), /^451-\["message",\{"from":"[^"]+","data":\{"_placeholder":true,"num":0\}\}\]$/);
    assert.equal(await session.next(), "bAQIDBA==");
    assert.match(await session.next(), /"data":3\}\]$/);
  });
  it("closes the session on an invalid packet, and answers all the same", async () => {
    for (const body of ["abc", "9", "4", "b!!!!", "", "42[\"x\"]\x1e", "\x1e", "\xff"]) {
      const session = await joinedPolling();
      const answer = await session.post(Buffer.from(body, "latin1"));
      assert.ok([200, 400].includes(answer.status), JSON.stringify(body));
      assert.ok(await session.isGone(), JSON.stringify(body));
    }
  });
  it("refuses a body above maxPayload with 413 and lets the session live", async () => {
    const session = await joinedPolling();
    const answer = await rawTcp(hub.port, `POST ${Polling.path({ sid: session.sid })} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000001\r\n\r\n`);
    assert.match(answer, /^HTTP\/1\.1 413 /);
    assert.equal((await session.post("42[\"message\",1]")).body, "ok");
  });
  it("refuses application/octet-stream, which revision 4 has no use for, and closes the session", async () => {
    const session = await joinedPolling();
    const answer = await session.post("4x", { "Content-Type": "application/octet-stream" });
    assert.equal(answer.status, 400);
    assert.ok(await session.isGone());
  });
});

describe("Receiving data by polling", () => {
  it("answers 400 for a session id that is not known", async () => {
    const answer = await request(hub.port, { path: Polling.path({ sid: "unknown" }) });
    assert.equal(answer.status, 400);
    assert.equal(errorOf(answer).code, 1);
  });
  it("holds the request until there is something to send", async () => {
    const session = await joinedPolling();
    const poll = session.get();
    await session.post('42["message","x"]');
    const answer = await poll;
    assert.equal(answer.status, 200);
    assert.equal(answer.headers["content-type"], "text/plain; charset=UTF-8");
    assert.ok(answer.body.split("\x1e").some((packet) => packet.endsWith('"data":"x"}]')) || answer.body === "2");
  });
  it("joins what is waiting with the record separator", async () => {
    const session = await joinedPolling();
    await session.post('42["message",1]\x1e42["message",2]\x1e42["message",3]');
    const answer = await session.get();
    const messages = answer.body.split("\x1e").filter((packet) => packet !== "2");
    assert.equal(messages.length, 3);
  });
  it("answers 400 to a second GET while one waits, and closes the session", async () => {
    const session = await joinedPolling();
    const first = session.get();
    let second;
    // Which of the two the server saw first is not ours to choose.
    const both = await Promise.all([first, (second = session.get())]);
    const statuses = both.map((answer) => answer.status).sort();
    assert.deepEqual(statuses, [200, 400]);
    assert.equal(both.find((answer) => answer.status === 200).body, "1");
    assert.equal(both.find((answer) => answer.status === 400).body, "");
    assert.ok(await session.isGone());
    await second;
  });
  it("ends the session when the client gives up a waiting poll", async () => {
    const session = await joinedPolling();
    const socket = net.connect(hub.port, "127.0.0.1");
    await new Promise((resolve) => socket.write(`GET ${Polling.path({ sid: session.sid })} HTTP/1.1\r\nHost: x\r\n\r\n`, resolve));
    // A POST on the same path shows that the server is past the GET.
    await session.post("3");
    socket.destroy();
    let status;
    do status = (await session.post("3")).status;
    while (status === 200);
    assert.equal(status, 400);
  });
});

describe("Heartbeat", () => {
  it("sends a ping each interval and goes on as long as pongs come (polling)", async () => {
    const session = await Polling.open(quick.port);
    for (let i = 0; i < 3; ++i) {
      assert.equal((await session.get()).body, "2");
      assert.equal((await session.post("3")).status, 200);
    }
  });
  it("sends a ping each interval and goes on as long as pongs come (WebSocket)", async () => {
    const ws = await RawWebSocket.open(quick.port);
    for (let i = 0; i < 3; ++i) {
      const frame = await ws.frame();
      assert.equal(frame.payload.toString(), "2");
      ws.send("3");
    }
    ws.destroy();
  });
  it("closes a WebSocket session that does not answer", async () => {
    const ws = await RawWebSocket.open(quick.port);
    assert.equal((await ws.frame()).payload.toString(), "2");
    assert.equal(await ws.closed(), null, "without a status");
  });
  it("forgets a polling session that does not answer", async () => {
    const session = await Polling.open(quick.port);
    assert.equal((await session.get()).body, "2");
    // A poll that waits is ended by the time-out; whatever it says, the session is unknown afterwards.
    await session.get();
    assert.ok(await session.isGone());
  });
  it("closes on a ping from the client: the direction is wrong in this revision", async () => {
    const ws = await RawWebSocket.open(quick.port);
    ws.send("2");
    assert.equal(await ws.closed(), null);
  });
});

describe("Upgrade", () => {
  const probe = async (session) => {
    const ws = await RawWebSocket.connect(hub.port, { query: { sid: session.sid } });
    assert.equal(ws.status, 101);
    ws.send("2probe");
    assert.equal(await ws.text(), "3probe");
    return ws;
  };
  it("answers the probe, ends the waiting poll with a noop, and goes on by WebSocket", async () => {
    const session = await joinedPolling();
    const poll = session.get();
    const ws = await probe(session);
    const answer = await poll;
    assert.ok(answer.body.split("\x1e").every((packet) => packet === "6" || packet === "2"), answer.body);
    ws.send("5");
    ws.send('42["message","by websocket"]');
    assert.match(await ws.text(), /"data":"by websocket"/);
    ws.destroy();
  });
  it("answers a poll that comes after the probe with a noop at once", async () => {
    const session = await joinedPolling();
    const ws = await probe(session);
    const answer = await session.get();
    assert.ok(answer.body.split("\x1e").every((packet) => packet === "6" || packet === "2"), answer.body);
    ws.send("5");
    ws.send('42["message",1]');
    assert.match(await ws.text(), /"data":1/);
    ws.destroy();
  });
  it("delivers by WebSocket what was waiting when the upgrade completed", async () => {
    const session = await joinedPolling();
    const ws = await probe(session);
    await session.post('42["message","first"]');
    ws.send("5");
    assert.match(await ws.text(), /"data":"first"/);
    ws.destroy();
  });
  it("answers requests by polling with 400 after the upgrade, and the WebSocket stays", async () => {
    const session = await joinedPolling();
    const ws = await probe(session);
    ws.send("5");
    ws.send('42["message",1]');
    await ws.text();
    const answer = await session.get();
    assert.equal(answer.status, 400);
    assert.equal(errorOf(answer).code, 3);
    ws.send('42["message",2]');
    assert.match(await ws.text(), /"data":2/);
    ws.destroy();
  });
  it("closes a second WebSocket for the same session, and the first stays", async () => {
    const session = await joinedPolling();
    const ws = await probe(session);
    ws.send("5");
    ws.send('42["message",1]');
    await ws.text();
    const second = await RawWebSocket.connect(hub.port, { query: { sid: session.sid } });
    if (second.status === 101) await second.closed();
    else assert.equal(second.status, 400);
    ws.send('42["message",2]');
    assert.match(await ws.text(), /"data":2/);
    ws.destroy();
  });
  it("closes a second WebSocket while the first one is still probing", async () => {
    const session = await joinedPolling();
    const first = await probe(session);
    const second = await RawWebSocket.connect(hub.port, { query: { sid: session.sid } });
    if (second.status === 101) await second.closed();
    first.send("5");
    first.send('42["message",1]');
    assert.match(await first.text(), /"data":1/);
    first.destroy();
  });
  it("closes only the probing WebSocket when it says anything else than probe and upgrade", async () => {
    for (const wrong of ["2", "2prob", "4x", "3probe", "5", "zzz", ""]) {
      const session = await joinedPolling();
      const ws = await RawWebSocket.connect(hub.port, { query: { sid: session.sid } });
      ws.send(wrong);
      await ws.closed();
      assert.equal((await session.post('42["message",1]')).body, "ok", JSON.stringify(wrong));
      assert.match(await session.next(), /"data":1/);
    }
  });
  it("refuses a WebSocket for a session that is not known", async () => {
    const ws = await RawWebSocket.connect(hub.port, { query: { sid: "unknown" } });
    assert.notEqual(ws.status, 101);
    assert.match(ws.body, /Session ID unknown/);
  });
  it("refuses a WebSocket-only session's requests by polling", async () => {
    const ws = await RawWebSocket.open(hub.port);
    const answer = await request(hub.port, { path: Polling.path({ sid: ws.openPacket.sid }) });
    assert.equal(answer.status, 400);
    assert.equal(errorOf(answer).code, 3);
    ws.destroy();
  });
});

describe("Message and packet encoding", () => {
  it("sends binary over WebSocket as it is, without a prefix", async () => {
    const ws = await RawWebSocket.joined(hub.port);
    ws.send('451-["message",{"_placeholder":true,"num":0}]');
    ws.sendBinary([1, 2, 3, 4]);
    assert.match(await ws.text(), /^451-\["message"/);
    let frame;
    do frame = await ws.frame();
    while (frame.payload.toString() === "2");
    assert.equal(frame.opcode, OPCODE.binary);
    assert.deepEqual([...frame.payload], [1, 2, 3, 4]);
    ws.destroy();
  });
  it("sends each packet in a frame of its own, unmasked and without reserved bits", async () => {
    const ws = await RawWebSocket.joined(hub.port);
    ws.send('42["message",1]');
    ws.send('42["message",2]');
    for (let i = 0; i < 2; ++i) {
      const frame = await ws.frame();
      assert.deepEqual([frame.fin, frame.rsv, frame.masked], [true, 0, false]);
    }
    ws.destroy();
  });
  it("closes a WebSocket session on an invalid packet", async () => {
    for (const packet of ["abc", "7", "", "4"]) {
      const ws = await RawWebSocket.joined(hub.port);
      ws.send(packet);
      assert.equal(await ws.closed(), null, JSON.stringify(packet));
    }
  });
  it("closes when the client sends a CLOSE packet: over WebSocket, and over polling with a noop for the waiting poll", async () => {
    const ws = await RawWebSocket.joined(hub.port);
    ws.send("1");
    await ws.closed();
    // The poll and the posts travel on connections of their own: now and then the CLOSE overtakes the poll.
    let session, answer;
    for (let attempt = 0; attempt < 20; ++attempt) {
      session = await joinedPolling();
      const poll = session.get();
      await session.post("3");
      assert.equal((await session.post("1")).body, "ok");
      answer = await poll;
      if (answer.status === 200) break;
      assert.deepEqual(JSON.parse(answer.body), { code: 1, message: "Session ID unknown" });
    }
    assert.equal(answer.status, 200);
    assert.ok(
      answer.body.split("\x1e").every((packet) => packet === "6" || packet === "2"),
      answer.body,
    );
    assert.ok(await session.isGone());
  });
  it("takes messages up to maxPayload over WebSocket, and closes above it with 1009", async () => {
    const ws = await RawWebSocket.open(hub.port);
    ws.sendFrame(OPCODE.text, "4" + "x".repeat(1_000_000));
    assert.equal(await ws.closed(), 1009);
  });
});

describe("Sessions and the rest of the hub", () => {
  it("keeps sessions apart when one of them ends in every way there is", async () => {
    const bystander = await RawWebSocket.joined(hub.port);
    const ends = [
      async () => (await RawWebSocket.open(hub.port)).destroy(),
      async () => (await RawWebSocket.open(hub.port)).send("zzz"),
      async () => (await RawWebSocket.open(hub.port)).socket.write(Buffer.alloc(1000, 255)),
      async () => (await joinedPolling()).post("zzz"),
      async () => (await RawWebSocket.open(hub.port)).sendFrame(OPCODE.close, Buffer.from([3, 232])),
    ];
    for (const end of ends) await end();
    bystander.send('42["message","still here"]');
    assert.match(await bystander.text(), /still here/);
    bystander.destroy();
  });
  it("answers two requests on one connection, one after the other, pipelined too", async () => {
    const path = withQuery({ EIO: "4", transport: "polling" });
    const one = `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
    const text = await soon(rawTcp(hub.port, one + one, (so) => so.split('0{"sid"').length === 3), "two answers");
    assert.equal(text.split("HTTP/1.1 200 OK").length, 3);
  });
});

describe("Cookie and origins, as configured", () => {
  let strict;
  before(async () => {
    strict = await startHub({
      set: { "engine.cookie": "io", "engine.check_websocket_origin": true, "engine.cors_origin": "https://good.example" },
    });
  });
  after(() => strict.stop());

  it("sets the cookie with the handshake and never again", async () => {
    const session = await Polling.open(strict.port);
    assert.deepEqual(session.answer.headers["set-cookie"], [`io=${session.sid}; Path=/; HttpOnly; SameSite=Lax`]);
    assert.equal((await session.post("40")).headers["set-cookie"], undefined);
    const ws = await RawWebSocket.open(strict.port);
    assert.equal(ws.headers["set-cookie"], `io=${ws.openPacket.sid}; Path=/; HttpOnly; SameSite=Lax`);
    ws.destroy();
  });
  it("opens WebSockets for the named origins, for its own pages and for clients that are no browsers", async () => {
    for (const origin of ["https://good.example", `http://127.0.0.1:${strict.port}`, undefined]) {
      const ws = await RawWebSocket.connect(strict.port, { headers: { Origin: origin } });
      assert.equal(ws.status, 101, String(origin));
      ws.destroy();
    }
    for (const origin of ["https://evil.example", "null"]) {
      const ws = await RawWebSocket.connect(strict.port, { headers: { Origin: origin } });
      assert.equal(ws.status, 403, origin);
      assert.deepEqual(JSON.parse(ws.body), { code: 4, message: "Forbidden" });
      ws.destroy();
    }
  });
  it("answers a preflight without a body, and says so", async () => {
    const answer = await request(strict.port, {
      method: "OPTIONS",
      path: Polling.path({}),
      headers: { Origin: "https://good.example", "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-a" },
    });
    assert.equal(answer.status, 204);
    assert.equal(answer.headers["content-length"], "0");
    assert.equal(answer.headers["access-control-allow-origin"], "https://good.example");
    assert.equal(answer.headers["access-control-allow-methods"], "GET,HEAD,PUT,PATCH,POST,DELETE");
    assert.equal(answer.headers["access-control-allow-headers"], "x-a");
  });
});
