// Rules of a stack, each kept and broken, together with what the cluster has beside it.
import assert from "node:assert/strict";
import type { StackValidationPolicy } from "@pulumi/policy";
import {
  bonds,
  calm,
  colocation,
  notes,
  ofResource,
  ofStack,
  policies,
  saved,
  UNKNOWN,
  vm,
  words,
  type Given,
  type Said,
  withoutCluster,
} from "./ask.ts";

const {
  colocationEffective,
  colocationPinsAgree,
  redundantVmsApart,
  redundantVmsNotAtOnce,
  separationContradiction,
  separationFitsHosts,
  vmOffObserver,
} = policies;

const pair = (id: string, one: string, other: string, score: string) =>
  `<rsc_colocation id="${id}" score="${score}" rsc="${one}" with-rsc="${other}"/>`;
const pin = (name: string, node: string) =>
  `<rsc_location id="pin-${name}-on${node}" rsc="${name}" node="${node}" score="INFINITY" resource-discovery="exclusive"/>`;
const apart = (name: string, first: string, others: string[], more: object = {}) =>
  colocation(name, first, others, { apart: true, ...more });

describe("a rule of a stack", function () {
  withoutCluster();
  this.timeout(60_000);
  const alone = saved(calm({}));
  /** b is pinned to node2, c shares a node with d, and e is kept from f. */
  const others = saved(
    calm(
      { b: 2, c: 1, d: 1, e: 1, f: 2 },
      { constraints: pin("b", "node2") + pair("tie", "c", "d", "INFINITY") + pair("part", "e", "f", "-INFINITY") },
    ),
  );
  const nowhere = { onUnreachable: "skip" };
  beforeEach(() => void notes.takeNotes());

  const three = [vm("a"), vm("b"), vm("c")];
  const cases: [string, StackValidationPolicy, object, Given[], Given[], RegExp][] = [
    [
      "a colocation of one VM",
      colocationEffective,
      { savedCluster: alone },
      [...three, colocation("x", "a", ["b"])],
      [...three, colocation("x", "a", ["a"])],
      /Colocation "x" must be about two VMs at least, and names a, a/,
    ],
    [
      "a colocation with a VM of the cluster",
      colocationEffective,
      { savedCluster: others },
      [vm("a"), colocation("x", "a", ["b"])],
      [vm("a"), colocation("x", "a", ["nobody"])],
      /neither this stack nor the cluster has an enabled VM "nobody"/,
    ],
    [
      "a colocation with a disabled VM",
      colocationEffective,
      { savedCluster: alone },
      [vm("a"), vm("b", { started: false }), colocation("x", "a", ["b"])],
      [vm("a"), vm("b", { enabled: false }), colocation("x", "a", ["b"])],
      /"b" has `enabled: false`/,
    ],
    [
      "pins together",
      colocationPinsAgree,
      { savedCluster: alone },
      [vm("a", { pinnedHost: "node1" }), vm("b", { pinnedHost: "node1" }), colocation("x", "a", ["b"])],
      [vm("a", { pinnedHost: "node1" }), vm("b", { pinnedHost: "node2" }), colocation("x", "a", ["b"])],
      /"a" to node1, "b" to node2 are pinned apart/,
    ],
    [
      "pins together through a third",
      colocationPinsAgree,
      { savedCluster: alone },
      [
        vm("a", { pinnedHost: "node1" }),
        vm("b"),
        vm("c", { pinnedHost: "node2" }),
        colocation("x", "a", ["b"]),
        colocation("y", "b", ["c"], { strong: false }),
      ],
      [
        vm("a", { pinnedHost: "node1" }),
        vm("b"),
        vm("c", { pinnedHost: "node2" }),
        colocation("x", "a", ["b"]),
        colocation("y", "b", ["c"]),
      ],
      /VMs that "x", "y" keeps together/,
    ],
    [
      "pins together with a VM of the cluster",
      colocationPinsAgree,
      { savedCluster: others },
      [vm("a", { pinnedHost: "node2" }), colocation("x", "a", ["b"])],
      [vm("a", { pinnedHost: "node1" }), colocation("x", "a", ["b"])],
      /"a" to node1, "b" to node2/,
    ],
    [
      "more VMs apart than nodes",
      separationFitsHosts,
      { savedCluster: alone },
      [...three, apart("x", "a", ["b"])],
      [...three, apart("x", "a", ["b", "c"])],
      /At most 2 VMs may be kept apart strongly, as the cluster has the hypervisors node1, node2; "x" does it to a, b, c/,
    ],
    [
      "more VMs apart than nodes by several",
      separationFitsHosts,
      { savedCluster: alone },
      [...three, apart("x", "a", ["b"]), apart("y", "b", ["c"])],
      [...three, apart("x", "a", ["b"]), apart("y", "b", ["c"]), apart("z", "a", ["c"])],
      /"x", "y", "z" does it to a, b, c/,
    ],
    [
      "more VMs apart with those of the cluster",
      separationFitsHosts,
      { savedCluster: others },
      [vm("a"), apart("x", "a", ["e"])],
      [vm("a"), apart("x", "a", ["e", "f"])],
      /does it to a, e, f/,
    ],
    [
      "VMs apart of which one does not run",
      separationFitsHosts,
      { savedCluster: alone },
      [vm("a"), vm("b"), vm("c", { started: false }), apart("x", "a", ["b", "c"])],
      [...three, apart("x", "a", ["b", "c"])],
      /At most 2/,
    ],
    [
      "as many nodes as are configured",
      separationFitsHosts,
      { ...nowhere, hypervisors: ["n1", "n2", "n3"] },
      [...three, apart("x", "a", ["b", "c"])],
      [...three, vm("d"), apart("x", "a", ["b", "c", "d"])],
      /At most 3 VMs.*n1, n2, n3/,
    ],
    [
      "apart and together at once",
      separationContradiction,
      { savedCluster: alone },
      [...three, apart("x", "a", ["b"]), colocation("y", "b", ["c"])],
      [...three, apart("x", "a", ["c"]), colocation("y", "a", ["b"]), colocation("z", "b", ["c"])],
      /"a" and "c" must not be kept apart and together at once: "x" keeps them apart and "y", "z" together/,
    ],
    [
      "apart, and together on the cluster",
      separationContradiction,
      { savedCluster: others },
      [vm("a"), apart("x", "a", ["c"])],
      [apart("x", "c", ["d"])],
      /"x" keeps them apart and "tie" together/,
    ],
    [
      "apart, and pinned to one node",
      separationContradiction,
      { savedCluster: others },
      [vm("a", { pinnedHost: "node1" }), apart("x", "a", ["b"])],
      [vm("a", { pinnedHost: "node2" }), apart("x", "a", ["b"])],
      /"a" and "b" must not be pinned to one node, node2, while "x" keeps them apart/,
    ],
    [
      "a group that something keeps apart",
      redundantVmsApart,
      { savedCluster: alone, groups: [{ name: "g", vms: ["a", "b"] }] },
      [vm("a"), vm("b"), apart("x", "a", ["b"], { strong: false })],
      [vm("a"), vm("b")],
      /"a" and "b" of the group "g" must be kept on different nodes/,
    ],
    [
      "a group that pins keep apart",
      redundantVmsApart,
      { savedCluster: alone, groups: [{ name: "g", vms: ["a", "b"] }] },
      [vm("a", { pinnedHost: "node1" }), vm("b", { pinnedHost: "node2" })],
      [vm("a", { pinnedHost: "node1" }), vm("b", { pinnedHost: "node1" })],
      /after this change node1 has a, b/,
    ],
    [
      "a group by metadata",
      redundantVmsApart,
      { savedCluster: alone, metadataKey: "role" },
      [vm("a", { metadata: { role: "x" } }), vm("b", { metadata: { role: "y" } })],
      [vm("a", { metadata: { role: "x" } }), vm("b", { metadata: { role: "x" } })],
      /of the group "x"/,
    ],
    [
      "a group with a VM of the cluster",
      redundantVmsApart,
      { savedCluster: others, groups: [{ name: "g", vms: ["a", "b"] }] },
      [vm("a", { pinnedHost: "node1" })],
      [vm("a", { pinnedHost: "node2" })],
      /after this change node2 has a, b/,
    ],
    [
      "two of a group on a node",
      redundantVmsApart,
      { savedCluster: alone, maxPerHost: 2, groups: [{ name: "g", vms: ["a", "b", "c"] }] },
      three,
      three.map(({ name }) => vm(name, { preferredHost: "node1" })),
      /At most 2 of the group "g" may be on one node; after this change node1 has/,
    ],
    [
      "how much nodes differ",
      redundantVmsApart,
      { savedCluster: alone, maxPerHost: 9, maxSkew: 1, groups: [{ name: "g", vms: ["a", "b", "c"] }] },
      three,
      three.map(({ name }) => vm(name, { preferredHost: "node1" })),
      /must differ by at most 1 in VMs of the group "g"; after this change they have node1 3, node2 0/,
    ],
    [
      "a group that takes turns",
      redundantVmsNotAtOnce,
      { savedCluster: alone, groups: [{ name: "g", vms: ["a", "b"] }] },
      [vm("a"), vm("b"), apart("x", "a", ["b"])],
      [vm("a", { pinnedHost: "node1" }), vm("b", { pinnedHost: "node2" })],
      /"a" and "b" of "g" must be changed one after the other, and nothing sees to it/,
    ],
    [
      "a group by metadata that a wish keeps apart",
      redundantVmsNotAtOnce,
      { savedCluster: alone, metadataKey: "role" },
      [vm("a", { metadata: { role: "x" } }), vm("b", { metadata: { role: "x" } }), apart("x", "a", ["b"])],
      [
        vm("a", { metadata: { role: "x" } }),
        vm("b", { metadata: { role: "x" } }),
        apart("x", "a", ["b"], { strong: false }),
      ],
      /^"a" and "b" of "x" must be changed one after the other[^\n]*$/,
    ],
    [
      "a wish that says nothing of standing in for each other",
      redundantVmsNotAtOnce,
      { savedCluster: alone },
      [vm("a"), vm("b"), apart("z", "a", ["b"], { strong: false })],
      [vm("a", { rolling: { outage: "allowed" } }), vm("b"), apart("z", "a", ["b"], { strong: false })],
      /^$/,
    ],
    [
      "a VM that may be down with the other",
      redundantVmsNotAtOnce,
      { savedCluster: alone },
      [vm("a", { rolling: { readyAfter: 9 } }), vm("b"), apart("z", "a", ["b"])],
      [vm("a", { rolling: { outage: "allowed" } }), vm("b"), apart("z", "a", ["b"])],
      /VM "a" of "z" must not have `rolling: \{ outage: "allowed" \}`/,
    ],
    [
      "what another program has",
      redundantVmsNotAtOnce,
      { savedCluster: others, groups: [{ name: "g", vms: ["a", "b"] }] },
      [vm("a")],
      [vm("a"), vm("b")],
      /"a" and "b" of "g"/,
    ],
    [
      "the ban of a VM",
      vmOffObserver as StackValidationPolicy,
      { savedCluster: others },
      [vm("a")],
      [vm("a", { pinnedHost: "node1" })],
      /^$/,
    ],
  ];
  for (const [what, rule, config, keeps, breaks, says] of cases) {
    it(`${rule.name}: ${what}`, async () => {
      assert.deepEqual(await ofStack(rule, keeps, config), []);
      assert.match(words(await ofStack(rule, breaks, config)), says);
    });
  }

  const missing = (said: Said) =>
    said.map(({ resource, message }) => [resource, /VM "(\w+)" must be kept off (\w+)/.exec(message)?.slice(1).join()]);
  it("vm-off-observer: the bans of all VMs of the cluster, by the cluster or by the configuration; a pin keeps off as well", async () => {
    const cib = calm({ b: 2, c: 1 }, { constraints: pin("b", "node2") }).replace(
      /<rsc_location id="cli-ban-c-on-node3"[^>]*>/,
      "",
    );
    const savedCluster = saved(cib);
    assert.deepEqual(
      missing(await ofStack(vmOffObserver as StackValidationPolicy, [vm("a")], { savedCluster, others: "fail" })),
      [["", "c,node3"]],
    );
    assert.deepEqual(
      missing(
        await ofStack(vmOffObserver as StackValidationPolicy, [vm("a")], {
          savedCluster,
          others: "fail",
          observers: ["node1"],
        }),
      ),
      [
        ["a", "a,node1"],
        ["", "c,node1"],
      ],
    );
    assert.deepEqual(await ofResource(vmOffObserver, vm("a"), { savedCluster }), []);
  });

  it("looks at what the stack alone has where the cluster does not answer, and says the rest", async () => {
    const stack = [
      vm("a", { pinnedHost: "node1" }),
      vm("b", { pinnedHost: "node2" }),
      colocation("x", "a", ["b"]),
      colocation("y", "a", ["foreign"]),
      apart("z", "a", ["b"]),
    ];
    assert.match(words(await ofStack(colocationPinsAgree, stack, nowhere)), /"a" to node1, "b" to node2/);
    assert.deepEqual(await ofStack(colocationEffective, stack, nowhere), []);
    assert.deepEqual(await ofStack(separationFitsHosts, stack, nowhere), []);
    const said = notes.takeNotes().join("\n");
    assert.match(said, /colocation-effective for Colocation "y": whether the cluster has a VM "foreign" is not known/);
    assert.match(
      said,
      /separation-fits-hosts for the cluster: how many hypervisors it has is not known; give them in `hypervisors`/,
    );
    assert.match(said, /for the cluster: the cluster does not answer/);
    assert.match(
      words(await ofStack(colocationPinsAgree, [vm("a")], { ...nowhere, onUnreachable: "fail" })),
      /Not checked, and nothing may pass unchecked/,
    );
  });

  it("says which input it could not look at, and looks at the rest of the stack", async () => {
    const stack = [
      vm("a", { pinnedHost: UNKNOWN }),
      vm("b", { pinnedHost: "node1" }),
      vm("c", { pinnedHost: "node2" }),
      colocation("x", "a", ["b"]),
      colocation("y", "b", ["c"]),
      colocation("z", "a", [UNKNOWN]),
    ];
    assert.match(
      words(await ofStack(colocationPinsAgree, stack, { savedCluster: alone })),
      /"b" to node1, "c" to node2/,
    );
    const said = notes.takeNotes().join("\n");
    assert.match(said, /colocation-pins-agree for VM "a": `pinnedHost` is not known before other resources are made/);
    assert.match(said, /colocation-pins-agree for Colocation "z": `with` is not known/);
    const failed = await ofStack(colocationPinsAgree, stack, { savedCluster: alone, onUnknown: "fail" });
    assert.match(words(failed), /Colocation "z" must be known to colocation-pins-agree before an up/);
    assert.deepEqual(
      await ofStack(colocationEffective, [vm("a"), colocation("z", "a", [UNKNOWN])], { savedCluster: alone }),
      [],
    );
  });

  it("has nothing to say of a stack without resources of ours", async () => {
    for (const rule of [...policies.stackRules, ...policies.clusterRules] as StackValidationPolicy[])
      assert.deepEqual(await ofStack(rule, []), []);
    assert.deepEqual(notes.takeNotes(), []);
  });
});

