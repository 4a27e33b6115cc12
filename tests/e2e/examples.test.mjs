// The plugins of sdk/examples beyond the echo of the guide, in a hub with the families: the filter in front of them, the bridge, plain C.
import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { BUILD, PLUGINS, startHub } from "./support/hub.mjs";
import { Client, quiet, refused, withClients } from "./support/clients.mjs";

const SECRET = "correct horse battery staple";

let directory;
let hub;
before(async () => {
  directory = mkdtempSync(path.join(tmpdir(), "wshub-examples-"));
  for (const folder of [PLUGINS, path.join(BUILD, "examples")]) {
    for (const file of readdirSync(folder).filter((name) => name.endsWith(".so"))) {
      copyFileSync(path.join(folder, file), path.join(directory, file));
    }
  }
  hub = await startHub({
    set: {
      "plugins.directory": directory,
      "plugins.enabled": "messaging, rooms, moderation, bridge, tiny",
      "plugin.moderation.words": "darn, Heck, größe",
      "plugin.bridge.secret": SECRET,
    },
  });
});
after(async () => {
  await hub?.stop();
  if (directory) rmSync(directory, { recursive: true });
});

// {status, body}: of an HTTP request to the hub, the body parsed.
function ask(method, route, { body, secret = SECRET, to = hub } = {}) {
  const headers = secret === null ? {} : { Authorization: `Bearer ${secret}` };
  return new Promise((resolve, reject) => {
    const request = http.request({ host: "127.0.0.1", port: to.port, path: route, method, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (piece) => (text += piece));
      response.on("end", () => resolve({ status: response.statusCode, body: text && JSON.parse(text) }));
    });
    request.on("error", reject).end(body === undefined || typeof body === "string" ? body : JSON.stringify(body));
  });
}
const clients = (count, use) => () => withClients(hub, "websocket", count, use);

describe("moderation", () => {
  it("refuses what holds a word, and no other plugin sees it", clients(2, async (alice, bob) => {
    const unwanted = [
      "darn",
      "Oh DARN!",
      "well,heck",
      "Das ist die größe.",
      { deep: [1, { er: "what the heck" }] },
      { darn: 1 },
      "escaped: \u0000darn\n",
    ];
    for (const data of unwanted) await refused(alice, "REFUSED", "message", data);
    await bob.acked("join_room", "den");
    await bob.gets(["room_joined", { room: "den", sid: bob.id }]);
    await refused(alice, "REFUSED", "room_message", { room: "den", message: "darn" });
    alice.tell("broadcast", "darn");
    await alice.getsError("REFUSED");
    await quiet(alice, bob);
  }));

  it("lets everything else through", clients(2, async (alice, bob) => {
    for (const data of ["darning", "hecks", "heckler", "", null, 5, { a: [true] }, "Größen", Buffer.from("darn")]) {
      assert.deepStrictEqual(await alice.acked("broadcast", data), { status: "broadcasted" });
      await bob.gets(["broadcast", { from: alice.id, data }]);
    }
    await quiet(alice, bob);
  }));

  it("leaves unknown events unknown", clients(1, async (alice) => {
    await refused(alice, "UNKNOWN_EVENT", "no:such:event", "hello");
    await refused(alice, "REFUSED", "no:such:event", "darn");
  }));
});

describe("bridge", () => {
  it("tells who is online", clients(2, async (alice, bob) => {
    const { status, body } = await ask("GET", "/bridge");
    assert.equal(status, 200);
    const sids = body.online.map(({ sid }) => sid);
    assert.ok(sids.includes(alice.id) && sids.includes(bob.id), JSON.stringify(body));
  }));

  it("emits to everybody, or to a room", clients(2, async (alice, bob) => {
    await bob.acked("join_room", "lobby");
    await bob.gets(["room_joined", { room: "lobby", sid: bob.id }]);
    assert.deepEqual(await ask("POST", "/bridge", { body: { event: "news", args: ["für alle", { n: 1 }] } }), {
      status: 200,
      body: { status: "sent" },
    });
    for (const client of [alice, bob]) await client.gets(["news", "für alle", { n: 1 }]);
    assert.equal((await ask("POST", "/bridge", { body: { event: "news", room: "lobby" } })).status, 200);
    await bob.gets(["news"]);
    await quiet(alice, bob);
  }));

  it("refuses who does not know the secret", clients(1, async (alice) => {
    for (const secret of [null, "", "x", SECRET.slice(1), `${SECRET}x`, SECRET.toUpperCase()]) {
      assert.equal((await ask("GET", "/bridge", { secret })).status, 401, String(secret));
      assert.equal((await ask("POST", "/bridge", { secret, body: { event: "forged" } })).status, 401, String(secret));
    }
    await quiet(alice);
  }));

  it("refuses what it cannot send", clients(1, async (alice) => {
    const wrong = [
      "",
      "{",
      "[]",
      {},
      { event: 5 },
      { event: "" },
      { event: "connect" },
      { event: "news", args: "text" },
      { event: "news", args: { a: 1 } },
      { event: "news", room: 5 },
      { event: "news", room: "" },
      '{"event":"news","args":[1,]}',
      `{"event":"news","args":${"[".repeat(2000)}${"]".repeat(2000)}}`,
    ];
    for (const body of wrong) {
      const { status, body: said } = await ask("POST", "/bridge", { body });
      assert.equal(status, 400, JSON.stringify(body).slice(0, 100));
      assert.equal(typeof said.error, "string");
    }
    await quiet(alice);
  }));

  it("refuses everybody without a secret of its own", async () => {
    const open = await startHub({ set: { "plugins.directory": directory, "plugins.enabled": "bridge" } });
    try {
      for (const secret of [null, "", SECRET]) assert.equal((await ask("GET", "/bridge", { secret, to: open })).status, 401);
      await open.logged(/no secret is set/);
    } finally {
      await open.stop();
    }
  });
});

describe("tiny, in plain C", () => {
  it("answers with what came", clients(1, async (alice) => {
    assert.deepStrictEqual(await alice.ask("tiny", 1, { two: [Buffer.from("three")] }), [1, { two: [Buffer.from("three")] }]);
    alice.tell("tiny", "without an ack");
    await alice.gets(["(ack)", "tiny", 1, { two: [Buffer.from("three")] }]);
    await quiet(alice);
  }));
});
