// Who comes, goes, joins and leaves, as the contract's admin events tell. They come one for each change, so they are only
// asked for while somebody looks, and given up where they would be too many to read.
import { h, setText } from "../dom.js";
import * as format from "../format.js";

const SHOWN = 40;
const TOO_MANY_CLIENTS = 2000; // one storm of theirs would be megabytes
const TOO_FAST = 100; // updates in a second
const REST = 5000; // milliseconds, after which it may be calmer

const WHAT = {
  connect: (update) => [" connected from ", h("bdi", {}, update.connection.client_info?.remote_addr ?? "?")],
  disconnect: () => [" disconnected"],
  join: ({ room }) => [" joined ", h("bdi", { class: "quoted" }, room)],
  leave: ({ room }) => [" left ", h("bdi", { class: "quoted" }, room)],
};

export class ActivityFeed {
  #runs = false;
  #subscribed = false;
  #inSecond = 0;
  #second = 0;

  constructor(app) {
    this.app = app;
    this.list = h("ol", { class: "activity" });
    this.note = h("p", { class: "note" });
    this.resume = h(
      "button",
      { type: "button", class: "small", hidden: true, onclick: () => this.#subscribe(true) },
      "Show it all the same",
    );
    this.element = h(
      "section",
      { class: "panel", "aria-labelledby": "activity-title" },
      h("div", { class: "bar" }, h("h2", { id: "activity-title" }, "Happening now"), h("span", { class: "spring" }), this.resume),
      this.note,
      this.list,
    );
    app.hub.listen("admin:connection_update", (update) => this.#take(update));
    app.hub.listen("admin:room_update", (update) => this.#take(update));
    app.hub.addEventListener("state", () => {
      this.#subscribed = false; // that of a connection ends with it
      if (this.#runs && app.hub.state === "live") this.#subscribe();
    });
    this.#say("");
  }

  start() {
    this.#runs = true;
    this.#subscribe();
  }
  stop() {
    this.#runs = false;
    clearTimeout(this.resting);
    this.#unsubscribe();
  }

  #subscribe(insisted = false) {
    if (this.#subscribed || this.app.hub.state !== "live") return;
    if (!insisted && (this.app.stats?.sessions ?? 0) > TOO_MANY_CLIENTS) {
      this.#say("With so many connections, each change is not shown by itself.");
      this.resume.hidden = false;
      return;
    }
    this.resume.hidden = true;
    this.#say("");
    this.#subscribed = true;
    this.insisted = insisted;
    this.app.hub.tell("admin_subscribe"); // without an acknowledgement, which would be the list of all
  }
  #unsubscribe() {
    if (this.#subscribed) this.app.hub.tell("admin_unsubscribe");
    this.#subscribed = false;
  }
  #rest() {
    this.#unsubscribe();
    this.#say("Too much is changing to be read. It goes on when it is calmer.");
    this.resting = setTimeout(() => this.#runs && this.#subscribe(), REST);
  }
  #say(text) {
    setText(this.note, text || (this.list.childElementCount === 0 ? "Nothing has changed since this page was opened." : ""));
    this.note.hidden = this.note.textContent === "";
  }

  #take(update) {
    const what = WHAT[update?.type];
    if (!this.#runs || !this.#subscribed || !what) return;
    const second = Math.floor(performance.now() / 1000);
    this.#inSecond = second === this.#second ? this.#inSecond + 1 : 1;
    this.#second = second;
    if (this.#inSecond > TOO_FAST && !this.insisted) return this.#rest();
    if (this.app.isPaused) return;
    const sid = update.connection?.sid ?? update.sid;
    const name = h("button", { type: "button", class: "open", onclick: () => this.app.openSession(sid) }, sid);
    this.list.prepend(
      h("li", { class: update.type }, h("time", {}, format.clockTime(Date.now())), h("span", {}, name, ...what(update))),
    );
    while (this.list.childElementCount > SHOWN) this.list.lastElementChild.remove();
    this.#say("");
  }
}
