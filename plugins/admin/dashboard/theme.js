// Light or dark, before anything is painted: as the system says, unless somebody chose otherwise here.
// No module, so that it runs before the body is read.
(() => {
  const KEY = "wshub.theme";
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const changed = new Set();
  const chosen = () => {
    try {
      return localStorage.getItem(KEY) ?? "auto";
    } catch {
      return "auto"; // storage may be forbidden; then nothing is remembered
    }
  };
  let choice = chosen();
  const apply = () => {
    const theme = choice === "auto" ? (dark.matches ? "dark" : "light") : choice;
    document.documentElement.dataset.theme = theme;
    for (const listener of changed) listener(theme);
  };
  dark.addEventListener("change", apply);
  apply();

  globalThis.wshubTheme = {
    // "auto", "light" or "dark".
    get choice() {
      return choice;
    },
    set choice(next) {
      choice = next;
      try {
        localStorage.setItem(KEY, next);
      } catch {
        // not remembered
      }
      apply();
    },
    // Calls back with "light" or "dark" at each change.
    onChange: (listener) => changed.add(listener),
  };
})();
