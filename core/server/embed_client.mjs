// Prepares the browser client for being part of the program. Called by CMake:
//
//   node embed_client.mjs DIST OUT
//
// DIST is the dist folder of npm's socket.io-client. Into OUT go a copy of each file that is served, the same compressed
// with gzip and brotli, client_files.S that takes all of them in as bytes, and client_files.cpp with the table of them
// (declared in core/server/client_bundle.h).
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const [dist, out] = process.argv.slice(2).map((path) => resolve(path));
const scripts = ["socket.io.js", "socket.io.min.js", "socket.io.esm.min.js", "socket.io.msgpack.min.js"];
const names = scripts.flatMap((name) => [name, `${name}.map`]);
const { version } = JSON.parse(readFileSync(join(dist, "..", "package.json"), "utf8"));

const encodings = {
  identity: (bytes) => bytes,
  gzip: (bytes) => gzipSync(bytes, { level: 9 }),
  brotli: (bytes) =>
    brotliCompressSync(bytes, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
    }),
};

mkdirSync(out, { recursive: true });
const assembly = [".section .rodata"];
const declarations = [];
const rows = [];
names.forEach((name, index) => {
  const bytes = readFileSync(join(dist, name));
  const views = Object.entries(encodings).map(([encoding, encode]) => {
    const file = join(out, `${name}.${encoding}`);
    const symbol = `wshub_client_${index}_${encoding}`;
    const encoded = encode(bytes);
    writeFileSync(file, encoded);
    assembly.push(`.global ${symbol}`, `${symbol}: .incbin ${JSON.stringify(file)}`);
    declarations.push(`extern "C" const char ${symbol}[];`);
    return `{${symbol}, ${encoded.length}}`;
  });
  rows.push(`    {"${name}", ${views.join(", ")}},`);
});
assembly.push('.section .note.GNU-stack,"",%progbits', "");
writeFileSync(join(out, "client_files.S"), assembly.join("\n"));
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
