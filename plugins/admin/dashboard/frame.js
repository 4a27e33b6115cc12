// What stands around the views: where one can go, how the line to the hub is, and what can be done everywhere.
import { h, icon, select, setText } from "./dom.js";

const STATES = {
  connecting: ["Connecting…", "wait"],
  live: ["Live", "good"],
  lost: ["Reconnecting…", "bad"],
  ended: ["Disconnected", "bad"],
  off: ["Signed out", "wait"],
};
const AWAY = {
  lost: "The connection to the hub was lost. Reconnecting… What is shown may be out of date.",
  ended: "The hub has closed this page's connection.",
};

export class Frame {
  // views: {id, title, icon, element}. mayLeave: whether somebody signed in, who can sign out.
  constructor(views, { mayLeave, onLeave, onPause, onBroadcast, onResume }) {
    this.links = new Map(
      views.map(({ id, title, icon: sign }) => [id, h("a", { href: `#/${id}` }, icon(sign), h("span", {}, title))]),
    );
    this.title = h("h1", { tabindex: "-1" });
    this.place = h("div", { class: "view" });
    this.state = h("span", { class: "state" });
    this.version = h("span", { class: "version" });
    this.bannerText = h("span");
    this.again = h("button", { type: "button", class: "small", onclick: onResume }, "Connect again");
    this.banner = h("div", { class: "banner bad", role: "status", hidden: true }, this.bannerText, this.again);
    this.draining = h(
      "div",
      { class: "banner", role: "status", hidden: true },
      "The hub is draining: it takes no new clients, and sends those it has elsewhere.",
    );
    this.element = h(
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
          themeChoice(),
          mayLeave && h("button", { type: "button", class: "small", onclick: onLeave }, icon("closes"), "Sign out"),
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
          pauseButton(onPause),
          h("button", { type: "button", class: "primary", onclick: onBroadcast }, icon("broadcast"), h("span", {}, "Broadcast")),
        ),
        this.banner,
        this.draining,
        this.place,
      ),
    );
  }

  // As in Hub.
  showState(state) {
    const [text, kind] = STATES[state];
    setText(this.state, text);
    this.state.className = `state ${kind}`;
    setText(this.bannerText, AWAY[state] ?? "");
    this.banner.hidden = !(state in AWAY);
    this.again.hidden = state !== "ended";
    document.body.classList.toggle("away", state in AWAY);
  }
  showStats({ version, draining }) {
    setText(this.version, `wshub ${version}`);
    this.draining.hidden = !draining;
  }
  showView({ id, title, element }) {
    for (const [name, link] of this.links) {
      if (name === id) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    setText(this.title, title);
    document.title = `${title} – wshub`;
    this.place.replaceChildren(element);
  }
}

function themeChoice() {
  const themes = [
    ["auto", "Auto"],
    ["light", "Light"],
    ["dark", "Dark"],
  ];
  const choice = select(themes, wshubTheme.choice, (chosen) => {
    wshubTheme.choice = chosen;
  });
  choice.setAttribute("aria-label", "Colours");
  return choice;
}

function pauseButton(onPause) {
  const text = h("span", {}, "Pause");
  const sign = h("span", { class: "icon-place" }, icon("pause"));
  let isPaused = false;
  const press = () => {
    isPaused = !isPaused;
    button.setAttribute("aria-pressed", String(isPaused));
    setText(text, isPaused ? "Paused" : "Pause");
    sign.replaceChildren(icon(isPaused ? "play" : "pause"));
    onPause(isPaused);
  };
  const button = h(
    "button",
    { type: "button", "aria-pressed": "false", "aria-label": "Pause updates", onclick: press },
    sign,
    text,
  );
  return button;
}
