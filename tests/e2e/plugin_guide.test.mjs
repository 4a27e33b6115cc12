// The echo that docs/plugins.md shows does what the page says. Its commands and the rest of its code: tests/sdk.
import assert from "node:assert/strict";
import http from "node:http";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { BUILD, startHub } from "./support/hub.mjs";
import { RawWebSocket } from "./protocol/raw.mjs";

let hub;
before(async () => {
  hub = await startHub({
    set: { "plugins.directory": path.join(BUILD, "examples"), "plugins.enabled": "echo", "plugin.echo.max_length": 5 },
  });
});
after(() => hub.stop());

const errorOf = (code, message) => JSON.stringify({ code, message });

describe("The plugin of docs/plugins.md", () => {
  it("answers, and counts for each session", async () => {
    const [one, other] = [await RawWebSocket.joined(hub.port), await RawWebSocket.joined(hub.port)];
    for (const nth of [1, 2]) {
      one.send('427["echo","hi"]');
      assert.equal(await one.text(), `437[{"text":"hi","nth":${nth}}]`);
    }
    other.send('427["echo","hi"]');
    assert.equal(await other.text(), '437[{"text":"hi","nth":1}]');
    one.destroy();
    other.destroy();
  });
  it("refuses by its setting", async () => {
    const ws = await RawWebSocket.joined(hub.port);
    ws.send('427["echo","too long"]');
    assert.equal(await ws.text(), `42["system:error",${errorOf("TOO_LONG", "the text is too long")}]`);
    assert.equal(await ws.text(), '437[{"status":"error","code":"TOO_LONG","message":"the text is too long"}]');
    ws.destroy();
  });
  it("refuses a client when it connects", async () => {
    const ws = await RawWebSocket.open(hub.port);
    ws.send('40{"banned":true}');
    assert.equal(await ws.text(), '44{"message":"you are banned","data":{"code":"BANNED","message":"you are banned"}}');
    ws.destroy();
  });
  it("answers an HTTP route", async () => {
    const answer = await new Promise((resolve, reject) =>
      http.get({ host: "127.0.0.1", port: hub.port, path: "/echo" }, (res) => {
        let body = "";
        res.on("data", (chunk) => (body += chunk)).on("end", () => resolve({ status: res.statusCode, body }));
      }).on("error", reject),
    );
    assert.deepEqual(answer, { status: 200, body: "echo is here\n" });
  });
  it("has its settings checked", async () => {
    const { runHub } = await import("./support/hub.mjs");
    const result = await runHub({
      args: ["--check"],
      set: { "plugins.directory": path.join(BUILD, "examples"), "plugins.enabled": "echo", "plugin.echo.max_length": "many" },
    });
    assert.equal(result.code, 1);
    assert.match(result.all, /\[plugin\.echo\] max_length = "many": expected/);
  });
});
