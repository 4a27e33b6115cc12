// Everybody who is connected, and those of them who have a username.
import { h, icon } from "../dom.js";
import { disconnect } from "../actions.js";
import { listing } from "../listing.js";
import { connectionColumns } from "./columns.js";

const TRANSPORTS = [
  ["", "Any transport"],
  ["websocket", "WebSocket"],
  ["polling", "Polling"],
];

function list(app, columns, options) {
  const view = listing(app, {
    operation: "sessions",
    filters: { search: "In usernames, ids and addresses", room: true, transport: TRANSPORTS },
    keyOf: (row) => row.sid,
    onOpen: (row) => app.openSession(row.sid),
    columns: [
      ...connectionColumns(app, columns),
      {
        label: "",
        class: "action wide",
        text: (row) => row.username ?? "",
        paint: (cell, row) => cell.replaceChildren(disconnectButton(row)),
      },
    ],
    ...options,
  });
  const disconnectButton = (row) =>
    h(
      "button",
      {
        type: "button",
        class: "quiet",
        "aria-label": `Disconnect ${row.username ?? row.sid}`,
        title: "Disconnect",
        onclick: async () => (await disconnect(app, row)) && view.refresh(),
      },
      icon("close"),
    );
  return view;
}

export const connections = (app) =>
  list(app, ["who", "namespace", "address", "transport", "connected", "rooms", "in", "out", "queued", "latency"], {
    id: "connections",
    title: "Connections",
    icon: "connections",
    what: "connections",
    sort: "connected",
    order: "desc",
  });

export const users = (app) =>
  list(app, ["user", "namespace", "address", "connected", "rooms", "in", "out"], {
    id: "users",
    title: "Users",
    icon: "users",
    what: "users",
    sort: "username",
    only: { named: true },
  });
