// Prepares the dashboard for being part of the plugin. Called by CMake:
//
//   node embed_dashboard.mjs MODULES OUT
//
// The files are those of the folder dashboard beside this script, and what MODULES (a node_modules folder) has of the libraries
// that they use. Into OUT go their bytes, dashboard_files.S that takes all of them in, and dashboard_files.cpp with the
// table of them (declared in dashboard.h).
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { digest, embed } from "../../core/cmake/embed_files.mjs";

const [modules, out] = process.argv.slice(2).map((path) => resolve(path));
const source = join(dirname(fileURLToPath(import.meta.url)), "dashboard");

const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
};
// What is taken of each package.
const LIBRARIES = {
  "socket.io-client": { "socket.io.esm.min.js": "dist/socket.io.esm.min.js" },
  uplot: { "uPlot.iife.min.js": "dist/uPlot.iife.min.js", "uPlot.min.css": "dist/uPlot.min.css" },
};

// Source maps are not served, so nobody is sent to look for them.
const withoutMap = (text) => text.replace(/\n?\/\/# sourceMappingURL=\S+\s*$/, "\n");

function* sources(folder, prefix = "") {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const name = prefix + entry.name;
    if (entry.isDirectory()) yield* sources(join(folder, entry.name), `${name}/`);
    else yield { name, bytes: readFileSync(join(folder, entry.name)) };
  }
}
function* libraries() {
  const licences = [];
  for (const [library, wanted] of Object.entries(LIBRARIES)) {
    const folder = join(modules, library);
    const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    licences.push(`${library} ${version} (${license})\n\n${readFileSync(join(folder, "LICENSE"), "utf8").trim()}\n`);
    for (const [name, from] of Object.entries(wanted)) {
      yield { name: `lib/${name}`, bytes: Buffer.from(withoutMap(readFileSync(join(folder, from), "utf8"))) };
    }
  }
  yield { name: "lib/licences.txt", bytes: Buffer.from(licences.join(`\n${"-".repeat(72)}\n\n`)) };
}

const files = [...sources(source), ...libraries()].sort((a, b) => (a.name < b.name ? -1 : 1));
const { declarations, views } = embed(out, "dashboard_files.S", "wshub_dashboard", files);
const rows = files.map(({ name, bytes }, index) => {
  const type = TYPES[extname(name)];
  if (!type) throw new Error(`dashboard/${name}: of what type is it?`);
  return `    {"${name}", "${type}", "\\"${digest(bytes)}\\"", ${views[index].join(", ")}},`;
});
writeFileSync(
  join(out, "dashboard_files.cpp"),
  `// Made by embed_dashboard.mjs.
#include "dashboard.h"

${declarations.join("\n")}

namespace admin {

const std::vector<PageFile>& dashboard_files() {
    static const std::vector<PageFile> files{
${rows.map((row) => "    " + row).join("\n")}
    };
    return files;
}

}  // namespace admin
`,
);
