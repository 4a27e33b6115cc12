// The page: signs in, keeps the line to the hub, and shows one view at a time.
import { h, icon, select, setText } from "./dom.js";
import { announce, notice } from "./dialogs.js";
import { broadcast } from "./actions.js";
import { parseTime } from "./format.js";
import { History } from "./history.js";
import { Hub } from "./hub.js";
import { Poller } from "./poller.js";
import { closes } from "./views/closes.js";
import { connections, users } from "./views/connections.js";
import { login } from "./views/login.js";
import { openRoom } from "./views/room.js";
import { openSession } from "./views/session.js";
import { overview } from "./views/overview.js";
import { plugins } from "./views/plugins.js";
import { rooms } from "./views/rooms.js";

const TOKEN_KEY = "wshub.token";
const STATES = {
  connecting: ["Connecting…", "wait"],
  live: ["Live", "good"],
  lost: ["Reconnecting…", "bad"],
  ended: ["Disconnected", "bad"],
  off: ["Signed out", "wait"],
};

class App {
  stats = null;
  isPaused = false;
  history = new History();
  #pollers = new Set();
  #offset = 0; // of the hub's clock, in milliseconds
  #complaint = "";

  constructor(config) {
    this.config = config;
    this.hub = new Hub(config);
    this.root = document.getElementById("app");
    this.hub.addEventListener("state", () => this.#showState());
    this.hub.addEventListener("forbidden", () => this.#signOut("The hub does not take this token any more."));
    this.hub.listen("admin:stats", (stats) => this.#takeStats(stats));
  }

  // ---- what views use

  // Milliseconds since 1970, by the hub's clock.
  now() {
    return Date.now() + this.#offset;
  }
  namespaces() {
    return (this.stats?.namespaces ?? []).map(({ name }) => name);
  }
  poller(options) {
    return new Poller({
      failed: (error) => this.failed(error),
      ...options,
      isAllowed: () => !this.isPaused && !document.hidden && this.hub.state === "live",
      running: this.#pollers,
    });
  }
  // An answer that did not come. The state of the line is shown anyway; of what repeats itself, once is enough.
  failed(error) {
    if (error.code === "OFFLINE") return;
    if (error.code === "FORBIDDEN") return this.#signOut("The hub does not take this token any more.");
    if (error.message !== this.#complaint) notice(error.message, "bad");
    this.#complaint = error.message;
  }
  // The view's own part of the address.
  remember(parameters) {
    const text = new URLSearchParams(parameters).toString();
    history.replaceState(null, "", `#/${this.view.id}${text && `?${text}`}`);
  }
  openSession(sid) {
    this.#open(() => openSession(this, sid));
  }
  openRoom(namespace, name) {
    this.#open(() => openRoom(this, namespace, name));
  }
  // One drawer at a time.
  #open(make) {
    this.drawer?.close();
    this.drawer = make();
  }

  // ---- signing in

  async start() {
    const token = takeToken();
    if (!token && this.config.needs_token) return this.#askForToken();
    try {
      await this.#signIn(token);
    } catch (error) {
      if (error.code === "OFFLINE" || error.code === "TIMEOUT") {
        this.root.replaceChildren(h("main", { class: "login", id: "main" }, h("p", {}, "The hub cannot be reached. Trying again…")));
        return void setTimeout(() => this.start(), 2000);
      }
      forgetToken();
      this.#askForToken(token ? "The hub does not take this token for an admin's." : "");
    }
  }

  #askForToken(why = "") {
    const form = login((token) => this.#signIn(token));
    document.title = "Sign in – wshub";
    this.root.replaceChildren(form.element);
    form.say(why);
    form.focus();
  }

  async #signIn(token) {
    const stats = await this.hub.connect(token);
    if (token) keepToken(token);
    this.#takeStats(stats);
    this.#showShell();
  }

  #signOut(why = "") {
    if (!this.shell) return;
    this.view?.stop();
    this.view = null;
    for (const dialog of document.querySelectorAll("dialog")) dialog.close();
    this.shell = null;
    this.hub.leave();
    forgetToken();
    this.#askForToken(why);
  }

  // ---- the line

  #takeStats(stats) {
    const before = this.stats;
    this.stats = stats;
    this.#complaint = "";
    this.#offset = parseTime(stats.time) - Date.now() || 0;
    this.history.add(stats);
    if (before && before.started !== stats.started) notice("The hub was restarted.", "plain");
    if (this.version) setText(this.version, `wshub ${stats.version}`);
    if (this.draining) this.draining.hidden = !stats.draining;
    if (!this.isPaused) this.view?.onStats?.();
  }

  #showState() {
    const { state } = this.hub;
    if (!this.shell) return;
    const [text, kind] = STATES[state];
    setText(this.state, text);
    this.state.className = `state ${kind}`;
    const isAway = state === "lost" || state === "ended";
    this.banner.hidden = !isAway;
    document.body.classList.toggle("away", isAway);
    setText(this.bannerText, state === "ended" ? "The hub has closed this page's connection." : "The connection to the hub was lost. Reconnecting… What is shown may be out of date.");
    this.again.hidden = state !== "ended";
    if (isAway) {
      this.wasAway = true;
      this.history.gap();
    }
    if (state === "live" && this.wasAway) {
      this.wasAway = false;
      notice("Reconnected.", "good");
      for (const poller of this.#pollers) poller.now();
    }
  }

  // ---- the frame around the views

