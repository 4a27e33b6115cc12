// The archive, unpacked in a clean Debian that has the libraries that the page names, and nothing else: it runs, and runs elsewhere too.
import assert from "node:assert/strict";
import { readFileSync, renameSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { ROOT } from "../e2e/support/hub.mjs";
import { System, binaries, hindrance, packed, roundTrip, runs } from "./roots.mjs";

const ARCHIVE = packed(/^wshub-.*\.tar\.gz$/);
const NAME = path.basename(ARCHIVE, ".tar.gz");
const page = readFileSync(path.join(ROOT, "docs/operations/install.md"), "utf8");
const skip = hindrance();

describe("the archive", { skip }, () => {
  let system;
  before(() => {
    system = System.debian();
    system.apt("update");
  });
  after(() => system?.remove());

  it("finds every library, once those are installed that the page names", () => {
    const [, names] = /^## The archive$[^]*?^apt install (lib.*)$/m.exec(page);
    const files = () => system.runs(["ldd", ...binaries(system.file("/opt")).map((name) => `/opt/${name}`)]);
    runs("mkdir", ["-p", system.file("/opt")]);
    runs("tar", ["-xzf", ARCHIVE, "-C", system.file("/opt")]);
    assert.match(files(), /not found/, "they are not there by themselves");
    system.apt("install", ...names.split(" "));
    assert.doesNotMatch(files(), /not found/);
    // Each is needed: by the name that its package has in Debian.
    const needed = binaries(system.file("/opt")).map((name) => runs("readelf", ["-d", system.file(`/opt/${name}`)])).join("\n");
    for (const name of names.split(" ")) {
      const stem = name.replace(/[\d.]+$/, "");
      assert.match(needed, new RegExp(`\\[${stem}\\.so`, "i"), name);
    }
  });

  for (const place of ["/opt", "/srv"]) {
    it(`runs from ${place} as the page says`, async () => {
      if (place !== "/opt") renameSync(system.file(`/opt/${NAME}`), system.file(`${place}/${NAME}`));
      const lines = /^cd (\S+)\n(bin\/wshub .*)$/m.exec(page);
      assert.equal(lines[1], NAME);
      const hub = await system.serves(["sh", "-euc", `cd ${place}/${NAME}; exec ${lines[2]} "$@"`, "wshub", "--set", "server.port=0"], { env: { HOME: "/tmp" } });
      try {
        await roundTrip(hub);
      } finally {
        assert.deepEqual(await hub.stop(), { code: 0, signal: null }, hub.log);
      }
      assert.doesNotMatch(hub.log, / error /);
    });
  }
});
