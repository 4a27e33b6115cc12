// The dashboard in a real browser, with five hundred clients: what an operator does with it, what hostile clients cannot do to
// it, and that everybody can use it. Screenshots go to BUILD/screenshots.
import assert from "node:assert/strict";
import { chmodSync, copyFileSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import http from "node:http";
import { Page, startBrowser } from "./support/browser.mjs";
import { BUILD, PLUGINS, soon, startHub } from "./support/hub.mjs";
import { Client } from "./support/clients.mjs";

const TOKEN = "the admin's own secret";
const CROWD = 500;
const HOSTILE = `<img src=x onerror="globalThis.hacked=1">`;
const HOSTILE_ROOM = `"><script>globalThis.hacked=1</script>`;
const VIEWS = ["overview", "connections", "users", "rooms", "plugins", "closes"];
const FAMILIES = ["messaging", "rooms", "users", "heartbeat", "admin"];

const place = mkdtempSync(path.join(tmpdir(), "wshub-dashboard-"));
// A plugin as an installer puts it in place.
function install(name, file) {
  const passing = path.join(place, ".passing");
  copyFileSync(file, passing);
  chmodSync(passing, 0o644);
  renameSync(passing, path.join(place, `${name}.so`));
}
const counterOf = (version) => path.join(BUILD, `tests/bad_plugins/built/counter_${version}.so`);
for (const name of FAMILIES) install(name, path.join(PLUGINS, `${name}.so`));
install("counter", counterOf(1));

const settings = (port = 0) => ({
  "server.port": port,
  "server.state_directory": path.join(place, "state"),
  "plugins.directory": place,
  "plugins.enabled": [...FAMILIES, "counter"].join(", "),
  "plugins.hot_reload": true,
  "plugin.heartbeat.interval": 0,
  "plugin.admin.token": TOKEN,
  "plugin.admin.stats_interval": 0,
  "plugin.users.list": "nobody",
  "plugin.rooms.namespaces": "/, /games",
  "limits.events_per_second": 0,
  "log.level": "info",
});

let hub, browser, page;
const clients = [];
before(async () => {
  hub = await startHub({ set: settings() });
  browser = await startBrowser();
  page = await Page.open(browser, hub.url);
});
after(async () => {
  for (const client of clients) client.close();
  await browser?.close();
  await hub?.stop();
  rmSync(place, { recursive: true, force: true });
});

// Everybody in, with a name and a room: user-000 to user-498, and one whose name is hostile.
async function gather() {
  const names = [...Array(CROWD - 1).keys()].map((i) => `user-${String(i).padStart(3, "0")}`);
  const all = [...names, HOSTILE];
  while (clients.length < all.length) {
    const batch = all.slice(clients.length, clients.length + 50);
    clients.push(
      ...(await Promise.all(
        batch.map(async (username, i) => {
          const how = i % 7 === 0 ? "polling" : "websocket";
          const client = await Client.connect(hub, how, { extraHeaders: { "User-Agent": "crowd/1.0" } });
          await client.acked("system:setData", { username });
          await client.acked("join_room", `room-${(clients.length + i) % 20}`);
          client.username = username;
          return client;
        }),
      )),
    );
  }
  const hostile = clients.at(-1);
  await hostile.acked("join_room", HOSTILE_ROOM);
  for (const client of clients) client.inbox.length = 0;
}
const clientOf = (username) => clients.find((client) => client.username === username);

async function signIn(on = page, token = TOKEN) {
  await on.page.getByLabel("Admin token").fill(token);
  await on.page.keyboard.press("Enter");
}
async function search(text) {
  await page.page.getByRole("searchbox", { name: "Search" }).fill(text);
}
const dialog = () => page.page.locator("dialog[open]").last();
const opened = (name) =>
  page
    .button(new RegExp(`^${name}`))
    .first()
    .click();

// From its last question in a room's drawer: back to the form, then out.
async function giveUpBroadcast() {
  await page.button("Cancel", dialog()).click();
  await page.box("Event").waitFor();
  await page.button("Cancel", dialog()).click();
  await page.page.locator("dialog.confirm").waitFor({ state: "detached" });
  await page.page.keyboard.press("Escape");
  await page.page.locator("dialog").waitFor({ state: "detached" });
}

function get(url, headers = {}, method = "GET") {
  const answer = new Promise((resolve, reject) => {
    const request = http.request(url, { headers, method }, (response) => {
      const parts = [];
      response
        .on("data", (part) => parts.push(part))
        .on("end", () => {
          resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) });
        });
    });
    request.on("error", reject).end();
  });
  return soon(answer, url);
}