  #showShell() {
    const views = [overview(this), connections(this), users(this), rooms(this), plugins(this), closes(this)];
    this.views = new Map(views.map((view) => [view.id, view]));
    this.links = new Map(
      views.map(({ id, title, icon: sign }) => [id, h("a", { href: `#/${id}` }, icon(sign), h("span", {}, title))]),
    );
    this.title = h("h1", { tabindex: "-1" });
    this.place = h("div", { class: "view" });
    this.state = h("span", { class: "state" });
    this.bannerText = h("span");
    this.again = h("button", { type: "button", class: "small", onclick: () => this.hub.resume() }, "Connect again");
    this.banner = h("div", { class: "banner bad", role: "status", hidden: true }, this.bannerText, this.again);
    this.draining = h("div", { class: "banner", role: "status", hidden: true }, "The hub is draining: it takes no new clients, and sends those it has elsewhere.");
    this.version = h("span", { class: "version" }, `wshub ${this.stats.version}`);
    const pauseText = h("span", {}, "Pause");
    const pauseIcon = h("span", { class: "icon-place" }, icon("pause"));
    const pause = h(
      "button",
      {
        type: "button",
        "aria-pressed": "false",
        "aria-label": "Pause updates",
        onclick: () => {
          this.isPaused = !this.isPaused;
          pause.setAttribute("aria-pressed", String(this.isPaused));
          setText(pauseText, this.isPaused ? "Paused" : "Pause");
          pauseIcon.replaceChildren(icon(this.isPaused ? "play" : "pause"));
          document.body.classList.toggle("paused", this.isPaused);
          announce(this.isPaused ? "Updates are paused." : "Updates go on.");
          if (!this.isPaused) {
            this.view.onStats?.();
            for (const poller of this.#pollers) poller.now();
          }
        },
      },
      pauseIcon,
      pauseText,
    );
    const theme = select([["auto", "Auto"], ["light", "Light"], ["dark", "Dark"]], wshubTheme.choice, (choice) => {
      wshubTheme.choice = choice;
    });
    theme.setAttribute("aria-label", "Colours");
    this.shell = h(
      "div",
      { class: "shell" },
      h(
        "header",
        { class: "side" },
        h("a", { class: "brand", href: "#/overview" }, h("img", { src: "icon.svg", alt: "", width: "26", height: "26" }), "wshub"),
        h("nav", { "aria-label": "Views" }, [...this.links.values()]),
        h(
          "div",
          { class: "foot" },
          theme,
          this.config.needs_token && h("button", { type: "button", class: "small", onclick: () => this.#signOut() }, icon("closes"), "Sign out"),
          h("p", {}, this.version, " ", h("a", { href: "lib/licences.txt", target: "_blank", rel: "noopener" }, "Licences")),
        ),
      ),
      h(
        "main",
        { id: "main", tabindex: "-1" },
        h(
          "div",
          { class: "top" },
          this.title,
          this.state,
          h("span", { class: "spring" }),
          pause,
          h("button", { type: "button", class: "primary", onclick: () => broadcast(this).catch((error) => this.failed(error)) }, icon("broadcast"), h("span", {}, "Broadcast")),
        ),
        this.banner,
        this.draining,
        this.place,
      ),
    );
    const cameByForm = this.root.contains(document.activeElement);
    this.root.replaceChildren(this.shell);
    this.#showState();
    this.#route();
    if (cameByForm) this.title.focus();
  }

  #route() {
    if (!this.shell) return;
    const [id, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
    const view = this.views.get(id) ?? this.views.get("overview");
    if (view === this.view) return;
    this.view?.stop();
    this.drawer?.close();
    this.view = view;
    for (const [name, link] of this.links) {
      if (name === view.id) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    setText(this.title, view.title);
    document.title = `${view.title} – wshub`;
    this.place.replaceChildren(view.element);
    view.start(Object.fromEntries(new URLSearchParams(query)));
  }

  listen() {
    addEventListener("hashchange", () => {
      const before = this.view;
      this.#route();
      if (this.view !== before) this.title.focus();
    });
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) for (const poller of this.#pollers) poller.soon(0);
    });
    addEventListener("keydown", (event) => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || !this.view?.search) return;
      event.preventDefault();
      this.view.search.focus();
      this.view.search.select();
    });
    document.getElementById("skip").addEventListener("click", (event) => {
      event.preventDefault(); // the address is the view's
      document.getElementById("main")?.focus();
    });
  }
}

// ---- the token, which lives as long as this tab, and in no address

function takeToken() {
  const given = /^#token=(.+)$/.exec(location.hash);
  if (given) {
    history.replaceState(null, "", location.pathname);
    keepToken(decodeURIComponent(given[1]));
  }
  try {
    return sessionStorage.getItem(TOKEN_KEY) ?? "";
  } catch {
    return given ? decodeURIComponent(given[1]) : "";
  }
}
function keepToken(token) {
  try {
    sessionStorage.setItem(TOKEN_KEY, token);
  } catch {
    // Storage may be forbidden: then a reload of the page asks again.
  }
}
function forgetToken() {
  try {
    sessionStorage.removeItem(TOKEN_KEY);
  } catch {
    // nothing was kept
  }
}

// The hub may have gone since it sent this page.
async function readConfig() {
  for (;;) {
    try {
      return await (await fetch("config.json")).json();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 2000));
    }
  }
}

const app = new App(await readConfig());
app.listen();
await app.start();
