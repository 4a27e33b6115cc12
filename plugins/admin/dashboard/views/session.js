// One connection's story, in the drawer: what it is, where it is, what happened to it.
import { h, icon, setChildren } from "../dom.js";
import { drawer } from "../dialogs.js";
import { disconnect, leaveRoom } from "../actions.js";
import * as format from "../format.js";
import { transportName } from "./columns.js";

const HAPPENED = {
  connected: "Connected",
  upgraded: "Upgraded to WebSocket",
  event: "Sent",
  joined: "Joined",
  left: "Left",
  named: "Took the name",
  refused: "Was refused",
};

export function openSession(app, sid) {
  const kick = h("button", { type: "button", class: "danger", disabled: true }, icon("close"), "Disconnect");
  const gone = h(
    "p",
    { class: "banner bad", role: "status", hidden: true },
    "This connection has ended. What is shown is what was known last.",
  );
  const facts = h("dl", { class: "facts" });
  const rooms = h("ul", { class: "rooms" });
  const noRooms = h("p", { class: "empty" }, "It is in no room.");
  const story = h("ol", { class: "story" });
  let shown = null;

  const place = drawer({ title: "Connection", onClose: () => poller.stop() });
  place.actions.append(kick);
  place.content.append(
    gone,
    facts,
    h("section", {}, h("h3", {}, "Rooms"), rooms, noRooms),
    h(
      "section",
      {},
      h("h3", {}, "What happened"),
      h("p", { class: "note" }, "The last things, the newest first. Names of events, never what was in them."),
      story,
    ),
  );
  kick.addEventListener("click", async () => (await disconnect(app, shown)) && poller.now());

  const poller = app.poller({
    every: 2000,
    ask: () => app.hub.ask("session", { sid }),
    show: (session) => {
      shown = session;
      place.setTitle(session.username ?? "No username");
      kick.disabled = false;
      setChildren(facts, factsOf(app, session));
      showRooms(session);
      setChildren(
        story,
        [...(session.story ?? [])].reverse().map((item) => storyItem(app, item)),
      );
    },
    failed: (error) => {
      if (error.code !== "NOT_FOUND") return app.failed(error);
      poller.stop();
      gone.hidden = false;
      kick.disabled = true;
      place.content.classList.add("stale");
      for (const button of rooms.querySelectorAll("button")) button.disabled = true;
      if (!shown) setChildren(facts, [fact("Id", sid)]);
    },
  });

  function showRooms(session) {
    noRooms.hidden = session.room_names.length > 0;
    // Those that are shown already stay, and the focus with them.
    const known = new Map([...rooms.children].map((item) => [item.dataset.room, item]));
    setChildren(
      rooms,
      session.room_names.map((name) => {
        const item = known.get(name) ?? roomItem(name);
        item.dataset.room = name;
        return item;
      }),
    );
  }
  const roomItem = (name) =>
    h(
      "li",
      {},
      h("button", { type: "button", class: "open", onclick: () => app.openRoom(shown.namespace, name) }, h("bdi", {}, name)),
      h(
        "button",
        {
          type: "button",
          class: "quiet",
          "aria-label": `Take out of ${name}`,
          title: "Take out of this room",
          onclick: async () => (await leaveRoom(app, shown, name)) && poller.now(),
        },
        icon("leave"),
      ),
    );

  poller.start();
  return place;
}

const fact = (name, value, kind) =>
  h("div", { class: kind === "long" ? kind : null }, h("dt", {}, name), h("dd", { class: kind || null }, h("bdi", {}, value)));

function factsOf(app, session) {
  const { refusals = {} } = session;
  const time = (text) => (text ? format.shortTime(text, app.now()) : "never");
  return [
    fact("Id", session.sid, "mono"),
    fact("Namespace", session.namespace),
    fact("Address", `${session.address}${session.secure ? " (TLS)" : ""}`, "mono"),
    fact("Transport", transportName(session.transport)),
    fact(
      "Connected",
      `${format.dateTime(session.connected)}, ${format.duration((app.now() - format.parseTime(session.connected)) / 1000)} ago`,
    ),
    fact("Upgraded", time(session.upgraded)),
    fact("Roles", session.roles.join(", ") || "none"),
    fact("Events in", `${format.count(session.events_in)}, the last ${time(session.last_event_in)}`),
    fact("Events out", `${format.count(session.events_out)}, the last ${time(session.last_event_out)}`),
    fact("Waiting", format.bytes(session.queued_bytes)),
    fact("Latency", format.milliseconds(session.latency_ms)),
    fact("Refused for its rate", format.count(refusals.rate_limit), refusals.rate_limit > 0 && "warn"),
    fact("Refused for its size", format.count(refusals.payload_too_large), refusals.payload_too_large > 0 && "warn"),
    fact("Other errors", format.count(refusals.errors), refusals.errors > 0 && "warn"),
    fact("Engine session", `${session.engine_sid}…`, "mono"),
    fact("Origin", session.origin ?? "none"),
    fact("User agent", session.user_agent ?? "none", "long"),
  ];
}

function storyItem(app, { time, what, detail }) {
  return h(
    "li",
    { class: what },
    h("time", { datetime: time }, format.shortTime(time, app.now())),
    h("span", {}, HAPPENED[what] ?? format.words(what), detail && [" ", h("bdi", { class: "quoted" }, detail)]),
  );
}
