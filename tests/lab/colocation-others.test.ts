// Colocations beside other programs: another stack, crm in a loop, vm-mgr's disable, a link that breaks.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { on, tryOn } from "./support/cluster.ts";
import { clusterOn, FailingRunner, labRunner, type Moment } from "./support/failing.ts";
import { TestStack, type Vms } from "./support/stack.ts";
import { tick, TICK } from "./support/vms.ts";

const require = createRequire(import.meta.url);
const vmmgr = require("../../provider/dist/vmmgr/index.js") as typeof import("../../provider/dist/vmmgr/index.js");
const { addColocation, colocationRelation, createRelation, removeRelation, updateRelation } = vmmgr;
type Spec = Parameters<typeof colocationRelation>[0];

const off = tick({ started: false });
const vms: Vms = { colx: off, coly: off, colz: off };
const together: Vms = { pair: { $kind: "Colocation", vm: "colx", with: ["coly"] } };
const shown = async (id: string) => (await tryOn("node1", "crm", "configure", "show", id)).text;
const constraintIds = async () => {
  const cib = await on("node1", "cibadmin", "--query", "--scope", "constraints");
  return [...cib.matchAll(/<rsc_\w+ [^>]*\bid="([^"]*)"/g)]
    .map((match) => match[1] ?? "")
    .filter((id) => /col[xyz]/.test(id));
};
const relations = async () => (await constraintIds()).filter((id) => /^(colocation|apart)-/.test(id)).sort();