// A test that failed leaves nothing open for the next.
afterEach(() =>
  page.until(() => {
    const dialogs = [...document.querySelectorAll("dialog")];
    dialogs.forEach((each) => each.close());
    return dialogs.length === 0;
  }),
);

describe("the files of the page", () => {
  it("come from the plugin, under a policy that forbids everything else", async () => {
    for (const [name, type] of [
      ["", "text/html"],
      ["app.js", "text/javascript"],
      ["style.css", "text/css"],
      ["icon.svg", "image/svg+xml"],
      ["lib/licences.txt", "text/plain"],
    ]) {
      const { status, headers, body } = await get(`${hub.url}/admin/${name}`);
      assert.equal(status, 200, name);
      assert.ok(headers["content-type"].startsWith(type), headers["content-type"]);
      assert.match(headers["content-security-policy"], /^default-src 'none'; script-src 'self'; style-src 'self'; /);
      assert.ok(!headers["content-security-policy"].includes("unsafe"));
      assert.equal(headers["x-content-type-options"], "nosniff");
      assert.equal(headers["cache-control"], name === "" ? "no-store" : "no-cache");
      for (const [coding, decode] of [
        ["br", brotliDecompressSync],
        ["gzip", gunzipSync],
      ]) {
        const packed = await get(`${hub.url}/admin/${name}`, { "Accept-Encoding": coding });
        assert.equal(packed.headers["content-encoding"], coding, name);
        assert.deepEqual(decode(packed.body), body);
      }
    }
  });

  it("are not sent again to who has them, and nothing else is there", async () => {
    const { headers } = await get(`${hub.url}/admin/app.js`);
    const again = await get(`${hub.url}/admin/app.js`, { "If-None-Match": headers.etag });
    assert.equal(again.status, 304);
    assert.equal(again.body.length, 0);
    const slashless = await get(`${hub.url}/admin`);
    assert.equal(slashless.status, 308);
    assert.equal(new URL(slashless.headers.location, `${hub.url}/admin`).pathname, "/admin/");
    for (const name of ["nothing.js", "../admin/../etc/passwd", "%2e%2e/x", "lib/", "config"]) {
      assert.equal((await get(`${hub.url}/admin/${name}`)).status, 404, name);
    }
    assert.equal((await get(`${hub.url}/admin/app.js`, {}, "POST")).status, 405);
    assert.equal((await get(`${hub.url}/admin/app.js`, {}, "HEAD")).body.length, 0);
  });
});

describe("signing in", () => {
  it("needs the token", async () => {
    await page.goto(`${hub.url}/admin/`);
    await page.page.getByLabel("Admin token").waitFor();
    await page.shoot("light-sign-in");
    assert.deepEqual(await page.faultsOfAccess(), [], "the sign-in page");
    await signIn(page, "not the token");
    await page.sees("does not take this token");
    for (const colorScheme of ["dark", "light"]) {
      await page.page.emulateMedia({ colorScheme });
      await page.until((scheme) => document.documentElement.dataset.theme === scheme, colorScheme);
      await page.shoot(`${colorScheme}-sign-in-refused`);
      assert.deepEqual(await page.faultsOfAccess(), [], `the sign-in page that refused, ${colorScheme}`);
    }
    assert.equal(await page.page.locator("nav").count(), 0);
    assert.equal(await page.page.evaluate(() => sessionStorage.length), 0);
    await signIn();
    await page.sees("Overview");
    await page.sees("Live");
    assert.ok(!page.page.url().includes("secret"));
  });

  it("lasts over a reload of the page, not into another tab", async () => {
    await page.page.reload();
    await page.page.locator("nav").waitFor();
    const other = await page.context.newPage();
    await other.goto(`${hub.url}/admin/`);
    await other.getByLabel("Admin token").waitFor();
    await other.close();
  });

  it("takes the token from a link, out of whose address it goes at once", async () => {
    const linked = await Page.open(browser, hub.url);
    await linked.goto(`${hub.url}/admin/#token=${encodeURIComponent(TOKEN)}`);
    await linked.page.locator("nav").waitFor();
    assert.ok(!linked.page.url().includes("token"), linked.page.url());
    linked.isClean();
    await linked.close();
  });
});