describe("what bonds mean together", () => {
  const relation = (name: string, kind: "together" | "apart", ...vms: string[]) => ({ name, kind, strong: true, vms });
  const view = (...relations: ReturnType<typeof relation>[]) => ({ where: "", resources: [], vms: [], relations });

  it("sets grow together, whatever the order", () => {
    const found = bonds.boundSets(
      view(
        relation("x", "together", "a", "b"),
        relation("y", "together", "c", "d"),
        relation("w", "apart", "a", "e"),
        relation("z", "together", "d", "b"),
      ),
    );
    assert.deepEqual(
      found.map(({ vms, by }) => [
        [...vms].sort().join(""),
        by
          .map(({ name }) => name)
          .sort()
          .join(""),
      ]),
      [["abcd", "xyz"]],
    );
  });

  it("VMs of which each is apart from each count, others do not", () => {
    const pairs = bonds.apartPairs(
      view(relation("x", "apart", "a", "b", "c"), relation("y", "apart", "c", "d"), relation("z", "apart", "a", "a")),
    );
    assert.deepEqual(
      pairs.map(({ vms }) => vms.join("")),
      ["ab", "ac", "bc", "cd"],
    );
    assert.deepEqual([bonds.tooMany(pairs, 2), bonds.tooMany(pairs, 3)], [["a", "b", "c"], undefined]);
  });
});
