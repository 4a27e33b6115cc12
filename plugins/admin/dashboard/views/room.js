// One room with its members, in the drawer.
import { h, icon } from "../dom.js";
import { drawer } from "../dialogs.js";
import { broadcast, leaveRoom } from "../actions.js";
import { LiveTable, Pager } from "../table.js";
import * as format from "../format.js";
import { connectionColumns } from "./columns.js";

export function openRoom(app, namespace, name) {
  let offset = 0;
  const limit = 50;
  const note = h("p", { class: "note" });
  const table = new LiveTable({
    caption: `Members of ${name}`,
    keyOf: (row) => row.sid,
    onOpen: (row) => app.openSession(row.sid),
    empty: "Nobody is in this room any more.",
    columns: [
      ...connectionColumns(app, ["who", "connected"]),
      {
        label: "",
        class: "action",
        text: (row) => row.username ?? "",
        paint: (cell, row) =>
          cell.replaceChildren(
            h(
              "button",
              {
                type: "button",
                class: "quiet",
                "aria-label": `Take ${row.username ?? row.sid} out`,
                title: "Take out of this room",
                onclick: async () => (await leaveRoom(app, row, name)) && poller.now(),
              },
              icon("leave"),
            ),
          ),
      },
    ],
  });
  const pager = new Pager({
    what: "members",
    onMove: (to) => {
      offset = to;
      poller.now();
    },
  });
  const show = ({ members, items }) => {
    if (items.length === 0 && offset > 0) {
      offset = 0;
      return poller.now();
    }
    note.textContent = `${format.count(members)} ${members === 1 ? "member" : "members"} in ${namespace}`;
    table.show(items);
    pager.show({ offset, limit, shown: items.length, matched: members });
  };
  const poller = app.poller({
    every: 3000,
    ask: () => app.hub.ask("room", { namespace, name, offset, limit }),
    show,
    failed: (error) => (error.code === "NOT_FOUND" ? show({ members: 0, items: [] }) : app.failed(error)),
  });

  const place = drawer({ title: name, onClose: () => poller.stop() });
  place.actions.append(
    h(
      "button",
      { type: "button", onclick: () => broadcast(app, { namespace, room: name }) },
      icon("broadcast"),
      "Broadcast to the room",
    ),
  );
  place.content.append(note, table.element, pager.element);
  poller.start();
  return place;
}
