// A view that is one long list at the hub: searched, filtered, sorted and paged there, and asked for again every few
// seconds. What is wanted stands in the address, so that it stays over a reload of the page and can be passed on.
import { h, select } from "./dom.js";
import { LiveTable, Pager, searchBox } from "./table.js";

const EVERY = 3000;
const NO_CHOICE = "";

// operation: the hub's name of the list. only: arguments that are always sent. sort, order: at first. filters: those of
// search (its hint), room, transport, that the list has. columns, keyOf, onOpen: of the table.
export function listing(app, { id, title, icon, what, operation, only = {}, sort, order = "asc", filters, ...table }) {
  const defaults = {
    sort,
    order,
    offset: 0,
    limit: 50,
    ...Object.fromEntries(filterNames(filters).map((name) => [name, NO_CHOICE])),
  };
  let wanted = { ...defaults };

  const search = searchBox("Search", (text) => change({ search: text }));
  search.input.title = filters.search;
  const room = filters.room && searchBox("In room", (text) => change({ room: text }));
  const transport = filters.transport && choice("Transport", filters.transport, (value) => change({ transport: value }));
  const namespace = choice("Namespace", [[NO_CHOICE, "All namespaces"]], (value) => change({ namespace: value }));
  const clear = h(
    "button",
    { type: "button", class: "small", onclick: () => change({ ...defaults, sort: wanted.sort, order: wanted.order }) },
    "Clear filters",
  );
  const list = new LiveTable({
    ...table,
    caption: title,
    onSort: (by) => change({ sort: by, order: by === wanted.sort ? opposite(wanted.order) : by === sort ? order : "asc" }),
    empty: `No ${what} to show.`,
  });
  const pager = new Pager({ what, onMove: (offset) => change({ offset }), onSize: (limit) => change({ limit }) });
  const poller = app.poller({
    every: EVERY,
    ask: () => app.hub.ask(operation, { ...chosen(wanted), ...only }),
    show: ({ total, matched, items }) => {
      const isBehindTheEnd = items.length === 0 && matched > 0 && wanted.offset > 0;
      if (isBehindTheEnd) return change({ offset: Math.floor((matched - 1) / wanted.limit) * wanted.limit });
      list.show(items);
      pager.show({ offset: wanted.offset, limit: wanted.limit, shown: items.length, matched, total });
    },
  });

  // Something else than the page is another list, which is looked at from its beginning.
  function change(by) {
    wanted = { ...wanted, ...by, offset: by.offset ?? 0 };
    app.remember(Object.fromEntries(Object.entries(wanted).filter(([name, value]) => value !== defaults[name])));
    showWanted();
    poller.now();
  }
  function showWanted() {
    for (const [box, name] of [
      [search, "search"],
      [room, "room"],
    ]) {
      // Not under the fingers of who types.
      if (box && box.input !== document.activeElement) box.input.value = wanted[name];
    }
    if (transport) transport.value = wanted.transport;
    namespace.value = wanted.namespace;
    clear.hidden = filterNames(filters).every((name) => wanted[name] === NO_CHOICE);
    list.showSort(wanted.sort, wanted.order);
  }
  function offerNamespaces() {
    const names = app.namespaces();
    if (namespace.dataset.names === names.join("\n")) return;
    namespace.dataset.names = names.join("\n");
    namespace.replaceChildren(
      h("option", { value: NO_CHOICE }, "All namespaces"),
      ...names.map((name) => h("option", { value: name }, name)),
    );
    namespace.value = wanted.namespace;
    namespace.hidden = names.length < 2 && wanted.namespace === NO_CHOICE;
  }

  return {
    id,
    title,
    icon,
    search: search.input,
    element: h(
      "div",
      {},
      h("div", { class: "filters" }, search.element, room?.element, namespace, transport, clear),
      h("div", { class: "panel flush" }, list.element),
      pager.element,
    ),
    start(remembered) {
      wanted = { ...defaults, ...understood(remembered, defaults) };
      offerNamespaces();
      showWanted();
      poller.start();
    },
    stop: () => poller.stop(),
    onStats: offerNamespaces,
    refresh: () => poller.now(),
  };
}

const filterNames = (filters) => ["search", "namespace", ...["room", "transport"].filter((name) => filters[name])];
const opposite = (order) => (order === "asc" ? "desc" : "asc");
const chosen = (wanted) => Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== NO_CHOICE));

// Of an address that may be anybody's, what this list knows.
function understood(remembered, defaults) {
  const known = Object.fromEntries(Object.entries(remembered).filter(([name]) => name in defaults));
  if ("offset" in known) known.offset = Math.max(0, Math.trunc(Number(known.offset)) || 0);
  if ("limit" in known) known.limit = Math.min(200, Math.max(1, Math.trunc(Number(known.limit)) || defaults.limit));
  return known;
}

function choice(label, options, onchange) {
  const control = select(options, NO_CHOICE, onchange);
  control.setAttribute("aria-label", label);
  return control;
}
