// RFC 9112 against the running hub: requests that two parsers could read differently are refused, and the connection with them.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startHub } from "../support/hub.mjs";
import { Polling, RawWebSocket, rawTcp, request } from "./raw.mjs";

let hub;
before(async () => {
  hub = await startHub({ set: { "http.header_timeout": "700ms", "http.body_timeout": "700ms", "http.idle_timeout": "700ms" } });
});
after(() => hub.stop());

const POST = "POST /socket.io/?EIO=4&transport=polling&sid=x HTTP/1.1\r\nHost: x\r\n";
const GET = "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n";
const statusOf = (text) => Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1]);

describe("Framing", () => {
  it("refuses what could smuggle a second request", async () => {
    const cases = {
      "two different lengths": [`${POST}Content-Length: 1\r\nContent-Length: 2\r\n\r\n4x`, 400],
      "the same length twice": [`${POST}Content-Length: 2\r\nContent-Length: 2\r\n\r\n4x`, 400],
      "a list of lengths": [`${POST}Content-Length: 2, 2\r\n\r\n4x`, 400],
      "a length and a coding": [`${POST}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
      "a negative length": [`${POST}Content-Length: -1\r\n\r\n`, 400],
      "a length with a sign": [`${POST}Content-Length: +2\r\n\r\n4x`, 400],
      "a length that is no number": [`${POST}Content-Length: 2abc\r\n\r\n4x`, 400],
      "an empty length": [`${POST}Content-Length: \r\n\r\n`, 400],
      "a length in hexadecimal": [`${POST}Content-Length: 0x2\r\n\r\n4x`, 400],
      "a coding nobody knows": [`${POST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`, [400, 501]],
      "chunked twice": [`${POST}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n`, [400, 501]],
      "white space before the colon": [`${POST}Content-Length : 2\r\n\r\n4x`, 400],
      "a folded header": [`${GET}X-A: 1\r\n 2\r\n\r\n`, 400],
      "a header without a colon": [`${GET}nonsense\r\n\r\n`, 400],
      "a bare line feed": [`${GET}X-A: 1\nX-B: 2\r\n\r\n`, 400],
      "a bare carriage return": [`${GET}X-A: 1\rX-B: 2\r\n\r\n`, 400],
      "NUL in a value": [`${GET}X-A: 1\0\r\n\r\n`, 400],
      "no host": ["GET / HTTP/1.1\r\n\r\n", 400],
      "two hosts": [`${GET}Host: y\r\n\r\n`, 400],
      "a version nobody speaks": ["GET / HTTP/9.9\r\nHost: x\r\n\r\n", [400, 505]],
      "no version": ["GET /\r\n\r\n", 400],
      "a method that is none": ["G@T / HTTP/1.1\r\nHost: x\r\n\r\n", 400],
      "a bad chunk size": [`${POST}Transfer-Encoding: chunked\r\n\r\nzz\r\n4x\r\n0\r\n\r\n`, 400],
      "a chunk size that wraps": [`${POST}Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n4x`, [400, 413]],
      "TLS on a plain port": ["\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400],
    };
    for (const [what, [bytes, expected]] of Object.entries(cases)) {
      const answer = await rawTcp(hub.port, Buffer.from(bytes, "latin1"));
      assert.ok([expected].flat().includes(statusOf(answer)), `${what}: ${answer.slice(0, 60)}`);
      assert.match(answer, /\r\nConnection: close\r\n/i, what);
    }
  });
  it("never takes the body of a refused request for a request", async () => {
    const hidden = "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n\r\n";
    const answer = await rawTcp(hub.port, `${POST}Content-Length: 1\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`);
    assert.equal(answer.split("HTTP/1.1 ").length, 2, "one answer");
  });
  it("takes chunked bodies", async () => {
    const session = await Polling.open(hub.port);
    const body = "1\r\n4\r\n1;ext=1\r\n0\r\n0\r\nTrailer: x\r\n\r\n";
    const answer = await rawTcp(
      hub.port,
      `POST ${Polling.path({ sid: session.sid })} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n${body}`,
    );
    assert.equal(statusOf(answer), 200, answer);
    assert.match(await session.next(), /^40\{"sid"/);
  });
  it("answers 431 to a head that is too large, in one line or in many, and 414 or 431 to a target that is", async () => {
    const many = Array.from({ length: 400 }, (_, i) => `X-${i}: ${"v".repeat(60)}\r\n`).join("");
    assert.equal(statusOf(await rawTcp(hub.port, `${GET}${many}\r\n`)), 431);
    assert.equal(statusOf(await rawTcp(hub.port, `${GET}X-A: ${"v".repeat(20000)}\r\n\r\n`)), 431);
    assert.ok([414, 431].includes(statusOf(await rawTcp(hub.port, `GET /${"a".repeat(20000)} HTTP/1.1\r\nHost: x\r\n\r\n`))));
  });
  it("answers every legal head below the limit, however odd", async () => {
    const answer = await rawTcp(
      hub.port,
      `${GET}Connection: close\r\nReferer: http://x/?a=?utf-8?B?DQpTZXQtQ29va2llOiBldmlsPTE=?=\r\nX-Long: ${"v".repeat(9000)}\r\n` +
        Array.from({ length: 90 }, (_, i) => `X-${i}: 1\r\n`).join("") +
        "\r\n",
    );
    assert.equal(statusOf(answer), 200, answer.slice(0, 200));
    assert.doesNotMatch(answer, /evil/);
  });
  it("answers 411 to a POST without a length", async () => {
    assert.equal(statusOf(await rawTcp(hub.port, `${POST}\r\n`)), 411);
  });
  it("speaks HTTP/1.0 and then closes", async () => {
    const answer = await rawTcp(hub.port, "GET /socket.io/?EIO=4&transport=polling HTTP/1.0\r\n\r\n");
    assert.equal(statusOf(answer), 200);
    assert.match(answer, /\r\n\r\n0\{"sid"/);
  });
  it("closes when the client asks for it", async () => {
    const answer = await rawTcp(hub.port, `${GET}Connection: close\r\n\r\n`);
    assert.match(answer, /\r\nConnection: close\r\n/i);
  });
});

describe("The target", () => {
  it("may be a whole address (RFC 9112, section 3.2.2)", async () => {
    const whole = (path) => rawTcp(hub.port, `GET http://x${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    const opened = await whole("/socket.io/?EIO=4&transport=polling");
    assert.equal(statusOf(opened), 200);
    const sid = /"sid":"([^"]+)"/.exec(opened)[1];
    const posted = await rawTcp(
      hub.port,
      `POST http://x/socket.io/?EIO=4&transport=polling&sid=${sid} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\n40`,
    );
    assert.equal(statusOf(posted), 200);
    assert.equal(statusOf(await whole("/socket.io/socket.io.js")), 200);
    assert.equal(statusOf(await whole("/elsewhere/")), 404);
  });
});

describe("Deadlines", () => {
  it("ends a head that comes too slowly, byte by byte too", async () => {
    const answer = await rawTcp(hub.port, "GET / HT");
    assert.ok([408, NaN].includes(statusOf(answer)), answer);
  });
  it("ends a body that comes too slowly", async () => {
    const { sid } = await Polling.open(hub.port);
    const answer = await rawTcp(hub.port, `POST ${Polling.path({ sid })} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n4x`);
    assert.ok([408, NaN].includes(statusOf(answer)), answer);
  });
  it("ends a connection that says nothing, and one that is done", async () => {
    assert.equal(await rawTcp(hub.port, ""), "");
    assert.equal(statusOf(await rawTcp(hub.port, `${GET}\r\n`)), 200);
  });
  it("does not end a poll that waits, nor a WebSocket", async () => {
    const session = await Polling.open(hub.port);
    await session.post("40");
    await session.next();
    const poll = session.get();
    const ws = await RawWebSocket.joined(hub.port);
    // Longer than every deadline above: the connection that says nothing is ended by its deadline meanwhile.
    await rawTcp(hub.port, "");
    await rawTcp(hub.port, "");
    ws.send('42["message","awake"]');
    assert.match(await ws.text(), /awake/);
    assert.match((await poll).body, /awake/);
    ws.destroy();
  });
});

describe("Other paths", () => {
  it("answers 404 without showing what was asked for as a page", async () => {
    const answer = await request(hub.port, { path: "/<script>alert(1)</script>" });
    assert.equal(answer.status, 404);
    assert.doesNotMatch(answer.body, /<script>/);
  });
});
