// Dialogs, the drawer at the side, and notices. A dialog that is open keeps the focus (the browser sees to it) and gives it
// back to where it was.
import { freshId, h, icon, setText, submits } from "./dom.js";

// Notices stand in the dialog that is on top, since what is outside of it can neither be reached nor heard.
function placeNotices() {
  const dialogs = document.querySelectorAll("dialog[open]");
  const place = dialogs[dialogs.length - 1] ?? document.body;
  const notices = document.getElementById("notices");
  if (notices.parentElement !== place) place.append(notices);
}

function open(dialog, opener = document.activeElement) {
  document.body.append(dialog);
  dialog.addEventListener("close", () => {
    placeNotices();
    dialog.remove();
    // Its row may have gone meanwhile.
    if (document.activeElement === document.body || !document.activeElement) {
      (opener?.isConnected ? opener : document.getElementById("main"))?.focus();
    }
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.showModal();
  placeNotices();
}

// Asks before something is done: what it will do, what to fill in, and two buttons. Resolves with true when it was
// done, with false if it was called off. `act` does it; what it throws is shown, and the dialog stays.
export function confirmed({ title, body, label, danger = false, act }) {
  return new Promise((resolve) => {
    const heading = freshId("title");
    const error = h("p", { class: "error", role: "alert" });
    const go = h("button", { type: "submit", class: danger ? "danger" : "primary" }, label);
    let done = false;
    const dialog = h(
      "dialog",
      { class: "confirm", "aria-labelledby": heading },
      h(
        "form",
        {
          method: "dialog",
          onsubmit: submits({
            go,
            error,
            act: async () => {
              await act();
              done = true;
              dialog.close();
            },
            refused: ({ message }) => message,
          }),
        },
        h("h2", { id: heading }, title),
        body,
        error,
        h("div", { class: "buttons" }, h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"), go),
      ),
    );
    dialog.addEventListener("close", () => resolve(done));
    open(dialog);
  });
}

// A panel at the side that tells of one thing. `onClose` is called when it has gone.
export function drawer({ title, onClose }) {
  const heading = freshId("title");
  const name = h("h2", { id: heading, tabindex: "-1" }, title);
  const actions = h("div", { class: "actions" });
  const content = h("div", { class: "content" });
  const dialog = h(
    "dialog",
    { class: "drawer", "aria-labelledby": heading },
    h(
      "div",
      { class: "frame" },
      h(
        "header",
        {},
        name,
        h("button", { type: "button", class: "quiet", "aria-label": "Close", onclick: () => dialog.close() }, icon("close")),
      ),
      actions,
      content,
    ),
  );
  dialog.addEventListener("close", onClose);
  open(dialog);
  name.focus();
  return {
    dialog,
    content,
    actions,
    setTitle: (text) => setText(name, text),
    close: () => dialog.close(),
    get isOpen() {
      return dialog.open;
    },
  };
}

// Said to those who cannot see it.
export function announce(text) {
  setText(document.getElementById("announcer"), text);
}

// A notice that goes by itself; not while somebody is at it. kind: "good", "bad" or "plain".
export function notice(text, kind = "plain") {
  const patience = kind === "bad" ? 15_000 : 7000;
  let timer;
  const leave = () => element.remove();
  const rest = () => clearTimeout(timer);
  const begin = () => {
    rest();
    timer = setTimeout(leave, patience);
  };
  const element = h(
    "div",
    {
      class: `toast ${kind}`,
      role: kind === "bad" ? "alert" : "status",
      onmouseenter: rest,
      onmouseleave: begin,
      onfocusin: rest,
      onfocusout: begin,
    },
    h("p", {}, text),
    h("button", { type: "button", class: "quiet", "aria-label": "Dismiss", onclick: leave }, icon("close")),
  );
  placeNotices();
  const toasts = document.getElementById("toasts");
  toasts.append(element);
  while (toasts.childElementCount > 4) toasts.firstElementChild.remove();
  begin();
}
