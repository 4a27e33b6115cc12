// A table whose rows are brought up to date in place, so that focus, selection and the reader's place stay; and the pager
// below it.
import { h, icon, scroller, select, setChildren, setText } from "./dom.js";
import { count } from "./format.js";

export class LiveTable {
  #rows = new Map(); // key → {element, cells, row}

  // columns: [{label, sort?, isInverse?, class?, text(row), title?(row), paint?(cell, row)}]. `sort` is the name by which
  // the hub sorts, `isInverse` if what is shown falls where that rises; `text` is what is shown, or, with `paint`, what has
  // to change for it to paint again. The first column's text is the row's name, a button when there is an `onOpen`.
  constructor({ caption, columns, keyOf, onOpen, onSort, empty }) {
    Object.assign(this, { columns, keyOf, onOpen, onSort });
    this.heads = columns.map((column) => this.#head(column));
    this.body = h("tbody");
    this.empty = h("p", { class: "empty", hidden: true }, empty);
    this.element = scroller(
      caption,
      h("table", {}, h("caption", { class: "unseen" }, caption), h("thead", {}, h("tr", {}, this.heads)), this.body),
      this.empty,
    );
  }

  #head(column) {
    const of = { scope: "col", class: column.class };
    if (!column.sort) return h("th", of, column.label || h("span", { class: "unseen" }, "Actions"));
    return h("th", of, h("button", { class: "sort", type: "button", onclick: () => this.onSort(column.sort) }, column.label));
  }

  showSort(sort, order) {
    this.columns.forEach((column, i) => {
      if (!column.sort) return;
      const isDescending = (order === "desc") !== Boolean(column.isInverse);
      if (column.sort === sort) this.heads[i].setAttribute("aria-sort", isDescending ? "descending" : "ascending");
      else this.heads[i].removeAttribute("aria-sort");
    });
  }

  show(items) {
    const shown = new Map();
    for (const row of items) {
      const key = this.keyOf(row);
      const entry = this.#rows.get(key) ?? this.#make(row);
      entry.row = row;
      this.#paint(entry);
      shown.set(key, entry);
    }
    this.#rows = shown;
    setChildren(
      this.body,
      [...shown.values()].map(({ element }) => element),
    );
    this.empty.hidden = items.length > 0;
    this.element.classList.toggle("none", items.length === 0);
  }

  #make(row) {
    const entry = { row };
    entry.cells = this.columns.map((column, i) => {
      const cell = h(i === 0 ? "th" : "td", { class: column.class, scope: i === 0 ? "row" : null });
      if (i === 0 && this.onOpen) {
        entry.opener = h("button", { class: "open", type: "button", onclick: () => this.onOpen(entry.row) });
        cell.append(entry.opener);
      }
      return cell;
    });
    entry.element = h("tr", { class: this.onOpen ? "opens" : null }, entry.cells);
    if (this.onOpen) {
      // For the mouse alone: the keyboard has the button.
      entry.element.addEventListener("click", (event) => {
        if (!event.target.closest("button, a, input") && getSelection().isCollapsed) this.onOpen(entry.row);
      });
    }
    entry.painted = [];
    return entry;
  }

  #paint(entry) {
    this.columns.forEach((column, i) => {
      const cell = entry.cells[i];
      const text = column.text(entry.row);
      if (column.title) cell.title = column.title(entry.row);
      if (entry.painted[i] === text) return;
      entry.painted[i] = text;
      const place = i === 0 && entry.opener ? entry.opener : cell;
      if (column.paint) column.paint(place, entry.row);
      else setText(place, text);
    });
  }
}

export const PAGE_SIZES = ["25", "50", "100", "200"];

export class Pager {
  constructor({ what, onMove, onSize }) {
    this.what = what;
    this.where = h("span", { class: "where", role: "status" });
    this.back = h(
      "button",
      { type: "button", class: "small", onclick: () => onMove(Math.max(0, this.offset - this.limit)) },
      "Previous",
    );
    this.on = h("button", { type: "button", class: "small", onclick: () => onMove(this.offset + this.limit) }, "Next");
    this.size = select(
      PAGE_SIZES.map((size) => [size, `${size} a page`]),
      "50",
      (size) => onSize?.(Number(size)),
    );
    this.size.setAttribute("aria-label", "Rows on a page");
    this.element = h(
      "div",
      { class: "pager" },
      this.where,
      h("span", { class: "spring" }),
      onSize && this.size,
      this.back,
      this.on,
    );
  }

  // `matched` of `total` rows; without a filter they are the same.
  show({ offset, limit, shown, matched, total = matched }) {
    Object.assign(this, { offset, limit });
    const range = shown === 0 ? "0" : `${count(offset + 1)}–${count(offset + shown)}`;
    const all = matched === total ? count(total) : `${count(matched)} found, ${count(total)} in all`;
    setText(this.where, matched === 0 && total === 0 ? `No ${this.what}` : `${range} of ${all}`);
    this.size.value = String(limit);
    this.#enable(this.back, offset > 0);
    this.#enable(this.on, offset + shown < matched);
  }
  // A button that is disabled while it has the focus would lose it.
  #enable(button, does) {
    button.setAttribute("aria-disabled", String(!does));
    button.disabled = !does && document.activeElement !== button;
  }
}

// The box for searching, which tells what was typed when the typist rests.
export function searchBox(label, onSearch) {
  let timer;
  const input = h("input", {
    type: "search",
    placeholder: label,
    "aria-label": label,
    autocomplete: "off",
    spellcheck: "false",
    maxlength: "256",
    oninput: () => {
      clearTimeout(timer);
      timer = setTimeout(() => onSearch(input.value.trim()), 250);
    },
  });
  return { input, element: h("div", { class: "search" }, icon("search"), input) };
}