describe("with five hundred clients", () => {
  before(gather);

  it("the overview counts them, and draws", async () => {
    await page.show("overview");
    // They may be some figures old when they are first shown.
    await page.until(
      (wanted) => {
        const shown = [...document.querySelectorAll(".tile")].slice(0, 3).map((tile) => tile.innerText.replace(/\s+/g, " "));
        return wanted.every((text, i) => shown[i]?.toLowerCase().includes(text));
      },
      [`${CROWD + 1}`, `users ${CROWD}`, "rooms 21"],
    );
    await page.until(() => document.querySelectorAll(".chart canvas").length === 6);
    // Rates come with the next figures.
    await page.until(() => /^\d/.test(document.querySelector(".legend .value")?.textContent));
  });

  it("who comes and goes is told of", async () => {
    // That five hundred came at once was too much to be told; until it goes on, somebody joins one room after the other.
    const [talker] = clients;
    for (let n = 0; !(await page.page.getByText(`${talker.id} joined lobby-`).count()); ++n) {
      await talker.acked("join_room", `lobby-${n}`);
      await talker.acked("leave_room", `lobby-${n}`);
      assert.ok(n < 10_000, "nothing is told any more");
    }
    const guest = await Client.connect(hub);
    await page.sees(`${guest.id} connected from 127.0.0.1`);
    const { id } = guest;
    guest.close();
    await page.sees(`${id} disconnected`);
  });

  it("one of them is found by name, by id, and by room", async () => {
    await page.show("connections");
    await page.sees(`1–50 of ${CROWD + 1}`);
    await search("user-123");
    await page.sees(`1–1 of 1 found, ${CROWD + 1} in all`);
    assert.match((await page.column(0))[0], /^user-123\s/);
    await search(clientOf("user-321").id);
    await page.until(() => document.querySelector(".view tbody th")?.innerText.startsWith("user-321"));
    await search("");
    await page.page.getByRole("searchbox", { name: "In room" }).fill("room-10");
    await page.sees(`1–25 of 25 found`);
    await page.page.getByLabel("Transport").selectOption("polling");
    await page.until(() => {
      const rows = [...document.querySelectorAll(".view tbody tr")];
      const shown = /^1–(\d+) of \1 found/.exec(document.querySelector(".where").textContent);
      return Number(shown?.[1]) === rows.length && rows.every((row) => row.cells[3].innerText === "Polling");
    });
    await page.page.reload();
    assert.equal(await page.page.getByRole("searchbox", { name: "In room" }).inputValue(), "room-10", "forgotten by a reload");
    await page.button("Clear filters").click();
    await page.sees(`1–50 of ${CROWD + 1}`);
  });

  it("they are sorted and paged by the hub", async () => {
    await page.show("users");
    await page.sees(`of ${CROWD} found`);
    const names = async () => (await page.column(0)).map((text) => text.trim());
    assert.equal((await names())[0], HOSTILE); // "<" is before all letters
    assert.equal((await names())[1], "user-000");
    await page.button("User").click();
    await page.until(() => document.querySelector(".view tbody th").innerText.trim() === "user-498");
    assert.equal(await page.page.locator("th[aria-sort]").getAttribute("aria-sort"), "descending");
    await page.button("Next").click();
    await page.sees(`51–100 of ${CROWD}`);
    assert.equal((await names())[0], "user-448");
    await page.page.getByLabel("Rows on a page").selectOption("200");
    await page.sees(`1–200 of ${CROWD}`);
    assert.equal((await names()).length, 200);
  });

  it("one's story is told, and its hostile name is only text", async () => {
    await page.show("connections");
    await search("img src");
    await page.sees("1–1 of 1 found");
    await opened("<img");
    await page.sees("Took the name", dialog());
    await page.sees("Upgraded", dialog());
    assert.equal(await dialog().locator("h2").innerText(), HOSTILE);
    await page.sees("crowd/1.0", dialog());
    await page.sees(HOSTILE_ROOM, dialog().locator(".rooms"));
    await clientOf(HOSTILE).acked("ping");
    await page.sees("Sent ping", dialog());
    await page.shoot("light-story");
    assert.equal(await page.page.evaluate(() => globalThis.hacked), undefined);
    assert.equal(await page.page.locator(`img:not([src="icon.svg"])`).count(), 0);
  });

  it("a client is taken out of a room, once that is confirmed", async () => {
    await opened("<img");
    await page.button(`Take out of ${HOSTILE_ROOM}`).click();
    await page.button("Cancel", dialog()).click();
    await page.button(`Take out of ${HOSTILE_ROOM}`).click();
    await page.button("Take out", dialog()).click();
    await page.until(
      (room) => ![...document.querySelectorAll(".rooms bdi")].some((each) => each.textContent === room),
      HOSTILE_ROOM,
    );
    await hub.logged(/taken out of a room .*by="/);
    await page.page.keyboard.press("Escape");
  });

  it("a client is disconnected, once that is confirmed", async () => {
    await page.show("connections");
    await search("user-042");
    await page.sees("1–1 of 1 found");
    await page.button("Disconnect user-042").click();
    await page.sees("Disconnect this connection?", dialog());
    await page.shoot("light-confirm");
    await page.box(/^Reason/).fill("ä".repeat(101));
    await page.button("Disconnect", dialog()).click();
    await page.sees("The reason is too long: the hub takes 200 bytes, and it has 202.", dialog());
    assert.ok(clientOf("user-042").socket.connected);
    await page.box(/^Reason/).fill("enough of this");
    await page.button("Disconnect", dialog()).click();
    assert.equal(await clientOf("user-042").disconnected(), "io server disconnect");
    await page.sees("user-042 was disconnected.");
    await page.sees("No connections to show.");
    await hub.logged(/kicked sid=\S+ reason="enough of this" by="/);
  });

  it("stands in the closes then, with the reason", async () => {
    await page.show("closes");
    const first = page.page.locator(".view tbody tr").first();
    await page.sees("kicked: enough of this", first); // not what the view before says of the client
    assert.match(await first.innerText(), /user-042[\s\S]*kicked: enough of this[\s\S]*127\.0\.0\.1/i);
  });

  it("a broadcast reaches them all, once it is confirmed", async () => {
    await page.button("Broadcast").click();
    await page.box("Event").fill("news");
    await page.box("Arguments").fill('[1, {"text": ');
    await page.button("Continue", dialog()).click();
    await page.sees("The arguments are not JSON", dialog());
    await page.box("Arguments").fill(`["flash", {"n": 7}]`);
    await page.button("Continue", dialog()).click();
    await page.sees(/news goes to 500 connections/, dialog());
    await page.button("Send", dialog()).click();
    await page.sees("news was sent to 500 connections.");
    for (const client of clients) {
      if (client.username === "user-042") continue;
      const of = (entry) => entry[0] === "news";
      while (!client.inbox.some(of)) await client.holds(client.inbox.length + 1);
      assert.deepEqual(client.inbox.find(of), ["news", "flash", { n: 7 }]);
      client.inbox.length = 0;
    }
    await hub.logged(/broadcast event=news .*by="/);
  });

  it("a room shows its members, and is sent to alone", async () => {
    await page.show("rooms");
    await search("room-3");
    await page.sees("1–1 of 1 found");
    await opened("room-3");
    await page.sees("25 members in /", dialog());
    await page.button("Broadcast to the room", dialog()).click();
    await page.box("Event").fill("to the room");
    await page.button("Continue", dialog()).click();
    await page.sees(/to the room goes to 25 connections in the room room-3/, dialog());
    await page.button("Send", dialog()).click();
    await page.sees("to the room was sent to 25 connections.");
    await page.page.keyboard.press("Escape");
    await clientOf("user-003").gets(["to the room"]);
    assert.deepEqual(clientOf("user-004").inbox, []);
  });

  it("a plugin's new version is seen when it comes, and clients stay", async () => {
    await page.show("plugins");
    const card = page.page.locator(".plugin", { has: page.page.getByRole("heading", { name: "counter" }) });
    await page.sees("1.0.0", card);
    install("counter", counterOf(2));
    await page.sees("2.0.0", card);
    await page.sees("counter 2.0.0 was reloaded.");
    await page.button("Reload rooms").click();
    await page.button("Reload", dialog()).click();
    await page.sees(/^rooms \S+ was reloaded\.$/);
    await hub.logged(/reload plugin="rooms" by="/);
    assert.ok(clients.every((client) => client.socket.connected || client.username === "user-042"));
    const admin = page.page.locator(".plugin", { has: page.page.getByRole("heading", { name: "admin" }) });
    await admin.locator("summary", { hasText: "Settings" }).click();
    await page.sees("***", admin);
    assert.ok(!(await page.page.content()).includes(TOKEN));
  });

  it("a pause holds what is shown", async () => {
    await page.show("connections");
    await page.sees(`of ${CROWD}`);
    await page.button("Pause updates").click();
    const guest = await Client.connect(hub);
    await guest.acked("system:setData", { username: "late guest" });
    await page.until(() => document.querySelector(".state").textContent === "Live");
    assert.ok(!(await page.column(0)).some((text) => text.includes("late guest")));
    await page.button("Pause updates").click();
    await page.sees("late guest");
    guest.close();
  });
});

describe("for everybody", () => {
  for (const scheme of ["light", "dark"]) {
    it(`axe finds no serious fault in any view, ${scheme}`, async () => {
      await page.page.getByLabel("Colours").selectOption(scheme);
      for (const view of VIEWS) {
        await page.show(view);
        await page.page
          .locator(view === "overview" ? ".legend" : view === "plugins" ? ".plugin" : ".view tbody tr")
          .first()
          .waitFor();
        await page.shoot(`${scheme}-${view}`, { whole: view === "overview" || view === "plugins" });
        assert.deepEqual(await page.faultsOfAccess(), [], view);
      }
      await page.show("connections");
      await search("img src");
      await page.sees("1–1 of 1 found");
      await opened("<img");
      await page.sees("Took the name", dialog());
      if (scheme === "dark") await page.shoot("dark-story");
      assert.deepEqual(await page.faultsOfAccess(), [], "a story");
      await page.button("Disconnect", dialog()).click();
      await page.box(/^Reason/).waitFor();
      assert.deepEqual(await page.faultsOfAccess(), [], "a question");
      await page.page.keyboard.press("Escape");
      await page.page.keyboard.press("Escape");
      await page.button("Clear filters").click();
      await page.show("rooms");
      await search("room-3");
      await page.sees("1–1 of 1 found");
      await opened("room-3");
      await page.sees("25 members in /", dialog());
      await dialog().locator("tbody tr").first().waitFor();
      await page.shoot(`${scheme}-room`);
      assert.deepEqual(await page.faultsOfAccess(), [], "a room");
      await page.button("Broadcast to the room", dialog()).click();
      await page.box("Arguments").fill("{");
      await page.box("Event").fill("news");
      await page.button("Continue", dialog()).click();
      await page.sees("The arguments are not JSON", dialog());
      await page.shoot(`${scheme}-broadcast`);
      assert.deepEqual(await page.faultsOfAccess(), [], "a broadcast");
      await page.box("Arguments").fill("");
      await page.button("Continue", dialog()).click();
      await page.sees(/news goes to 25 connections/, dialog());
      assert.deepEqual(await page.faultsOfAccess(), [], "the question before a broadcast");
      await giveUpBroadcast();
      await search("");
    });
  }

  it("a phone is wide enough", async () => {
    await page.page.getByLabel("Colours").selectOption("light");
    await page.page.setViewportSize({ width: 360, height: 740 });
    for (const view of VIEWS) {
      await page.show(view);
      await page.page
        .locator(view === "overview" ? ".legend" : view === "plugins" ? ".plugin" : ".view tbody tr")
        .first()
        .waitFor();
      assert.deepEqual(await page.faultsOfAccess(), [], view);
      const { width, content } = await page.page.evaluate(() => ({
        width: innerWidth,
        content: document.documentElement.scrollWidth,
      }));
      assert.ok(content <= width, `${view} is ${content} wide`);
      await page.shoot(`phone-${view}`);
    }
    await page.show("connections");
    await page.page.locator(".view tbody tr").first().click();
    await page.sees("What happened", dialog());
    await page.shoot("phone-story");
    await page.page.keyboard.press("Escape");
    await page.page.setViewportSize({ width: 1366, height: 860 });
  });

  it("the keyboard alone is enough", async () => {
    await page.page.reload();
    await page.page.locator("nav").waitFor();
    const { keyboard } = page.page;
    const focused = () =>
      page.page.evaluate(() => (document.activeElement.getAttribute("aria-label") ?? document.activeElement.innerText).trim());
    const tabTo = async (wanted) => {
      const seen = [];
      for (let i = 0; i < 60; ++i) {
        await keyboard.press("Tab");
        seen.push(await focused());
        if (wanted.test(seen.at(-1))) return;
      }
      assert.fail(`the tab key does not reach ${wanted}, but ${seen.join(", ")}`);
    };
    await page.page.evaluate(() => document.activeElement.blur());
    await keyboard.press("Tab");
    assert.equal(await focused(), "Skip to the content");
    await tabTo(/^Users$/);
    await keyboard.press("Enter");
    await page.sees(`of ${CROWD - 1} found`);
    assert.equal(await focused(), "Users"); // the heading of the new view
    await keyboard.press("Control+k");
    await keyboard.type("user-007");
    await page.sees("1–1 of 1 found");
    await tabTo(/^user-007/);
    await keyboard.press("Enter");
    await page.sees("What happened", dialog());
    await tabTo(/^Disconnect$/);
    await keyboard.press("Enter");
    await page.sees("Disconnect this connection?", dialog());
    await keyboard.press("Escape");
    assert.equal(await focused(), "Disconnect");
    await keyboard.press("Escape");
    assert.match(await focused(), /^user-007/, "the focus is not where it was");
    assert.ok(clientOf("user-007").socket.connected);
  });
});

describe("when the hub goes", () => {
  it("the page says so, comes back by itself, and says that too", async () => {
    await page.show("rooms");
    await search("room-3");
    await page.sees("1–1 of 1 found");
    await opened("room-3");
    await page.button("Broadcast to the room", dialog()).click();
    await page.box("Event").fill("about to be sent");
    page.isHubAway = true;
    const port = hub.port;
    await hub.stop();
    for (const client of clients) client.close();
    await page.sees("The connection to the hub was lost. Reconnecting…");
    await page.shoot("light-reconnecting");
    // What somebody was about to send is not lost, and they are told that it cannot go.
    await page.button("Continue", dialog()).click();
    await page.sees("There is no connection to the hub.", dialog());
    assert.equal(await page.box("Event").inputValue(), "about to be sent");
    hub = await startHub({ set: settings(port) });
    await page.sees("Reconnected.");
    await page.sees("The hub was restarted.");
    await page.button("Continue", dialog()).click();
    await page.sees(/about to be sent goes to 0 connections/, dialog());
    await giveUpBroadcast();
    await page.show("overview");
    await page.until(() => document.querySelector(".tile .value").textContent === "1");
    await page.until(() => document.querySelector(".banner.bad").hidden);
    page.isHubAway = false;
  });

  it("another token makes it ask again", async () => {
    const port = hub.port;
    page.isHubAway = true;
    await hub.stop();
    await page.sees("Reconnecting…");
    hub = await startHub({ set: { ...settings(port), "plugin.admin.token": "another" } });
    await page.sees("does not take this token any more");
    page.isHubAway = false;
    await signIn(page, "another");
    await page.sees("Live");
    await page.button("Sign out").click();
    await page.page.getByLabel("Admin token").waitFor();
    assert.equal(await page.page.evaluate(() => sessionStorage.length), 0);
  });
});

describe("all the while", () => {
  it("nothing was blocked, nothing failed, and nobody else was asked", () => page.isClean());
});
