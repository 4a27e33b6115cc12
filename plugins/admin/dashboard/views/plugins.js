// The plugins: how they are, what they handle, how they are set, and when they were loaded.
import { h, icon, scroller, setChildren, setText } from "../dom.js";
import { notice } from "../dialogs.js";
import { reload } from "../actions.js";
import * as format from "../format.js";

const KINDS = { running: "good", quarantined: "bad", failed: "bad", disabled: "off" };

export function plugins(app) {
  const cards = new Map(); // by the name
  const list = h("div", { class: "plugins" });
  const empty = h("p", { class: "empty", hidden: true }, "The hub knows no plugins.");
  const poller = app.poller({
    every: 2000,
    ask: () => app.hub.ask("plugins"),
    show: ({ items }) => {
      const shown = items.map((plugin) => {
        const card = cards.get(plugin.name) ?? new Card(app, plugin.name, () => poller.now());
        cards.set(plugin.name, card);
        card.show(plugin);
        return card.element;
      });
      for (const name of cards.keys()) if (!items.some((plugin) => plugin.name === name)) cards.delete(name);
      setChildren(list, shown);
      empty.hidden = items.length > 0;
    },
  });

  return {
    id: "plugins",
    title: "Plugins",
    icon: "plugins",
    element: h(
      "div",
      {},
      h(
        "div",
        { class: "bar" },
        h("p", { class: "note" }, "What runs in the hub. A reload keeps clients connected."),
        h("span", { class: "spring" }),
        h(
          "button",
          { type: "button", onclick: async () => (await reload(app, null)) && poller.now() },
          icon("reload"),
          "Reload all",
        ),
      ),
      list,
      empty,
    ),
    start: () => poller.start(),
    stop: () => poller.stop(),
    refresh: () => poller.now(),
  };
}

class Card {
  constructor(app, name, refresh) {
    this.app = app;
    this.version = h("span", { class: "version" });
    this.state = h("span", { class: "badge" });
    this.reason = h("p", { class: "error", hidden: true });
    this.facts = h("dl", { class: "facts" });
    this.events = h("ul", { class: "chips" });
    this.settings = h("tbody");
    this.eventsTitle = h("summary");
    this.settingsTitle = h("summary");
    this.reload = h(
      "button",
      {
        type: "button",
        class: "small",
        "aria-label": `Reload ${name}`,
        onclick: async () => (await reload(app, name)) && refresh(),
      },
      icon("reload"),
      "Reload",
    );
    this.eventsPart = h("details", {}, this.eventsTitle, this.events);
    this.settingsPart = h(
      "details",
      {},
      this.settingsTitle,
      scroller(
        `Settings of ${name}`,
        h(
          "table",
          {},
          h("caption", { class: "unseen" }, `Settings of ${name}`),
          h(
            "thead",
            {},
            h(
              "tr",
              {},
              ["Setting", "Value", "Default"].map((title) => h("th", { scope: "col" }, title)),
            ),
          ),
          this.settings,
        ),
      ),
    );
    this.element = h(
      "article",
      { class: "panel plugin" },
      h("header", {}, h("h2", {}, h("bdi", {}, name)), this.version, this.state, h("span", { class: "spring" }), this.reload),
      this.reason,
      this.facts,
      this.eventsPart,
      this.settingsPart,
    );
  }

  show(plugin) {
    this.#tellOfReload(plugin);
    setText(this.version, plugin.version ?? "");
    setText(this.state, plugin.state);
    this.state.className = `badge ${KINDS[plugin.state] ?? ""}`;
    setText(this.reason, plugin.reason ?? "");
    this.reason.hidden = !plugin.reason;
    this.reload.hidden = plugin.state === "disabled" || plugin.state === "failed";
    const text = JSON.stringify([plugin, dayOf(this.app)]);
    if (text === this.shown) return;
    this.shown = text;
    this.#details(plugin);
  }

  #details(plugin) {
    const last = plugin.last_reload;
    const facts = [
      ["Loaded", plugin.loaded ? format.shortTime(plugin.loaded, this.app.now()) : format.NONE],
      ["Reloads", format.count(plugin.reloads)],
      [
        "Last reload",
        last
          ? `${format.words(last.outcome)}, ${format.shortTime(last.time, this.app.now())}${last.reason ? `: ${last.reason}` : ""}`
          : "none",
      ],
      ["Errors", format.count(plugin.errors), plugin.errors > 0 && "bad"],
      ["Slow calls", format.count(plugin.slow), plugin.slow > 0 && "warn"],
      ["Namespaces", (plugin.namespaces ?? []).join(", ") || format.NONE],
      ["File", plugin.file, "long"],
    ];
    setChildren(
      this.facts,
      facts.map(([name, value, kind]) =>
        h(
          "div",
          { class: kind === "long" ? kind : null },
          h("dt", {}, name),
          h("dd", { class: kind || null }, h("bdi", {}, value)),
        ),
      ),
    );
    const events = plugin.events ?? [];
    setText(this.eventsTitle, `Events (${events.length})`);
    this.eventsPart.hidden = events.length === 0;
    setChildren(
      this.events,
      events.map((event) => h("li", {}, h("code", {}, event))),
    );
    const settings = plugin.settings ?? [];
    setText(this.settingsTitle, `Settings (${settings.length})`);
    this.settingsPart.hidden = settings.length === 0;
    setChildren(this.settings, settings.map(settingRow));
  }

  // A reload seen while somebody looks, whoever asked for it.
  #tellOfReload({ name, version, last_reload: last }) {
    const time = last?.time ?? null;
    if (this.lastReload !== undefined && time !== this.lastReload) {
      const good = last.outcome === "done";
      const now = version ? `${name} ${version}` : name;
      notice(
        good ? `${now} was reloaded.` : `${name}: ${format.words(last.outcome)}${last.reason ? `: ${last.reason}` : ""}`,
        good ? "good" : "bad",
      );
    }
    this.lastReload = time;
  }
}

// Times of day become dates at midnight.
const dayOf = (app) => new Date(app.now()).toDateString();

function settingRow({ key, value, default: otherwise, description }) {
  const shown = (text) => (text === "" ? h("span", { class: "nobody" }, "empty") : h("code", {}, text));
  return h(
    "tr",
    { class: value === otherwise ? null : "changed" },
    h("th", { scope: "row" }, h("code", {}, key), h("p", { class: "hint" }, description)),
    h("td", {}, shown(value), value !== otherwise && h("span", { class: "badge" }, "changed")),
    h("td", {}, shown(otherwise)),
  );
}
