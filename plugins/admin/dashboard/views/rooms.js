// The rooms that clients are in.
import { h } from "../dom.js";
import { listing } from "../listing.js";
import * as format from "../format.js";

export const rooms = (app) =>
  listing(app, {
    id: "rooms",
    title: "Rooms",
    icon: "rooms",
    what: "rooms",
    operation: "rooms",
    sort: "members",
    order: "desc",
    filters: { search: "In names of rooms" },
    keyOf: (row) => `${row.namespace}\n${row.name}`,
    onOpen: (row) => app.openRoom(row.namespace, row.name),
    columns: [
      {
        label: "Room",
        sort: "name",
        class: "who",
        text: (row) => row.name,
        paint: (place, row) => place.replaceChildren(h("bdi", { class: "name" }, row.name)),
      },
      { label: "Namespace", text: (row) => row.namespace },
      { label: "Members", sort: "members", class: "number", text: (row) => format.count(row.members) },
    ],
  });
