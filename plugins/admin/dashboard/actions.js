// What an admin can do to the hub, each confirmed first. All resolve with whether it was done.
import { field, h, select } from "./dom.js";
import { confirmed, notice } from "./dialogs.js";
import { count } from "./format.js";

export const nameOf = ({ username, sid }) => username ?? sid;
const quoted = (text) => h("bdi", { class: "quoted" }, text);

const REASON_BYTES = 200; // as the hub takes it

export async function disconnect(app, connection) {
  const reason = h("input", { type: "text", maxlength: String(REASON_BYTES), autocomplete: "off" });
  const isMe = connection.sid === app.hub.id;
  const done = await confirmed({
    title: "Disconnect this connection?",
    body: [
      h("p", {}, quoted(nameOf(connection)), " at ", quoted(connection.address), " is disconnected at once."),
      isMe && h("p", { class: "warning" }, "This is the connection of this very page."),
      h("p", {}, "Its client is told so, and does not come back by itself."),
      field("Reason (goes to the hub's log)", reason),
    ],
    label: "Disconnect",
    danger: true,
    act: () => {
      const text = reason.value.trim();
      const bytes = new TextEncoder().encode(text).length;
      if (bytes > REASON_BYTES) throw new Error(`The reason is too long: the hub takes ${REASON_BYTES} bytes, and it has ${bytes}.`);
      return app.hub.ask("kick", { sid: connection.sid, ...(text && { reason: text }) });
    },
  });
  if (done) notice(`${nameOf(connection)} was disconnected.`, "good");
  return done;
}

export async function leaveRoom(app, connection, room) {
  const done = await confirmed({
    title: "Take out of the room?",
    body: [h("p", {}, quoted(nameOf(connection)), " leaves ", quoted(room), ". It stays connected and may join again.")],
    label: "Take out",
    danger: true,
    act: () => app.hub.ask("leave", { sid: connection.sid, room }),
  });
  if (done) notice(`${nameOf(connection)} left ${room}.`, "good");
  return done;
}

// name: null for everything that the configuration says of plugins.
export async function reload(app, name) {
  let changes = [];
  const done = await confirmed({
    title: name ? "Reload this plugin?" : "Reload all?",
    body: name
      ? [
          h("p", {}, quoted(name), " is loaded anew from its file. Clients stay connected."),
          h("p", {}, "If the new version does not start, the old one goes on."),
        ]
      : [
          h(
            "p",
            {},
            "The hub reads its configuration of plugins again, and loads those that have changed, as after SIGHUP. Clients stay connected.",
          ),
        ],
    label: "Reload",
    act: async () => {
      changes = (await app.hub.ask("reload", name ? { plugin: name } : {})).changes ?? [];
    },
  });
  // What has changed is told by the plugins' own view.
  if (done && changes.length === 0) notice("Nothing had changed.", "plain");
  return done;
}

// JSON in the text, as the arguments of an event: nothing is none, an array is all of them, anything else is one.
export function readArguments(text) {
  if (text.trim() === "") return [];
  let value;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`The arguments are not JSON: ${error.message}`);
  }
  return Array.isArray(value) ? value : [value];
}

// Two steps: what to send, then to how many it goes.
export async function broadcast(app, { namespace = app.hub.namespace, room = "" } = {}) {
  const event = h("input", { type: "text", required: true, maxlength: "256", autocomplete: "off", spellcheck: "false" });
  const args = h("textarea", { rows: "4", spellcheck: "false", placeholder: '{"text": "hello"}' });
  const roomName = h("input", { type: "text", value: room, maxlength: "255", autocomplete: "off", spellcheck: "false" });
  const spaces = app.namespaces().map((name) => [name, name]);
  const space = spaces.length > 1 ? select(spaces, namespace) : null;
  for (;;) {
    let message, receivers;
    const filledIn = await confirmed({
      title: "Broadcast an event",
      body: [
        field("Event", event),
        field("Arguments", args, { hint: "JSON: one value, or an array of all arguments. Empty for none." }),
        space && field("Namespace", space),
        field("Room", roomName, { hint: "Empty for everybody in the namespace." }),
      ],
      label: "Continue",
      act: async () => {
        if (event.value.trim() === "") throw new Error("An event needs a name.");
        message = { event: event.value.trim(), args: readArguments(args.value), namespace: space?.value ?? namespace };
        if (roomName.value !== "") message.room = roomName.value;
        receivers = await receiversOf(app, message);
      },
    });
    if (!filledIn) return false;
    let sent;
    const done = await confirmed({
      title: "Send this broadcast?",
      body: [
        h(
          "p",
          {},
          quoted(message.event),
          " goes to ",
          h("strong", {}, receivers),
          message.room && [" in the room ", quoted(message.room)],
          ".",
        ),
        h("pre", { tabindex: "0", "aria-label": "Arguments" }, JSON.stringify(message.args, null, 2)),
      ],
      label: "Send",
      act: async () => {
        sent = connectionsOf((await app.hub.ask("broadcast", message)).receivers);
      },
    });
    if (!done) continue; // back to the form, which is as it was
    notice(`${message.event} was sent to ${sent}.`, "good");
    return true;
  }
}

const connectionsOf = (number) => `${count(number)} ${number === 1 ? "connection" : "connections"}`;

async function receiversOf(app, { namespace, room }) {
  if (!room) {
    const { namespaces } = await app.hub.ask("stats");
    return connectionsOf(namespaces.find(({ name }) => name === namespace)?.sockets ?? 0);
  }
  try {
    return connectionsOf((await app.hub.ask("room", { namespace, name: room, limit: 1 })).members);
  } catch (error) {
    if (error.code === "NOT_FOUND") return connectionsOf(0);
    throw error;
  }
}
