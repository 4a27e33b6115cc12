// The sum that `./dev test` makes of what a runner says: what was skipped is in it, with the reason, suites too.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, it } from "node:test";
import { ROOT } from "./support/hub.mjs";

const scratch = mkdtempSync(path.join(tmpdir(), "wshub-dev-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

// The script without its last lines, which do what was asked for; then these.
function inDev(lines) {
  const script = `source <(sed '/^command=/,$d' dev); root=$PWD; ${lines}`;
  const { NODE_TEST_CONTEXT, ...env } = process.env; // a runner within a runner would do nothing
  return execFileSync("bash", ["-euc", script], { cwd: ROOT, env, encoding: "utf8" });
}

it("names every case and suite that Node's runner skipped", () => {
  const file = path.join(scratch, "some.test.mjs");
  writeFileSync(
    file,
    `import { describe, it } from "node:test";
describe("a suite", { skip: "no # mounts here" }, () => { it("one", () => {}); it("two", () => {}); });
describe("another", () => {
  it("does", () => {});
  it("does not", () => { throw new Error("no"); });
  it("is left out", { skip: "too large" }, () => {});
  it("finds out late", (t) => t.skip());
});
`,
  );
  const said = inDev(`around=(env); node_tests "some" ${scratch}/tap 60 ${file} >${scratch}/out; tail -n 4 ${scratch}/out; echo "$passed $failed $skipped"`);
  assert.equal(
    said,
    `some: 1 passed, 1 failed, 3 skipped:
  a suite: no # mounts here
  is left out: too large
  finds out late: no reason given
1 1 3
`,
  );
});

it("counts a runner that ended without a failed case as one that failed", () => {
  assert.equal(inDev('tally silent 1 0 0; echo "$passed $failed $skipped"'), "silent: 0 passed, 1 failed\n0 1 0\n");
});
