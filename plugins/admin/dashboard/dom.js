// Elements from code. Whatever comes from clients gets into the page as text, by these functions alone.

const AS_PROPERTY = new Set(["value", "checked", "disabled", "hidden", "selected"]);

// h("button", { class: "small", onclick: act }, "Close"): null, undefined and false leave an attribute or a child out.
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (AS_PROPERTY.has(name)) element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// For `onsubmit`: does `act`, which may be awaited, with the button `go` disabled meanwhile, so that nothing is sent twice.
// What it throws is handed to `refused`, whose text is shown in `error`.
export const submits = ({ go, error, act, refused }) => async (event) => {
  event.preventDefault();
  if (go.disabled) return;
  go.disabled = true;
  setText(error, "");
  try {
    await act();
  } catch (refusal) {
    setText(error, refused(refusal));
  }
  go.disabled = false;
};

// The children become these, without touching those that stay in their place, so that focus and selection stay too.
export function setChildren(parent, children) {
  let at = parent.firstChild;
  for (const child of children) {
    if (child === at) at = at.nextSibling;
    else parent.insertBefore(child, at);
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

// A table that can be moved sideways where it is too wide, by the keyboard too.
export function scroller(label, ...content) {
  const box = h("div", { class: "table" }, content);
  const look = new ResizeObserver(() => {
    if (box.scrollWidth > box.clientWidth) {
      box.tabIndex = 0;
      box.setAttribute("role", "region");
      box.setAttribute("aria-label", label);
    } else {
      for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
    }
  });
  look.observe(box);
  for (const child of box.children) look.observe(child);
  return box;
}

let ids = 0;
export const freshId = (stem) => `${stem}-${++ids}`;

// A label and its control.
export function field(label, control, { hint, compact } = {}) {
  control.id ||= freshId("field");
  const hintId = hint && freshId("hint");
  if (hint) control.setAttribute("aria-describedby", hintId);
  return h(
    "div",
    { class: compact ? "field compact" : "field" },
    h("label", { for: control.id }, label),
    control,
    hint && h("p", { class: "hint", id: hintId }, hint),
  );
}

export function select(options, value, onchange) {
  return h(
    "select",
    { onchange: (event) => onchange?.(event.target.value) },
    options.map(([key, text]) => h("option", { value: key, selected: key === value }, text)),
  );
}
