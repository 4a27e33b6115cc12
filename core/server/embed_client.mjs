// Prepares the browser client for being part of the program. Called by CMake:
//
//   node embed_client.mjs DIST OUT
//
// DIST is the dist folder of npm's socket.io-client. Into OUT go the bytes of each file that is served, client_files.S that
// takes all of them in, and client_files.cpp with the table of them (declared in core/server/client_bundle.h).
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { embed } from "../cmake/embed_files.mjs";

const [dist, out] = process.argv.slice(2).map((path) => resolve(path));
const scripts = ["socket.io.js", "socket.io.min.js", "socket.io.esm.min.js", "socket.io.msgpack.min.js"];
const names = scripts.flatMap((name) => [name, `${name}.map`]);
const { version } = JSON.parse(readFileSync(join(dist, "..", "package.json"), "utf8"));

const files = names.map((name) => ({ name, bytes: readFileSync(join(dist, name)) }));
const { declarations, views } = embed(out, "client_files.S", "wshub_client", files);
const rows = names.map((name, index) => `    {"${name}", ${views[index].join(", ")}},`);
writeFileSync(
  join(out, "client_files.cpp"),
  `// Made by embed_client.mjs.
#include "server/client_bundle.h"

${declarations.join("\n")}

namespace wshub::server {

const std::string_view kClientVersion = "${version}";

const std::array<ClientFile, kClientFiles> kClientFileTable{{
${rows.join("\n")}
}};

}  // namespace wshub::server
`,
);
