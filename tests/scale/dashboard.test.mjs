// The dashboard with ten thousand clients, half of them in rooms that they talk in: its lists come at once, and the hub does
// not suffer from being watched. WSHUB_CLIENTS sets how many.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { Page, startBrowser } from "../e2e/support/browser.mjs";
import { Client } from "../e2e/support/clients.mjs";
import { BUILD, startHub } from "../e2e/support/hub.mjs";

const CLIENTS = Number(process.env.WSHUB_CLIENTS ?? 10_000);
const ROOMS = 500;
const TOKEN = "the admin's own secret";
const AT_ONCE = 2000; // milliseconds that a person waits without wondering

const settings = (port = 0) => ({
  "server.port": port,
  "plugins.enabled": "messaging, rooms, users, heartbeat, admin",
  "plugin.heartbeat.interval": 0,
  "plugin.admin.token": TOKEN,
  "limits.events_per_second": 0,
  "limits.bytes_per_second": 0,
  "log.level": "warn",
});

let hub, browser, page, load, receiver;
// Everybody comes, and is counted by the page.
async function gather() {
  const args = ["rooms", "--port", hub.port, "--clients", CLIENTS, "--rooms", ROOMS, "--rate", 200, "--seconds", 120, "--quiet"];
  load = spawn(path.join(BUILD, "bin/wshub_load"), args.map(String), { stdio: ["ignore", "inherit", "inherit"] });
  load.ended = new Promise((resolve) => load.on("close", resolve));
  await page.page.waitForFunction(
    (most) => Number(document.querySelector(".tile .value").textContent.replaceAll(",", "")) >= most,
    CLIENTS,
    { timeout: 120_000, polling: 500 },
  );
}
before(async () => {
  hub = await startHub({ set: settings() });
  browser = await startBrowser();
  page = await Page.open(browser, hub.url);
  await page.goto(`${hub.url}/admin/#token=${encodeURIComponent(TOKEN)}`);
  await page.page.locator("nav").waitFor();
  await gather();
});
after(async () => {
  receiver?.close();
  load?.kill("SIGTERM");
  await load?.ended;
  await browser?.close();
  await hub?.stop();
});

const timed = async (work) => {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
};
const search = (text) => page.page.getByRole("searchbox", { name: "Search" }).fill(text);
const dialog = () => page.page.locator("dialog[open]").last();
const inTime = (took) => assert.ok(took < AT_ONCE, `it took ${Math.round(took)} ms`);

describe(`with ${CLIENTS} clients`, () => {
  it("lists, sorts and pages them at once", async () => {
    inTime(
      await timed(async () => {
        await page.show("connections");
        await page.sees(/^1–50 of [\d,]+$/);
      }),
    );
    for (const column of ["Connection", "Address", "In", "Waiting", "Latency"]) {
      inTime(
        await timed(async () => {
          const answer = page.socket.waitForEvent("framereceived", ({ payload }) => String(payload).includes('"matched":'));
          await page.button(column).click();
          await answer;
          await page.page.locator("th[aria-sort]", { hasText: column }).waitFor();
        }),
      );
    }
    inTime(
      await timed(async () => {
        await page.button("Next").click();
        await page.sees(/^51–100 of /);
      }),
    );
  });

  it("finds one of them, tells its story, and disconnects it", async () => {
    const needle = await Client.connect(hub);
    await needle.acked("system:setData", { username: "the needle" });
    await search("needle");
    inTime(await timed(() => page.sees(/^1–1 of 1 found, /)));
    await page.button(/^the needle/).click();
    await page.sees("Took the name the needle");
    await page.page.keyboard.press("Escape");
    await page.button("Disconnect the needle").click();
    await page.button("Disconnect", page.page.locator("dialog[open]")).click();
    assert.equal(await needle.disconnected(), "io server disconnect");
    await page.sees("No connections to show.");
  });

  it("shows a room with its members", async () => {
    await page.show("rooms");
    await page.sees(new RegExp(`^1–50 of ${ROOMS}$`));
    inTime(
      await timed(async () => {
        await page.page.locator(".view tbody button.open").first().click();
        await page.sees(/^\d+ members in \/$/);
      }),
    );
    await page.page.keyboard.press("Escape");
  });

  it("keeps what the browser is sent small, and the hub's loops on time", async () => {
    await page.show("overview");
    await page.until(() => /^\d/.test(document.querySelector(".legend .value").textContent)); // the next figures have come
    await page.sees("each change is not shown by itself");
    const { lag, nodes, heap } = await page.page.evaluate(() => ({
      lag: document.querySelectorAll(".chart .legend .value")[8].textContent,
      nodes: document.querySelectorAll("*").length,
      heap: performance.memory.usedJSHeapSize,
    }));
    assert.match(lag, /^\d+(\.\d+)?\u202f(µs|ms)$/); // not seconds
    assert.ok(Number.parseFloat(lag) < 200 || lag.endsWith("µs"), lag);
    assert.ok(nodes < 2000 && heap < 60e6, `${nodes} elements, ${heap} bytes`);
    await page.shoot("scale-overview", { whole: true });
    page.isClean();
  });

  it("sends a broadcast to all of them", async () => {
    receiver = await Client.connect(hub);
    await page.button("Broadcast").click();
    await page.box("Event").fill("news");
    await page.box("Arguments").fill('["flash"]');
    await page.button("Continue", dialog()).click();
    await page.sees(/^news goes to [\d,]+ connections\.$/, dialog());
    const told = Number(/goes to ([\d,]+)/.exec(await dialog().innerText())[1].replaceAll(",", ""));
    assert.ok(told >= CLIENTS + 2, `${told} of ${CLIENTS}, the page and one more`);
    await page.button("Send", dialog()).click();
    await page.sees(/^news was sent to [\d,]+ connections\.$/);
    let got;
    do got = await receiver.next("the broadcast");
    while (got[0] !== "news"); // system:stats came with it
    assert.deepEqual(got, ["news", "flash"]);
  });

  it("reloads a plugin while they talk, and none of them goes", async () => {
    const ended = async () => (await (await fetch(`${hub.url}/metrics`)).text()).match(/^wshub_session_closes_total\{.*$/gm);
    const before = await ended();
    await page.show("plugins");
    await page.button("Reload rooms").click();
    await page.button("Reload", dialog()).click();
    await page.sees(/^rooms \S+ was reloaded\.$/);
    assert.deepEqual(await ended(), before);
  });

  it("lets nobody in with a wrong token", async () => {
    const stranger = await Page.open(browser, hub.url);
    await stranger.goto(`${hub.url}/admin/`);
    await stranger.page.getByLabel("Admin token").fill("not the token");
    await stranger.page.keyboard.press("Enter");
    await stranger.sees("does not take this token");
    assert.equal(await stranger.page.locator("nav").count(), 0);
    stranger.isClean();
    await stranger.close();
  });

  // The load generator's clients do not come back by themselves, as those of a browser do: it is started anew.
  it("comes back after a restart, and counts as many again", async () => {
    page.isHubAway = true;
    receiver.close();
    load.kill("SIGTERM");
    await load.ended;
    const { port } = hub;
    await hub.stop();
    await page.sees("The connection to the hub was lost. Reconnecting…");
    hub = await startHub({ set: settings(port) });
    await page.sees("Reconnected.");
    await page.sees("The hub was restarted.");
    page.isHubAway = false;
    await page.show("overview");
    await gather();
    await page.show("connections");
    await page.sees(/^1–50 of [\d,]+$/);
    page.isClean();
  });
});
