// Asks for the token.
import { field, h, setText, submits } from "../dom.js";

// `tryToken` signs in, or throws why it could not.
export function login(tryToken) {
  const token = h("input", {
    type: "password",
    name: "token",
    autocomplete: "current-password",
    required: true,
    spellcheck: "false",
  });
  const error = h("p", { class: "error", role: "alert" });
  const go = h("button", { type: "submit", class: "primary" }, "Sign in");
  const form = h(
    "form",
    {
      onsubmit: submits({
        go,
        error,
        act: async () => {
          await tryToken(token.value.trim());
          token.value = "";
        },
        refused: (refusal) => {
          token.select();
          return sentence(refusal);
        },
      }),
    },
    field("Admin token", token, {
      hint: "It is in the file admin_token of the hub's state directory, unless [plugin.admin] token names another.",
    }),
    error,
    go,
  );
  return {
    element: h(
      "main",
      { class: "login", id: "main", tabindex: "-1" },
      h("div", { class: "panel" }, h("img", { src: "icon.svg", alt: "", width: "40", height: "40" }), h("h1", {}, "wshub"), form),
    ),
    // Why somebody who was in has to sign in again.
    say: (text) => setText(error, text),
    focus: () => token.focus(),
  };
}

function sentence({ code, message }) {
  if (code === "FORBIDDEN" || code === "REFUSED") return "The hub does not take this token for an admin's.";
  if (code === "OFFLINE") return "The hub cannot be reached. Try again when it runs.";
  return message;
}
