// Colocations and orders through their life, looked at with crm, cibadmin and crm_simulate.
import assert from "node:assert/strict";
import { eventually, on, qemu } from "./support/cluster.ts";
import { TestStack, type Vms } from "./support/stack.ts";
import { tick } from "./support/vms.ts";

const shown = (id: string) => on("node1", "crm", "configure", "show", id);
const ids = async () => {
  const cib = await on("node1", "cibadmin", "--query", "--scope", "constraints");
  return [...cib.matchAll(/<rsc_(?:colocation|order) [^>]*id="([^"]*colo[^"]*)"/g)]
    .map((match) => match[1] ?? "")
    .filter((id) => /colo[a-d]\b/.test(id))
    .sort();
};
/** The node of each VM, by where its QEMU runs. */
const places = async (...vms: string[]) => {
  const found = await Promise.all(vms.map((vm) => qemu(vm)));
  return found.map(([at]) => (at ?? "").split(":")[0] ?? "");
};

const vms: Vms = {
  coloa: tick({ liveMigration: true }),
  colob: tick({ liveMigration: true }),
  coloc: tick({ liveMigration: true }),
};
const rule = (more: Record<string, unknown>, name = "rule"): Vms => ({
  [name]: { $kind: "Colocation", vm: "$ref:coloa.name", with: ["$ref:colob.name"], ...more },
});

describe("a colocation", function () {
  this.timeout(180_000);
  let stack: TestStack;

  before(async () => {
    stack = await TestStack.make("colo");
  });
  after(async () => {
    await stack.destroy();
    assert.deepEqual(await ids(), []);
  });

  it("is previewed with VMs that the same `up` makes, and made with them", async () => {
    const asked = { ...vms, ...rule({ apart: true, strong: true, with: ["$ref:colob.name", "$ref:coloc.name"] }) };
    const { changes } = await stack.preview(asked);
    assert.equal(changes["create"], 5);
    await stack.up(asked);
    assert.deepEqual(await ids(), [
      "apart-strong-coloa-withcolob",
      "apart-strong-coloa-withcoloc",
      "apart-strong-colob-withcoloc",
    ]);
    assert.equal(
      await shown("apart-strong-colob-withcoloc"),
      "colocation apart-strong-colob-withcoloc -inf: colob ( coloc )",
    );
    assert.equal(new Set(await places("coloa", "colob", "coloc")).size, 3);
    assert.deepEqual((await stack.preview(asked, { refresh: true })).changes, { same: 5 });
  });

  it("is changed in place to one that vm-mgr makes, and back, and VMs move live", async () => {
    const asked = { ...vms, ...rule({ strong: true }) };
    const { text, changes } = await stack.preview(asked);
    assert.match(
      text,
      /they run coloa on node\d \(moves live\), colob on node\d \(moves live\); Pacemaker may move some/,
    );
    assert.deepEqual(changes, { same: 4, update: 1 });
    await stack.up(asked);
    assert.deepEqual(await ids(), ["colocation-strong-coloa-withcolob"]);
    assert.equal(
      await shown("colocation-strong-coloa-withcolob"),
      "colocation colocation-strong-coloa-withcolob inf: coloa ( colob )",
    );
    const [a, b] = await places("coloa", "colob");
    assert.equal(a, b);
    await stack.up({ ...vms, ...rule({ with: ["$ref:colob.name", "$ref:coloc.name"] }) });
    assert.equal(
      await shown("colocation-coloa-withcolob-coloc"),
      "colocation colocation-coloa-withcolob-coloc 700: coloa ( colob coloc )",
    );
    assert.equal((await ids()).length, 1);
  });

  it("shows what others changed of it, and mends it", async () => {
    const asked = { ...vms, ...rule({ with: ["$ref:colob.name", "$ref:coloc.name"] }) };
    await on(
      "node1",
      "cibadmin",
      "--modify",
      "--xml-text",
      '<rsc_colocation id="colocation-coloa-withcolob-coloc" score="55"/>',
    );
    const { text } = await stack.preview(asked, { refresh: true });
    assert.match(text, /score\s*:\s*55/);
    await stack.refresh();
    assert.deepEqual((await stack.up(asked)).changes, { same: 4, update: 1 });
    assert.match(await shown("colocation-coloa-withcolob-coloc"), /700: coloa/);
    await on("node1", "crm", "configure", "delete", "colocation-coloa-withcolob-coloc");
    await stack.refresh();
    assert.deepEqual((await stack.up(asked)).changes, { same: 4, create: 1 });
    assert.equal((await ids()).length, 1);
  });

  it("orders starts as well, in place, and by it a stop takes the later ones along", async () => {
    const order = (more: Record<string, unknown>): Vms => ({
      ...vms,
      boot: { $kind: "Order", first: "$ref:coloa.name", then: ["$ref:colob.name", "$ref:coloc.name"], ...more },
    });
    const id = "order-coloa-thencolob-coloc";
    await stack.up(order({ kind: "optional" }));
    assert.deepEqual(await ids(), [id]);
    assert.equal(await shown(id), `order ${id} Optional: coloa colob coloc`);
    const asked = order({ sequential: false });
    const { text } = await stack.preview(asked);
    assert.match(text, /when coloa stops, restarts or moves by a stop, so do colob, coloc/);
    assert.deepEqual((await stack.up(asked)).changes, { same: 4, update: 1 });
    assert.equal(await shown(id), `order ${id} Mandatory: coloa ( colob coloc )`);
    assert.deepEqual((await stack.preview(asked, { refresh: true })).changes, { same: 5 });
    await on("node1", "crm", "resource", "stop", "coloa");
    const left = await eventually(
      async () => (await Promise.all(["colob", "coloc"].map(qemu))).flat(),
      (found) => found.length === 0,
      60,
    );
    assert.deepEqual(left, []);
  });
});
