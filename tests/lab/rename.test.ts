// A stack, then its project, is renamed: what the state knows as its own stays so, and nothing is done to a guest.
import assert from "node:assert/strict";
import { join } from "node:path";
import { imageMeta, on } from "./support/cluster.ts";
import { TestStack, type Vms } from "./support/stack.ts";
import { tick } from "./support/vms.ts";

const vms = (apart: boolean): Vms => ({
  renone: tick({ metadata: { site: "north" } }),
  rentwo: tick({ preferredHost: "node2" }),
  rendisk: { $kind: "Disk", vm: "$ref:renone.name", size: "8MiB" },
  rensnap: { $kind: "Snapshot", vm: "$ref:renone.name", name: "before", quiesce: "none", $after: ["rendisk"] },
  renback: { $kind: "Rollback", vm: "$ref:renone.name", snapshot: "$ref:rensnap.name", triggers: ["1"] },
  renpair: {
    $kind: "Colocation",
    vm: "$ref:renone.name",
    with: ["$ref:rentwo.name"],
    strong: true,
    ...(apart ? { apart } : {}),
  },
  renorder: { $kind: "Order", first: "$ref:renone.name", then: ["$ref:rentwo.name"], kind: "optional" },
  renkeys: { $kind: "Metadata", vm: "$ref:renone.name", metadata: { ticket: "4711" } },
});

const pids = () =>
  Promise.all(
    ["renone", "rentwo"].map(async (vm) => {
      const found = await Promise.all(
        [1, 2, 3].map((node) => on(`node${node}`, "pgrep", "-f", `guest=${vm},`).catch(() => "")),
      );
      return found.join("").trim();
    }),
  );

describe("a renamed stack", function () {
  this.timeout(300_000);
  let stack: TestStack;
  before(async () => {
    // An earlier run may have got as far as any of the names.
    for (const name of ["renamedto", "renamed"]) await (await TestStack.make(name)).remove();
    stack = await TestStack.make("renamed");
  });
  after(() => stack.destroy());

  async function ownedBy(owner: string) {
    assert.equal(await imageMeta("renone", "_seapath_owner"), owner);
    assert.equal(await imageMeta("renone", "_seapath_owner_ticket"), `${owner}/renkeys`);
    const cib = await on("node1", "cibadmin", "--query", "--scope", "constraints");
    const marks = [...cib.matchAll(/id="[^"]*ren(?:one|two)[^"]*\.by\.([^"]*)"/g)].map(([, mark]) => mark);
    assert.deepEqual(
      [...new Set(marks)].sort(),
      ["renorder", "renpair"].map((name) => `${owner.replace("/", "..")}..${name}`),
    );
    assert.match(
      await on("node1", "rbd", "image-meta", "list", "data_renone_0"),
      new RegExp(`"owner":"${owner}/rendisk"`),
    );
  }

  // Tried: the stack is renamed → each resource changes its owner in place, no guest notices
  it("keeps what is its own, of every kind", async () => {
    await stack.up(vms(true));
    const before = await pids();
    await ownedBy("labtest/renamed");
    stack = await stack.rename("renamedto");
    const { changes } = await stack.preview(vms(true));
    assert.deepEqual(changes, { same: 1, update: 8 });
    await stack.up(vms(true));
    await ownedBy("labtest/renamedto");
    assert.deepEqual(await pids(), before);
    assert.deepEqual((await stack.preview(vms(true), { refresh: true })).changes, { same: 9 });
  });

  // Tried: the project is renamed, and a relation says the contrary of what it said → its own former constraint is nothing against it
  it("does so after a rename of its project, also where a relation is changed with it", async () => {
    stack = await stack.rename("organization/labtestmoved/renamedto", join(import.meta.dirname, "moved-project"));
    await stack.up(vms(false));
    await ownedBy("labtestmoved/renamedto");
    assert.deepEqual((await stack.preview(vms(false), { refresh: true })).changes, { same: 9 });
  });
});
