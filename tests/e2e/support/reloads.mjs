// Hubs whose plugins are replaced while clients are connected: by other settings, or by a version that cannot take over.
import { chmodSync, copyFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { BUILD, PLUGINS, startHub } from "./hub.mjs";

// A hub with these families in a directory of its own; `sections`: settings by section and key, which a reload can change.
export async function startReloadable(families, sections = {}, options = {}) {
  const directory = mkdtempSync(path.join(tmpdir(), "wshub-reloads-"));
  for (const family of families) put(directory, family, path.join(PLUGINS, `${family}.so`));
  const calm = families.includes("heartbeat") ? { "plugin.heartbeat.interval": 0 } : {};
  const own = { "limits.events_per_second": 0, "plugins.directory": directory, "plugins.enabled": families.join(", ") };
  const hub = await startHub({ ini: textOf(sections), ...options, set: { ...calm, ...own, ...options.set } });
  return new Reloadable(hub, directory, sections);
}

class Reloadable {
  #directory;
  #sections;
  constructor(hub, directory, sections) {
    this.hub = hub;
    this.#directory = directory;
    this.#sections = sections;
  }
  // Reads the configuration again with these settings of a plugin, which makes a new instance of it take over.
  async changed(family, settings) {
    const section = `plugin.${family}`;
    this.#sections[section] = { ...this.#sections[section], ...settings };
    const passing = path.join(this.hub.directory, ".passing");
    writeFileSync(passing, textOf(this.#sections));
    renameSync(passing, path.join(this.hub.directory, "wshub.ini"));
    await this.#leadsTo(new RegExp(`plugin reloaded name=${family} `, "g"));
  }
  // A version that fails when the running one has been stopped, which is then started again.
  async failed(family) {
    put(this.#directory, family, path.join(BUILD, `tests/bad_plugins/built/${family}_heir.so`));
    await this.#leadsTo(new RegExp(`plugin ${family}: .*port 9 is taken; version \\S+ serves on`, "g"));
  }
  async stop() {
    await this.hub.stop();
    rmSync(this.#directory, { recursive: true, force: true });
  }
  // SIGHUP makes the hub write one more such line.
  async #leadsTo(pattern) {
    const lines = () => this.hub.log.match(pattern)?.length ?? 0;
    const before = lines();
    this.hub.signal("SIGHUP");
    await this.hub.logged({ exec: () => (lines() > before ? [] : null) });
  }
}

const textOf = (sections) =>
  Object.entries(sections)
    .map(([section, settings]) => `[${section}]\n${Object.entries(settings).map(([key, value]) => `${key} = ${value}\n`).join("")}`)
    .join("\n");

function put(directory, family, file) {
  const passing = path.join(directory, ".passing");
  copyFileSync(file, passing);
  chmodSync(passing, 0o644);
  renameSync(passing, path.join(directory, `${family}.so`));
}
