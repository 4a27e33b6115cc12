// How a connection is shown in tables.
import { h } from "../dom.js";
import * as format from "../format.js";

export const transportName = (transport) =>
  transport === "websocket" ? "WebSocket" : transport === "polling" ? "Polling" : format.words(transport);

export function connectionColumns(app, wanted) {
  const since = (row) => (app.now() - format.parseTime(row.connected)) / 1000;
  const all = {
    who: {
      label: "Connection",
      sort: "username",
      class: "who",
      // What is painted: the name as long as it is known, and the id, by which the hub knows it.
      text: (row) => `${row.username ?? ""}\n${row.sid}\n${row.sid === app.hub.id}`,
      paint: (place, row) =>
        place.replaceChildren(
          h("bdi", { class: row.username === null ? "name nobody" : "name" }, row.username ?? "no username"),
          h("span", { class: "id" }, row.sid),
          row.sid === app.hub.id ? h("span", { class: "badge" }, "this page") : "",
        ),
    },
    user: {
      label: "User",
      sort: "username",
      class: "who",
      text: (row) => row.username ?? "",
      paint: (place, row) => place.replaceChildren(h("bdi", { class: "name" }, row.username ?? "")),
    },
    namespace: { label: "Namespace", class: "wide", text: (row) => row.namespace },
    address: { label: "Address", sort: "address", class: "wide mono", text: (row) => row.address },
    transport: {
      label: "Transport",
      sort: "transport",
      class: "wide",
      text: (row) => transportName(row.transport),
      paint: (cell, row) =>
        cell.replaceChildren(
          h("span", { class: `badge ${row.transport === "websocket" ? "" : "other"}` }, transportName(row.transport)),
        ),
    },
    connected: {
      label: "Connected for",
      sort: "connected",
      isInverse: true, // who came last has been here for the shortest time
      class: "number",
      text: (row) => format.duration(since(row)),
      title: (row) => `since ${format.dateTime(row.connected)}`,
    },
    rooms: { label: "Rooms", class: "number wide", text: (row) => format.count(row.rooms) },
    in: {
      label: "In",
      sort: "events_in",
      class: "number wide",
      text: (row) => format.count(row.events_in),
      title: () => "Events from the client",
    },
    out: { label: "Out", class: "number wide", text: (row) => format.count(row.events_out), title: () => "Events to the client" },
    queued: {
      label: "Waiting",
      sort: "queued_bytes",
      class: "number wide",
      text: (row) => format.bytes(row.queued_bytes),
      title: () => "Bytes that the client has not taken yet",
    },
    latency: {
      label: "Latency",
      sort: "latency",
      class: "number wide",
      text: (row) => format.milliseconds(row.latency_ms),
      title: () => "How long the last ping took",
    },
  };
  return wanted.map((name) => all[name]);
}
