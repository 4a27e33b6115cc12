// Files that become part of a library or of the program: each as it is, and compressed with gzip and brotli where that makes
// it smaller. For the scripts that CMake calls.
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const ENCODINGS = {
  identity: (bytes) => bytes,
  gzip: (bytes) => gzipSync(bytes, { level: 9 }),
  brotli: (bytes) =>
    brotliCompressSync(bytes, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
    }),
};

// The first 128 bits of the SHA-256, in hex.
export const digest = (bytes) => createHash("sha256").update(bytes).digest("hex").slice(0, 32);

// Writes the bytes of `files` ([{name, bytes}]) in all encodings into the folder `out`, and OUT/ASSEMBLY that takes them in. Gives
// what a C++ source needs to name them: `declarations`, and for each file the `views` (pointer and length) of identity,
// gzip and brotli; an encoding that would be larger is {}.
export function embed(out, assemblyName, symbols, files) {
  mkdirSync(out, { recursive: true });
  const assembly = [".section .rodata"];
  const declarations = [];
  const views = files.map(({ bytes }, index) =>
    Object.entries(ENCODINGS).map(([encoding, encode]) => {
      const encoded = encode(bytes);
      if (encoding !== "identity" && encoded.length >= bytes.length) return "{}";
      const file = join(out, `${index}.${encoding}`);
      const symbol = `${symbols}_${index}_${encoding}`;
      writeFileSync(file, encoded);
      assembly.push(`.global ${symbol}`, `${symbol}: .incbin ${JSON.stringify(file)}`);
      declarations.push(`extern "C" const char ${symbol}[];`);
      return `{${symbol}, ${encoded.length}}`;
    }),
  );
  assembly.push('.section .note.GNU-stack,"",%progbits', "");
  writeFileSync(join(out, assemblyName), assembly.join("\n"));
  return { declarations, views };
}
