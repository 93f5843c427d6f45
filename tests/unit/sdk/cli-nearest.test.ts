// What is said of a verb that there is not, by the command line itself.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { nearest } from "../../../sdk/dist/cli/nearest.js";
import { VERBS } from "../../../sdk/dist/cli/verbs.js";

const SDK = join(import.meta.dirname, "..", "..", "..", "sdk");
const seapath = (...words: string[]) =>
  spawnSync(process.execPath, [join(SDK, "bin", "seapath.js"), ...words], { encoding: "utf8" });

describe("a verb or an option that there is not", function () {
  this.timeout(60_000);

  it("is near to one that is one slip away or written otherwise, and short ones are to none", () => {
    const verbs = VERBS.map(({ name }) => name);
    const cases: [string, string | undefined][] = [
      ["lst", "list"],
      ["lisst", "list"],
      ["lits", "list"],
      ["lost", "list"],
      ["create-snapshot", "create_snapshot"],
      ["addToCluster", "add-to-cluster"],
      ["STOP", "stop"],
      ["st", undefined],
      ["nothing", undefined],
    ];
    for (const [word, found] of cases) assert.equal(nearest(word, verbs), found, word);
    assert.equal(nearest("--hsots", ["--hosts"]), "--hosts");
  });

  it("ends with exit code 2 and says which was meant; --version is that of the package", () => {
    const wrong = seapath("lisst");
    assert.equal(wrong.status, 2);
    assert.match(wrong.stderr, /invalid choice: 'lisst', did you mean 'list'\? \(choose from 'create',/);
    const option = seapath("list", "--lonk");
    assert.equal(option.status, 2);
    assert.match(
      option.stderr,
      /^usage: seapath list.*\nseapath list: error: unrecognized arguments: --lonk, did you mean '--long'\?\n$/s,
    );
    const { version } = JSON.parse(readFileSync(join(SDK, "package.json"), "utf8")) as { version: string };
    assert.equal(seapath("--version").stdout, `seapath ${version}\n`);
  });
});
