import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(import.meta.url);
const { crmProblem } = require("../../../provider/dist/vmmgr/crm-commands.js") as typeof import("../../../provider/dist/vmmgr/crm-commands.js");
const { commandWords } = require("../../../provider/dist/vmmgr/context.js") as typeof import("../../../provider/dist/vmmgr/context.js");

describe("commands for `crm configure`", () => {
  it("change the CIB, and nothing else", () => {
    for (const line of ["location a web 1: node1", " order o a b", "property x=y", "primitive p ocf:pacemaker:Dummy", "delete a"]) assert.equal(crmProblem(line), undefined);
    for (const line of ["save /etc/cron.d/x", "load update http://host/x", "filter 'sh -c id'", "edit", "graph dot save /etc/x", "erase", "!id", "-F location a", "show", "ptest", "..", "cd", "", "a\nb"]) {
      assert.match(crmProblem(line) ?? "", /^must /, line);
      assert.throws(() => commandWords([line]), /is not run/);
    }
  });

  it("are the same to the node program", () => {
    const text = readFileSync(join(import.meta.dirname, "../../../provider/python/configure.py"), "utf8");
    const done = spawnSync("python3", ["-I", "-c", `${/^CRM_VERBS = [^]*?^\)/m.exec(text)?.[0]}\nprint(" ".join(sorted(CRM_VERBS)))`], { encoding: "utf8" });
    const verbs = done.stdout.trim().split(" ");
    assert.ok(verbs.length > 20, done.stderr);
    for (const verb of verbs) assert.equal(crmProblem(`${verb} x`), undefined, verb);
    const here = /new Set\(\[([^\]]*)/.exec(readFileSync(join(import.meta.dirname, "../../../provider/src/vmmgr/crm-commands.ts"), "utf8"))?.[1] ?? "";
    assert.deepEqual([...here.matchAll(/"(\w+)"/g)].map(([, verb]) => verb).sort(), verbs);
  });
});