describe("a colocation beside other programs", function () {
  this.timeout(180_000);
  let owner: TestStack;
  let other: TestStack;

  before(async () => {
    [owner, other] = [await TestStack.make("colone"), await TestStack.make("coltwo")];
    await owner.up(vms);
  });
  after(async () => {
    await other.destroy();
    await owner.destroy();
    assert.deepEqual(await constraintIds(), []);
  });

  it("is refused where there is one, by whom it was made, and taken over when that is asked for", async () => {
    await on("node1", "crm", "configure", "colocation", "colocation-colx-withcoly", "700:", "colx", "(", "coly", ")");
    const runner = labRunner();
    try {
      const add = (...others: string[]) =>
        addColocation({ cluster: clusterOn(runner) }, { vm: "colx", with: others, strong: false, apart: false });
      await assert.rejects(add("coly"), /has a constraint "colocation-colx-withcoly" already, made by vm-mgr or crm/);
      await assert.rejects(add("colx"), /with\[0\]: "colx" is named twice/);
      await assert.rejects(
        add("colnone"),
        /Unable to create colocation "colx with colnone" on node\d: with: VM "colnone" does not exist/,
      );
    } finally {
      runner.close();
    }
    assert.match(
      await other.failing("preview", together),
      /vm.*has a constraint "colocation-colx-withcoly" already, made by vm-mgr or crm.*adopt: true/s,
    );
    await other.up({ pair: { ...together["pair"], adopt: true } });
    const text = await owner.failing("preview", { ...vms, ...together });
    assert.match(text, /already, made by labtest\/coltwo\/pair/);
    await other.up({});
    assert.deepEqual(await relations(), []);
  });

  // Tried: two programs make one colocation → one wins, the other is told whose it is
  it("is made by one of two stacks at once, and the other says whose it is", async () => {
    const runs = await Promise.allSettled([owner.up({ ...vms, ...together }), other.up(together)]);
    const failed = runs.flatMap((run) => (run.status === "rejected" ? [(run.reason as Error).message] : []));
    assert.equal(failed.length, 1);
    assert.match(failed[0] ?? "", /colocation-colx-withcoly" already, made by labtest\/col(one|two)\/pair/);
    assert.deepEqual(await relations(), ["colocation-colx-withcoly"]);
    await other.up({});
    await owner.up({ ...vms, ...together });
    assert.match(await shown("colocation-colx-withcoly"), /700: colx \( coly \)/);
  });

  it("is taken up again when a run was killed before it could record it", async () => {
    const runner = labRunner();
    try {
      const spec = { vm: "colx", with: ["colz"], strong: false, apart: true, owner: "labtest/coltwo/lost" };
      await createRelation({ cluster: clusterOn(runner) }, colocationRelation(spec));
    } finally {
      runner.close();
    }
    const { changes } = await other.up({ lost: { $kind: "Colocation", vm: "colx", with: ["colz"], apart: true } });
    assert.equal(changes["create"], 1);
    await other.up({});
    assert.doesNotMatch((await relations()).join(), /apart/);
  });

  it("comes back after vm-mgr's disable has taken it away with its VM", async () => {
    // What `vm-mgr disable` does: the primitive goes, and with it every constraint that names it.
    await on("node1", "crm", "--force", "configure", "delete", "coly");
    assert.deepEqual(await relations(), []);
    await owner.refresh();
    const asked: Vms = { ...vms, pair: { ...together["pair"], with: ["$ref:coly.name"] } };
    const { changes } = await owner.up(asked);
    assert.deepEqual(changes, { same: 3, update: 1, create: 1 });
    assert.match(await shown("colocation-colx-withcoly"), /700: colx \( coly \)/);
    await owner.up(vms);
  });

  // Tried: a VM that constraints of others name is disabled → they wait for it, go on for the other VMs meanwhile, and come back
  it("waits with a VM that is disabled, goes on for the others, and is there again when all are", async () => {
    const trio: Vms = {
      trio: { $kind: "Colocation", vm: "$ref:colx.name", with: ["$ref:coly.name", "$ref:colz.name"] },
    };
    const id = "colocation-colx-withcoly-colz";
    const disabled = { ...off, enabled: false };
    await owner.up({ ...vms, ...trio });
    const one = { ...vms, colz: disabled, ...trio };
    await owner.up(one);
    assert.match(await shown(id), /700: colx \( coly \)/);
    const { text, changes } = await owner.preview(one, { refresh: true });
    assert.deepEqual(changes, { same: 5 });
    assert.match(text, /waits until VM "colz" is enabled/);
    await owner.up({ ...vms, colz: disabled, coly: disabled, ...trio });
    assert.deepEqual(await relations(), []);
    await owner.up({ ...vms, coly: disabled, ...trio });
    assert.match(await shown(id), /700: colx \( colz \)/);
    await owner.up({ ...vms, ...trio });
    assert.match(await shown(id), /700: colx \( coly colz \)/);
    assert.doesNotMatch(await on("node1", "rbd", "image-meta", "list", "system_coly"), /_parked_constraints/);
  });

  // Tried: such a VM is made anew → they stay, and those that were removed do not come back
  it("stays while its VM is made anew, and does not come back once it was removed", async () => {
    const asked: Vms = { ...vms, pair: { $kind: "Colocation", vm: "$ref:colx.name", with: ["$ref:coly.name"] } };
    await owner.up(asked);
    await on("node1", "cp", TICK, "/var/lib/seapath/images/coltick.qcow2");
    const other = { ...off, source: { nodePath: "/var/lib/seapath/images/coltick.qcow2" } };
    await owner.up({ ...asked, colx: other });
    assert.match(await shown("colocation-colx-withcoly"), /700: colx \( coly \)/);
    await owner.up({ ...asked, colx: { ...other, enabled: false } });
    await owner.up({ ...vms, colx: { ...other, enabled: false } });
    await owner.up({ ...vms, colx: other });
    assert.deepEqual(await relations(), []);
    await on("node1", "rm", "/var/lib/seapath/images/coltick.qcow2");
  });

  // Tried: `crm configure` runs in a loop beside changes of ours → a change that collides is made anew; nothing of either is lost
  it("is made, changed and removed beside a loop of crm commands, and nobody's is lost", async () => {
    const loop = { runs: true };
    const made: string[] = [];
    const looping = (async () => {
      for (let count = 0; loop.runs; count++) {
        const { exitCode } = await tryOn(
          "node2",
          "crm",
          "configure",
          "colocation",
          `colzloop${count}`,
          `${count + 1}:`,
          "colz",
          "colx",
        );
        if (exitCode === 0) made.push(`colzloop${count}`);
      }
    })();
    const inner = labRunner();
    try {
      const context = { cluster: clusterOn(inner) };
      const spec = (more: Partial<Spec>): Spec => ({
        vm: "colx",
        with: ["coly"],
        strong: false,
        apart: false,
        owner: "labtest/loop/pair",
        ...more,
      });
      const known = { noun: "colocation" as const, owners: ["labtest/loop/pair"], ids: [] };
      await createRelation(context, colocationRelation(spec({})));
      for (let round = 0; round < 8 || made.length < 4; round++) {
        const more = {
          apart: round % 2 === 0,
          strong: round % 4 < 2,
          with: round % 3 === 0 ? ["coly", "colz"] : ["coly"],
        };
        const wanted = colocationRelation(spec(more));
        await updateRelation(context, known, wanted);
        assert.deepEqual(await relations(), wanted.elements.map(({ attrs }) => attrs["id"]).sort());
      }
      await other.up({ far: { $kind: "Colocation", vm: "colz", with: ["coly"], apart: true } });
      loop.runs = false;
      await looping;
      assert.ok(made.length >= 4, made.join());
      const present = await constraintIds();
      for (const id of made) assert.ok(present.includes(id), `${id}, which crm made`);
      assert.ok(present.includes("apart-colz-withcoly"));
      await removeRelation(context, known);
      assert.deepEqual(await relations(), ["apart-colz-withcoly"]);
      await other.up({});
      for (const id of made) await on("node1", "cibadmin", "--delete", "--xpath", `//rsc_colocation[@id='${id}']`);
    } finally {
      loop.runs = false;
      await looping;
      inner.close();
    }
  });

  // Tried: the link breaks in a colocation → all of it is there, or nothing; a lost answer is looked up
  it("is there whole or not at all, whenever the link breaks", async () => {
    const wanted = colocationRelation({
      vm: "colx",
      with: ["coly", "colz"],
      strong: true,
      apart: true,
      owner: "labtest/link/pair",
    });
    const known = { noun: "colocation" as const, owners: ["labtest/link/pair"], ids: [] };
    for (const moment of ["before", "after", "for good"] as Moment[]) {
      const inner = labRunner();
      try {
        const made = await createRelation({ cluster: clusterOn(new FailingRunner(inner, 1, moment)) }, wanted).then(
          () => true,
          () => false,
        );
        assert.equal(made, moment !== "for good");
        assert.equal((await relations()).length, made ? 3 : 0, moment);
        await removeRelation({ cluster: clusterOn(inner) }, known);
        await removeRelation({ cluster: clusterOn(inner) }, known);
        assert.deepEqual(await relations(), []);
      } finally {
        inner.close();
      }
    }
  });
});
