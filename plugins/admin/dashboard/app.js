// The page: signs in, keeps the line to the hub, and shows one view at a time in its frame.
import { h } from "./dom.js";
import { announce, notice } from "./dialogs.js";
import { broadcast } from "./actions.js";
import { parseTime } from "./format.js";
import { Frame } from "./frame.js";
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
        this.root.replaceChildren(
          h("main", { class: "login", id: "main" }, h("p", {}, "The hub cannot be reached. Trying again…")),
        );
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
    this.#showViews();
  }

  #signOut(why = "") {
    if (!this.frame) return;
    this.view?.stop();
    this.view = null;
    for (const dialog of document.querySelectorAll("dialog")) dialog.close();
    this.frame = null;
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
    this.frame?.showStats(stats);
    if (!this.isPaused) this.view?.onStats?.();
  }

  #showState() {
    const { state } = this.hub;
    if (!this.frame) return;
    this.frame.showState(state);
    const isAway = state === "lost" || state === "ended";
    if (isAway) {
      this.wasAway = true;
      this.history.gap();
    }
    if (state === "live" && this.wasAway) {
      this.wasAway = false;
      notice("Reconnected.", "good");
      this.#askAgain();
    }
  }

  // ---- views

  #showViews() {
    this.views ??= new Map(
      [overview, connections, users, rooms, plugins, closes].map((make) => make(this)).map((view) => [view.id, view]),
    );
    this.isPaused = false;
    this.frame = new Frame([...this.views.values()], {
      mayLeave: this.config.needs_token,
      onLeave: () => this.#signOut(),
      onPause: (isPaused) => this.#pause(isPaused),
      onBroadcast: () => broadcast(this),
      onResume: () => this.hub.resume(),
    });
    this.frame.showStats(this.stats);
    const cameByForm = this.root.contains(document.activeElement);
    this.root.replaceChildren(this.frame.element);
    this.#showState();
    this.#route();
    if (cameByForm) this.frame.title.focus();
  }

  #pause(isPaused) {
    this.isPaused = isPaused;
    announce(isPaused ? "Updates are paused." : "Updates go on.");
    if (isPaused) return;
    this.view.onStats?.();
    this.#askAgain();
  }
  #askAgain() {
    for (const poller of this.#pollers) poller.now();
  }

  #route() {
    if (!this.frame) return;
    const [id, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
    const view = this.views.get(id) ?? this.views.get("overview");
    if (view === this.view) return;
    this.view?.stop();
    this.drawer?.close();
    this.view = view;
    this.frame.showView(view);
    view.start(Object.fromEntries(new URLSearchParams(query)));
  }

  listen() {
    addEventListener("hashchange", () => {
      const before = this.view;
      this.#route();
      if (this.view !== before) this.frame.title.focus();
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
  const given = location.hash.startsWith("#token=") ? decoded(location.hash.slice("#token=".length)) : "";
  if (given) {
    history.replaceState(null, "", location.pathname);
    keepToken(given);
  }
  try {
    return sessionStorage.getItem(TOKEN_KEY) ?? given;
  } catch {
    return given;
  }
}
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a token may have a % in it
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
