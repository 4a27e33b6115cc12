// Chromium, and a page in it that remembers everything it should not have done.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { chromium } from "playwright-core";
import { BUILD } from "./hub.mjs";

const CHROMIUM = process.env.WSHUB_CHROMIUM ?? "/usr/bin/chromium"; // Debian's package chromium
const ARGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
export const SCREENSHOTS = path.join(BUILD, "screenshots");
export const PATIENCE = Number(process.env.WSHUB_E2E_PATIENCE ?? 20_000);
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const startBrowser = () => chromium.launch({ executablePath: CHROMIUM, args: ARGS });

export class Page {
  // A browser context of its own: nothing is stored in it yet. `origin`: from where alone it may load anything.
  static async open(browser, origin, options = {}) {
    const context = await browser.newContext({
      viewport: { width: 1366, height: 860 },
      colorScheme: "light",
      reducedMotion: "reduce",
      ...options,
    });
    const page = new Page();
    page.context = context;
    page.page = await context.newPage();
    page.page.setDefaultTimeout(PATIENCE);
    page.#watch(origin);
    await page.page.addInitScript(() => {
      addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
        console.error(`CSP: ${violatedDirective} ${blockedURI}`);
      });
    });
    return page;
  }

  faults = []; // errors and warnings of the console, exceptions, requests to elsewhere
  isHubAway = false; // then requests may fail
  socket = null; // the last WebSocket that was opened

  #watch(origin) {
    const host = new URL(origin).host;
    const page = this.page;
    page.on("console", (message) => {
      if (!["error", "warning"].includes(message.type())) return;
      if (
        this.isHubAway &&
        /ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|503|WebSocket connection/.test(message.text())
      )
        return;
      this.faults.push(`console: ${message.text()}`);
    });
    page.on("pageerror", (error) => this.faults.push(`exception: ${error.stack}`));
    page.on("websocket", (socket) => (this.socket = socket));
    for (const event of ["request", "websocket"]) {
      page.on(event, (request) => {
        const url = new URL(request.url());
        if (url.protocol !== "data:" && url.host !== host) this.faults.push(`${event} to ${url}`);
        if (/secret|token=/i.test(url.search)) this.faults.push(`a token in ${url}`);
      });
    }
  }
  isClean() {
    assert.deepEqual(this.faults, []);
  }

  goto(url) {
    return this.page.goto(url);
  }
  // By what is read to those who cannot see it.
  button(name, within = this.page) {
    return within.getByRole("button", { name, exact: typeof name === "string" });
  }
  box(name, within = this.page) {
    return within.getByRole("textbox", { name, exact: typeof name === "string" });
  }
  // Ends when the text stands somewhere that can be seen.
  sees(text, within = this.page) {
    return within.getByText(text).first().waitFor({ state: "visible" });
  }
  // Ends when `condition`, which runs in the page, holds; what it gives.
  async until(condition, argument) {
    return (await this.page.waitForFunction(condition, argument, { polling: 50 })).jsonValue();
  }
  async show(view) {
    await this.page.locator(`nav a[href="#/${view}"]`).click();
    await this.page.locator("h1", { hasText: new RegExp(`^${view}$`, "i") }).waitFor();
  }
  // The texts of a column's cells, from 0.
  column(number) {
    return this.page.locator(`.view tbody tr > :nth-child(${number + 1})`).allInnerTexts();
  }

  async shoot(name, { whole = false } = {}) {
    mkdirSync(SCREENSHOTS, { recursive: true });
    await this.page.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`), fullPage: whole });
  }

  // What axe-core finds of serious and critical faults, here and now.
  async faultsOfAccess() {
    await this.page.evaluate(AXE);
    const { violations } = await this.page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id} at ${target}: ${failureSummary}`));
  }

  close() {
    return this.context.close();
  }
}
