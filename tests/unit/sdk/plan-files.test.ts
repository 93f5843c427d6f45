// A plan as a drawing in Mermaid, as files, and as an exit code.
import assert from "node:assert/strict";
import { chmodSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Drawn } from "../../../sdk/dist/cli/plan/mermaid.js";
import type { Planned } from "../../../sdk/dist/cli/plan/rows.js";

const require = createRequire(import.meta.url);
const { planMermaid } = require("../../../sdk/dist/cli/plan/mermaid.js") as typeof import("../../../sdk/dist/cli/plan/mermaid.js");
const { orUnreachable, UNREACHABLE, writePlan } = require("../../../sdk/dist/cli/plan/files.js") as typeof import("../../../sdk/dist/cli/plan/files.js");
const { writePrivate } = require("../../../sdk/dist/cli/plan/private.js") as typeof import("../../../sdk/dist/cli/plan/private.js");

const vm = (name: string, more: Partial<Planned["placements"][number]> = {}) =>
  ({ vm: name, before: "node1", after: "node1", planned: false, changed: false, candidates: ["node1"], ...more });
const planned = (placements: Planned["placements"]): Drawn => ({
  hypervisors: ["node1", "node2"],
  placements,
  losses: [{ node: "node1", fates: placements.map(({ vm: name }) => ({ vm: name, before: "node1", unplaced: "no node" })) }],
});

/** The boxes of a drawing: each subgraph with its labels, as the lines nest. */
function boxes(text: string): string[] {
  const within: string[] = [];
  const found: string[] = [];
  for (const line of text.split("\n")) {
    const [, title] = /^subgraph \w+\["(.*)"\]$/.exec(line) ?? [];
    if (title !== undefined) within.push(title);
    else if (line === "end") within.pop();
    const [, label, look] = /^\w+\["(.*)"\]:::(\w+)$/.exec(line) ?? [];
    if (label !== undefined) found.push(`${within.join("/")}: ${label} ${look}`);
  }
  assert.deepEqual(within, [], "each box is closed");
  return found;
}

describe("a plan in Mermaid", () => {
  it("has each VM on its node, now, after and after a loss", () => {
    const text = planMermaid(planned([vm("web", { changed: true, after: "node2", candidates: ["node1", "node2"] }), vm("old")]));
    assert.deepEqual(boxes(text).filter((box) => !box.endsWith(" empty")), [
      "now/node1: web changed", "now/node1: old other", "after/node1: old other", "after/node2: web #63; moved",
      "without node1/nowhere: web lost", "without node1/nowhere: old lost",
    ]);
    assert.match(text, /^flowchart LR\n/);
    assert.match(text, /^s0 --> s1$/m);
    assert.match(text, /^s1 -\.-> s2$/m);
    const classes = new Set([...text.matchAll(/:::(\w+)/g)].map(([, look]) => look));
    for (const look of classes) assert.match(text, new RegExp(`^classDef ${look} `, "m"));
  });

  it("has a VM that comes to run in a guest node", () => {
    assert.ok(boxes(planMermaid(planned([vm("web", { after: "guest1" })]))).includes("after/guest1: web moved"));
  });

  it("has names as text, whatever they are", () => {
    const text = planMermaid(planned([vm('a"]\nend\nclick x "javascript:1" `b` <i> ; %%')]));
    assert.equal(boxes(text).filter((box) => box.startsWith("now/node1")).length, 1);
    assert.doesNotMatch(text.replaceAll(/-->|-\.->/g, ""), /^click|[<>`%]|javascript:/m);
  });

  it("leaves out what cannot be read any more: losses, then what does not change", () => {
    const many = (count: number, changed = 1) => planned(Array.from({ length: count }, (_, index) => vm(`vm${index}`, index < changed ? { changed: true } : {})));
    assert.match(planMermaid(many(20)), /without node1/);
    assert.doesNotMatch(planMermaid(many(25)), /without node1/);
    const large = planMermaid(many(300));
    assert.deepEqual(boxes(large).filter((box) => box.startsWith("after/node1")), ["after/node1: vm0 changed", "after/node1: 299 that stay as they are other"]);
    assert.ok(large.length < 2000);
    const all = planMermaid(many(2000, 1500));
    assert.deepEqual(boxes(all).filter((box) => box.startsWith("after/node1")), ["after/node1: 1500 changed changed", "after/node1: 500 that stay as they are other"]);
  });
});

describe("a plan as files", () => {
  it("is there in each form, without the cluster that it was made of and the metadata of VMs", () => {
    const folder = mkdtempSync(join(tmpdir(), "seapath-plan-"));
    try {
      const whole = { ...planned([vm("web")]), epoch: "1.7", saved: { cib: "<cib/>", nodes: [] }, rooms: [], unknown: [], open: [], inside: [], declared: [{ vm: "web", priority: 3, metadata: { token: "hunter2" } }], resources: {} };
      writePlan(join(folder, "new"), whole as unknown as Planned);
      assert.deepEqual(readdirSync(join(folder, "new")).sort(), ["plan.json", "plan.md", "plan.mmd", "plan.svg", "plan.txt"]);
      assert.doesNotMatch(readFileSync(join(folder, "new", "plan.json"), "utf8"), /<cib|hunter2/);
      assert.equal(statSync(join(folder, "new")).mode & 0o777, 0o700);
      for (const file of readdirSync(join(folder, "new"))) assert.equal(statSync(join(folder, "new", file)).mode & 0o777, 0o600, file);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("is its owner's alone, also where anybody could read what was there, and through a link", () => {
    const folder = mkdtempSync(join(tmpdir(), "seapath-plan-"));
    const [file, link] = [join(folder, "cluster.json"), join(folder, "link.json")];
    try {
      writeFileSync(file, "old");
      chmodSync(file, 0o644);
      symlinkSync(file, link);
      for (const [path, text] of [[file, "new"], [link, "by the link"]] as const) {
        chmodSync(file, 0o666);
        writePrivate(path, text);
        assert.equal(readFileSync(file, "utf8"), text);
        assert.equal(statSync(file).mode & 0o777, 0o600);
      }
      assert.ok(lstatSync(link).isSymbolicLink());
      assert.deepEqual(readdirSync(folder).sort(), ["cluster.json", "link.json"]);
      writePrivate("/dev/null", "a device stays one");
      assert.ok(!statSync("/dev/null").isFile());
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("says by its exit code that no node could be reached, and throws anything else", async () => {
    const said: string[] = [];
    assert.equal(await orUnreachable(() => Promise.reject(Object.assign(new Error("no way"), { code: "connection" })), (text) => said.push(text)), UNREACHABLE);
    assert.deepEqual(said, ["no way\n"]);
    await assert.rejects(orUnreachable(() => Promise.reject(Object.assign(new Error("no file"), { code: "ENOENT" }))), /no file/);
    assert.equal(await orUnreachable(() => Promise.resolve()), undefined);
  });
});
