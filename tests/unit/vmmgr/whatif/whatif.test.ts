// What the scheduler says ahead of time: Pacemaker's own tools of this machine, on a CIB that is no cluster's.
import assert from "node:assert/strict";
import { cluster } from "../../cluster/fixtures.ts";
import { ScriptedRunner } from "../../cluster/runner.ts";
import { ask, empty, running, vm, type WhatIf } from "./ask.ts";

const { parseSimulation } = cluster;

describe("where VMs will run", function () {
  this.timeout(30_000);
  const ends = ({ placements }: WhatIf) => Object.fromEntries(placements.map(({ vm, candidates }) => [vm, candidates]));

  it("is certain for a pin and a preference, and one of several where the order of creation decides", async () => {
    const found = await ask({
      vms: [vm("a"), vm("b"), vm("c", { pinnedHost: "node2" }), vm("d", { preferredHost: "node1" })],
    });
    assert.deepEqual(ends(found), { a: ["node1", "node2"], b: ["node1", "node2"], c: ["node2"], d: ["node1"] });
    assert.ok(found.placements.every(({ action, planned }) => action === "start" && planned));
    assert.deepEqual([found.epoch, found.invalid, found.hypervisors], ["1.7", undefined, ["node1", "node2"]]);
  });

  it("is one of several for new VMs whatever their priorities, but where VMs that are settled draw them or drive them away", async () => {
    const rule = (id: string, score: string, one: string, other: string) =>
      cluster.element("rsc_colocation", { id, score, rsc: one, "with-rsc": other });
    const vms = [
      vm("a", { priority: 10 }),
      vm("b", { priority: 5 }),
      vm("c", { preferredHost: "node1" }),
      vm("d"),
      vm("e"),
      vm("f"),
    ];
    const found = await ask({
      vms,
      constraints: [rule("x", "-700", "d", "c"), rule("y", "INFINITY", "e", "c"), rule("z", "-INFINITY", "f", "a")],
    });
    const any = ["node1", "node2"];
    assert.deepEqual(ends(found), { a: any, b: any, c: ["node1"], d: ["node2"], e: ["node1"], f: any });
  });

  it("is certain for a new VM that comes alone", async () => {
    const { placements } = await ask({ vms: [vm("a")] }, running({ x: 1 }));
    assert.deepEqual(
      placements
        .map(({ candidates, after }) => [candidates, [after]])
        .filter(([found, simulated]) => String(found) !== String(simulated)),
      [],
    );
    assert.equal(placements.length, 2);
  });

  it("says what is left after the loss of each hypervisor, and why a VM finds no place", async () => {
    const { losses } = await ask({
      vms: [vm("pinned", { pinnedHost: "node1" }), vm("free", { preferredHost: "node1" })],
    });
    assert.deepEqual(
      losses.map(({ node }) => node),
      ["node1", "node2"],
    );
    const lossOf = (node: string) => losses.find((each) => each.node === node)?.fates;
    const [pinned, free] = ["pinned", "free"].map((name) => lossOf("node1")?.find((fate) => fate.vm === name));
    assert.deepEqual([pinned?.before, pinned?.after, free?.after], ["node1", undefined, "node2"]);
    assert.equal(
      pinned?.unplaced,
      "node2 is kept from it by pin-pinned-onnode1; node3 is kept from it by cli-ban-pinned-on-node3, pin-pinned-onnode1",
    );
    assert.ok(lossOf("node2")?.every(({ action }) => action === undefined));
  });

  it("loses nothing with a node that has never joined, and so has no state", async () => {
    const joining = running({ web: 1 }).replace("</nodes>", '<node id="4" uname="node4"/></nodes>');
    const { losses } = await ask({}, joining, { failback: true });
    const lost = losses.find(({ node }) => node === "node4");
    assert.deepEqual(
      lost?.fates.map(({ vm, before, after }) => [vm, before, after]),
      [["web", "node1", "node1"]],
    );
    assert.notEqual(lost?.back, undefined);
  });

  it("says that a VM which is not to run runs nowhere, without calling it lost", async () => {
    const { placements } = await ask({
      vms: [vm("stopped", { started: false }), vm("disabled", { enabled: false })],
      removed: ["gone"],
    });
    assert.deepEqual(
      placements.map(({ vm, after, unplaced }) => [vm, after, unplaced]),
      [
        ["stopped", undefined, undefined],
        ["disabled", undefined, undefined],
        ["gone", undefined, undefined],
      ],
    );
    assert.deepEqual(
      placements.map(({ removed }) => removed),
      [undefined, undefined, true],
    );
  });

  it("puts in constraints that are planned: two that stay apart, and a third that finds no place", async () => {
    const apart = (id: string, one: string, other: string) =>
      cluster.element("rsc_colocation", { id, score: "-INFINITY", rsc: one, "with-rsc": other });
    const vms = ["a", "b", "c"].map((name) => vm(name));
    const { placements } = await ask({
      vms,
      constraints: [apart("x1", "b", "a"), apart("x2", "c", "a"), apart("x3", "c", "b")],
    });
    const where = placements.map(({ after }) => after).sort();
    assert.deepEqual(where, ["node1", "node2", undefined]);
    assert.match(
      placements.find(({ after }) => after === undefined)?.unplaced ?? "",
      /^node1 is kept from it by x\d, x\d; node2 is kept from it by x\d, x\d; node3 is kept from it by cli-ban-\w-on-node3$/,
    );
  });

  it("says what crm_verify has against it: fencing without a device is scheduled as nothing at all", async () => {
    const found = await ask({ vms: [vm("a")] }, empty("true"));
    assert.match(found.invalid ?? "", /[Ss]tonith|fencing|STONITH/);
    assert.deepEqual(
      found.placements.map(({ after }) => after),
      [undefined],
    );
  });

  // Tried: a saved cluster is of a newer Pacemaker than the tools that plan on it → the plan says that they have to be as new
  it("says that a saved cluster is of a newer Pacemaker than the tools that are asked", async () => {
    const newer = empty().replace("pacemaker-3.9", "pacemaker-99.0");
    const says =
      /the CIB is of a newer Pacemaker: the tools here do not know its schema, pacemaker-99\.0; ask tools that are as new as the cluster's/;
    await assert.rejects(ask({}, newer), says);
    await assert.rejects(ask({ vms: [vm("a")] }, newer), says);
    // Of a cluster that was made before, and upgraded: the schema is still the old one.
    const upgraded = empty()
      .replace(/ crm_feature_set="[^"]*"/, "")
      .replace("<cib ", '<cib crm_feature_set="99.1.0" ');
    await assert.rejects(
      ask({ vms: [vm("a")] }, upgraded),
      /the tools here do not know its feature set, 99\.1\.0; ask tools that are as new as the cluster's/,
    );
  });

  it("takes no truncated CIB, and no constraint on nothing", async () => {
    await assert.rejects(ask({}, empty().slice(0, 900)), /Unable to read what cibadmin answered/);
  });

  it("takes several VMs out of one constraint, which goes on for the others, unless the plan itself ends it", async () => {
    const set = ["a", "b", "c", "d"].map((id) => `<resource_ref id="${id}"/>`).join("");
    const cib = running(
      { a: 1, b: 1, c: 1, d: 1 },
      {
        constraints: `<rsc_colocation id="all" score="INFINITY"><resource_set id="all-0">${set}</resource_set></rsc_colocation>`,
      },
    );
    const left = async (plan: Parameters<typeof ask>[0]) =>
      (await ask(plan, cib)).relations.map(({ id, vms }) => [id, vms]);
    assert.deepEqual(await left({ removed: ["a", "c"] }), [["all", ["b", "d"]]]);
    assert.deepEqual(await left({ removed: ["a", "b", "c"] }), []);
    assert.deepEqual(await left({ removed: ["a"], removedConstraints: ["all"] }), []);
    assert.deepEqual(await left({ vms: [vm("a", { enabled: false })] }), [["all", ["b", "c", "d"]]]);
  });

  it("leaves out a constraint on a VM that Pacemaker does not have: the cluster would refuse it, and it waits", async () => {
    const constraints = [
      cluster.element("rsc_colocation", { id: "x", score: "-INFINITY", rsc: "a", "with-rsc": "nobody" }),
    ];
    assert.equal(
      (await ask({ vms: [vm("a", { preferredHost: "node1" })], constraints })).placements[0]?.after,
      "node1",
    );
  });
});

