// The plugin auth over a libcurl that is older than the one it was compiled with, as in Fedora 37: what is newer than 7.85 does not
// exist there. Stood in for by a library that refuses those options, as libcurl does with what it does not know.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, it } from "node:test";
import { Client } from "./support/clients.mjs";
import { startHub } from "./support/hub.mjs";

const scratch = mkdtempSync(path.join(tmpdir(), "wshub-libcurl-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

// CURLOPT_QUICK_EXIT and CURLOPT_CA_CACHE_TIMEOUT are the 322nd and 321st, both numbers;
// what 7.85 knows ends with the 319th.
const OLDER = `
#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
int curl_easy_setopt(void* easy, int option, ...) {
  static int (*real)(void*, int, ...);
  if (option % 10000 > 319) {
    fprintf(stderr, "option %d is not known\\n", option);
    return 48; /* CURLE_UNKNOWN_OPTION */
  }
  if (!real) *(void**)&real = dlsym(dlopen("libcurl.so.4", RTLD_NOW), "curl_easy_setopt");
  va_list more;
  va_start(more, option);
  void* value = va_arg(more, void*); /* whatever it is, it has a register */
  va_end(more);
  return real(easy, option, value);
}
`;

it("asks the backend without what newer ones have", async () => {
  const source = path.join(scratch, "older.c");
  const library = path.join(scratch, "older.so");
  writeFileSync(source, OLDER);
  execFileSync("cc", ["-shared", "-fPIC", "-o", library, source, "-ldl"]);
  const backend = http.createServer((request, response) => {
    request.resume().on("end", () => response.writeHead(200, { "content-type": "application/json" }).end('{"accept":true,"username":"alice"}'));
  });
  await new Promise((resolve) => backend.listen(0, "127.0.0.1", resolve));
  const hub = await startHub({
    env: { LD_PRELOAD: library, ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ""}:verify_asan_link_order=0` },
    set: { "plugins.enabled": "auth, users, messaging", "plugin.auth.mode": "webhook", "plugin.auth.webhook_url": `http://127.0.0.1:${backend.address().port}/` },
  });
  try {
    const client = await Client.connect(hub);
    assert.equal((await client.acked("message", { text: "hello" })).status, "received");
    client.close();
    assert.match(hub.log, /option 322 is not known/, "the options were tried");
  } finally {
    await hub.stop();
    backend.close();
  }
});
