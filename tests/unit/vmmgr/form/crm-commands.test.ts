import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(import.meta.url);
const { crmProblem } =
  require("../../../../provider/dist/vmmgr/form/crm-commands.js") as typeof import("../../../../provider/dist/vmmgr/form/crm-commands.js");
const { commandWords } =
  require("../../../../provider/dist/vmmgr/core/context.js") as typeof import("../../../../provider/dist/vmmgr/core/context.js");

describe("commands for `crm configure`", () => {
  it("change the CIB, and nothing else", () => {
    for (const line of [
      "location a web 1: node1",
      " order o a b",
      "property x=y",
      "primitive p ocf:pacemaker:Dummy",
      "delete a",
    ])
      assert.equal(crmProblem(line), undefined);
    for (const line of [
      "save /etc/cron.d/x",
      "load update http://host/x",
      "filter 'sh -c id'",
      "edit",
      "graph dot save /etc/x",
      "erase",
      "!id",
      "-F location a",
      "show",
      "ptest",
      "..",
      "cd",
      "",
      "a\nb",
    ]) {
      assert.match(crmProblem(line) ?? "", /^must /, line);
      assert.throws(() => commandWords([line]), /is not run/);
    }
  });

  it("are told without their parameters, where a password may be among them", () => {
    assert.throws(
      () => commandWords(["save primitive p stonith:x passwd=hunter2hunter2"]),
      (error: Error) =>
        /`crm configure save primitive …` is not run/.test(error.message) && !error.message.includes("hunter2"),
    );
    const file = (name: string) => join(import.meta.dirname, `../../../../provider/python/${name}.py`);
    const program = `import subprocess\nclass Failure(Exception):\n    pass\n${["secret_words", "copies"].map((name) => readFileSync(file(name), "utf8")).join("\n")}
for words in (["primitive", "p", "stonith:x", "params", "login=a", "passwd=hunter2hunter2"], ["property", "password=hunter2hunter2"]):
    try:
        on_copy(["sh", "-c", "echo \\"ERROR: syntax in '$*'\\" >&2; exit 1", "sh"] + words, "/x", "/y")
    except Failure as failure:
        print(failure)
    print(told_words(["crm", "configure"] + words))`;
    const done = spawnSync(
      "python3",
      ["-I", "-c", program.replace(/raise Failure\((.*?), (".*)\)$/m, "raise Failure($2)")],
      { encoding: "utf8" },
    );
    assert.equal(done.status, 0, done.stderr);
    assert.match(done.stdout, /ERROR: syntax in 'primitive p stonith:x params login=a passwd=\*{8}'/);
    assert.match(done.stdout, /^crm configure primitive p …$/m);
    assert.match(done.stdout, /^crm configure property password=\*{8}$/m);
    assert.doesNotMatch(done.stdout, /hunter2/);
  });

  it("are the same to the node program", () => {
    const text = readFileSync(join(import.meta.dirname, "../../../../provider/python/configure.py"), "utf8");
    const done = spawnSync(
      "python3",
      ["-I", "-c", `${/^CRM_VERBS = [^]*?^\)/m.exec(text)?.[0]}\nprint(" ".join(sorted(CRM_VERBS)))`],
      { encoding: "utf8" },
    );
    const verbs = done.stdout.trim().split(" ");
    assert.ok(verbs.length > 20, done.stderr);
    for (const verb of verbs) assert.equal(crmProblem(`${verb} x`), undefined, verb);
    const here =
      /new Set\(\[([^\]]*)/.exec(
        readFileSync(join(import.meta.dirname, "../../../../provider/src/vmmgr/form/crm-commands.ts"), "utf8"),
      )?.[1] ?? "";
    assert.deepEqual([...here.matchAll(/"(\w+)"/g)].map(([, verb]) => verb).sort(), verbs);
  });
});