describe("an answer of crm_simulate", () => {
  const answer = (inner: string, code = 0) =>
    `<pacemaker-result api-version="2.25"><cluster_status><nodes/><resources/></cluster_status>${inner}<status code="${code}" message="m"/></pacemaker-result>`;

  it("is refused when it is cut off, failed, or has no actions", () => {
    assert.throws(() => parseSimulation(answer("<actions/>").slice(0, 80)), /crm_simulate/);
    assert.throws(() => parseSimulation(answer("<actions/>", 78)), /its status is 78/);
    assert.throws(() => parseSimulation(answer("")), /it has no actions, not even none/);
    assert.throws(() => parseSimulation("<actions/>"), /its status is missing/);
    assert.throws(
      () => parseSimulation(answer("<actions/>").replace("<nodes/>", "")),
      /does not say where everything is before/,
    );
  });

  it("has the nodes of each kind of action where they belong", () => {
    const { actions } = parseSimulation(
      answer(`<actions>
      <rsc_action action="start" resource="a" node="node1"/><rsc_action action="stop" resource="b" node="node1" reason="node availability"/>
      <rsc_action action="migrate" resource="c" source="node1" dest="node2"/><rsc_action action="restart" resource="d" source="node1"/>
      <rsc_action action="start" resource="e" node="node1" blocked="true"/></actions>`),
    );
    assert.deepEqual(actions, [
      { resource: "a", kind: "start", to: "node1", blocked: false },
      { resource: "b", kind: "stop", from: "node1", reason: "node availability", blocked: false },
      { resource: "c", kind: "migrate", from: "node1", to: "node2", blocked: false },
      { resource: "d", kind: "restart", from: "node1", to: "node1", blocked: false },
      { resource: "e", kind: "start", to: "node1", blocked: true },
    ]);
  });

  it("is refused when it does not know a primitive that the CIB has", async () => {
    const cib = empty().replace(
      "<resources/>",
      `<resources><primitive id="a" class="ocf" provider="p" type="VirtualDomain"/></resources>`,
    );
    const verified = { valid: true, words: "" };
    const runner = new ScriptedRunner({
      "the simulate program": () => ({
        ok: { cib, planned: cib, verified, baseline: [answer("<actions/>")], orders: [], lost: {} },
      }),
    });
    await assert.rejects(cluster.simulate(runner, { cib, changes: [], lose: [] }), /it does not know a/);
  });
});
