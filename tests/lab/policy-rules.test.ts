// Each rule of the pack through the real CLI: a stack that keeps it, and one that breaks it. What a rule would see of a cluster
// is saved beforehand, so that each of them has the cluster that it is about.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { savedClusters, type SavedName } from "./support/clusters.ts";
import { policed, type Policed } from "./support/policies.ts";
import { TestStack, type Vms } from "./support/stack.ts";
import { tick } from "./support/vms.ts";

const require = createRequire(import.meta.url);
const { allRules } = require("../../policy/dist/pack.js") as typeof import("../../policy/dist/pack.js");

const stackName = "policyrules";

/** What the provider itself refuses: policies see it of another release alone. */
const unchecked = (name: string, more: Record<string, unknown>) => tick({ $unchecked: true, name, ...more });
const ref = (vm: string) => `$ref:${vm}.name`;
const colocation = (vm: string, other: string[], more: Record<string, unknown>) => ({
  $kind: "Colocation",
  vm,
  with: other,
  ...more,
});

const breaking: Vms = {
  polwatch: unchecked("polwatch", { pinnedHost: "node3" }),
  pollost: unchecked("pollost", { pinnedHost: "node9" }),
  polboth: unchecked("polboth", { pinnedHost: "node1", preferredHost: "node2" }),
  polbig: tick({
    domain: { type: "qemu", memory: 640, vcpus: 3, machine: "pc", firmware: "bios" },
    preferredHost: "node1",
  }),
  polbig2: tick({
    domain: { type: "qemu", memory: 512, machine: "pc", firmware: "bios" },
    preferredHost: "node2",
    stopTimeout: 45,
  }),
  polalone: tick({ pinnedHost: "node1" }),
  polleft: tick({ pinnedHost: "node1" }),
  polright: tick({ pinnedHost: "node2" }),
  polbond: colocation("polleft", ["polright"], { strong: true, apart: false, $unchecked: true }),
  pola: tick({ rolling: { outage: "allowed" } }),
  polb: tick(),
  polc: tick(),
  polapart: colocation(ref("pola"), [ref("polb"), ref("polc")], { apart: true, strong: true }),
  poltwo: colocation("pola", ["polb"], { strong: true, apart: false, $unchecked: true }),
  polnobody: colocation("pola", ["polmissing"], { strong: false, apart: false, $unchecked: true }),
  polfirst: tick({ metadata: { service: "scada" } }),
  polsecond: tick({ metadata: { service: "scada" } }),
};

const calm = { pacemaker: { meta: { "resource-stickiness": "1" } }, stopTimeout: 90 };
const keeping: Vms = {
  polfirst: tick({ ...calm, preferredHost: "node1", metadata: { service: "scada" } }),
  polsecond: tick({ ...calm, preferredHost: "node2", metadata: { service: "scada" } }),
  polapart: colocation(ref("polfirst"), [ref("polsecond")], { apart: true, strong: true }),
  polwith: tick({ ...calm, preferredHost: "node1" }),
  poltwo: colocation(ref("polwith"), [ref("polfirst")], { strong: true }),
  polpinned: tick({ ...calm, pinnedHost: "node1" }),
};

interface Proof {
  rule: string;
  /** The saved cluster that breaks it; the calm one where nothing is said. */
  cluster?: SavedName;
  /** What is configured beside it, for both stacks. */
  config?: object;
  level: "advisory" | "mandatory";
  /** What it says of the breaking stack, and of which resource. */
  says: [resource: string, words: RegExp][];
}

const STACK = `labtest-${stackName}`;
const proofs: Proof[] = [
  {
    rule: "vm-off-observer",
    cluster: "unbanned",
    config: { others: "fail" },
    level: "mandatory",
    says: [
      ["polwatch", /VM "polwatch" must not have `pinnedHost: "node3"`: node3 is an observer.*Name node1 or node2/],
      [STACK, /VM "foreign" must be kept off node3: no constraint does.*crm resource ban foreign node3/],
    ],
  },
  {
    rule: "vm-host-exists",
    level: "mandatory",
    says: [["pollost", /VM "pollost" must not have `pinnedHost: "node9"`: there is no such node.*one of node1, node2/]],
  },
  {
    rule: "vm-pin-not-with-preferred",
    level: "advisory",
    says: [["polboth", /VM "polboth" must not have `preferredHost: "node2"` beside `pinnedHost: "node1"`/]],
  },
  {
    rule: "vm-size-limits",
    config: { maxCpu: 2, maxMemory: 256 },
    level: "advisory",
    says: [
      ["polbig", /VM "polbig" must have at most 2 virtual CPUs, and has 3/],
      ["polbig", /at most 256 MiB of memory, and has 640/],
      ["polbig2", /and has 512/],
    ],
  },
  {
    rule: "vm-stickiness",
    level: "advisory",
    says: [["pola", /VM "pola" must have a resource-stickiness of at least 1, and has none/]],
  },
  {
    rule: "vm-stop-timeout",
    level: "advisory",
    says: [["polbig2", /VM "polbig2" must have a `stopTimeout` of at least 90 seconds, and has 45/]],
  },
  {
    rule: "colocation-effective",
    level: "mandatory",
    says: [
      [
        "polnobody",
        /Colocation "polnobody" must name VMs that exist: neither this stack nor the cluster has an enabled VM "polmissing"/,
      ],
    ],
  },
  {
    rule: "colocation-pins-agree",
    level: "mandatory",
    says: [
      [
        "polbond",
        /VMs that "polbond" keeps together must be pinned to one node; "polleft" to node1, "polright" to node2/,
      ],
    ],
  },
  {
    rule: "separation-fits-hosts",
    level: "mandatory",
    says: [
      [
        "polapart",
        /At most 2 VMs may be kept apart strongly, as the cluster has the hypervisors node1, node2; "polapart" does it to pola, polb, polc/,
      ],
    ],
  },
  {
    rule: "separation-contradiction",
    level: "mandatory",
    says: [
      [
        "polapart",
        /"pola" and "polb" must not be kept apart and together at once: "polapart" keeps them apart and "poltwo" together/,
      ],
    ],
  },
  {
    rule: "redundant-vms-apart",
    config: { metadataKey: "service", groups: [{ name: "bigs", vms: ["polbig", "polbig2"] }] },
    level: "mandatory",
    says: [
      ["polfirst", /"polfirst" and "polsecond" of the group "scada" must be kept on different nodes, and nothing does/],
      ["polbig", /"polbig" and "polbig2" of the group "bigs" must be kept on different nodes/],
    ],
  },
  {
    rule: "redundant-vms-not-at-once",
    config: { metadataKey: "service" },
    level: "advisory",
    says: [
      ["polfirst", /"polfirst" and "polsecond" of "scada" must be changed one after the other, and nothing sees to it/],
      ["pola", /VM "pola" of "polapart" must not have `rolling: { outage: "allowed" }`/],
    ],
  },
  {
    rule: "guest-node-closed",
    cluster: "open",
    config: { others: "fail" },
    level: "mandatory",
    says: [[STACK, /VM "foreign" must be kept off the guest node g1: no constraint does.*crm resource ban foreign g1/]],
  },
  {
    rule: "cluster-config-valid",
    cluster: "unfenced",
    level: "mandatory",
    says: [
      [
        STACK,
        /The configuration of the cluster must be valid.*(STONITH|fencing).*Fencing is on \(`stonith-enabled`\) and there is no device/s,
      ],
    ],
  },
  {
    rule: "cluster-odd-machines",
    cluster: "even",
    level: "advisory",
    says: [
      [
        STACK,
        /The machines of the cluster must be of an odd number, and are 4: node1, node2, node3 \(the observer\), node4/,
      ],
    ],
  },
  {
    rule: "plan-places-all",
    level: "mandatory",
    says: [
      [
        "polwatch",
        /VM "polwatch" must find a node to run on; it finds none: node1 is kept from it by pin-polwatch-onnode3.*node3 is kept from it by cli-ban-polwatch-on-node3/,
      ],
    ],
  },
  {
    rule: "plan-leaves-others",
    cluster: "restless",
    config: { others: "fail" },
    level: "mandatory",
    says: [
      [
        STACK,
        /VM "crowd\d" must be left alone, as this change is not about it; it moves live from node1 to node2.*\d do, and 0 may/,
      ],
    ],
  },
  {
    rule: "survives-node-failure",
    config: { exempt: ["polpinned", "polfirst", "polsecond", "polwith"] },
    level: "mandatory",
    says: [
      [
        "polalone",
        /VM "polalone" must outlive the failure of node1; without node1 it runs nowhere: it is pinned to node1/,
      ],
    ],
  },
  {
    rule: "memory-after-failure",
    config: { capacity: { node1: 1000 } },
    level: "mandatory",
    says: [
      [
        "polalone",
        /The VMs of node1 must fit into its memory without node2: they ask for 1\d\d\d MiB, and 900 MiB of 1000 MiB are for VMs \(headroomPercent 10\)/,
      ],
      ["polbig", /The VMs of node2 .*without node1.* 922 MiB of 1024 MiB/],
    ],
  },
  {
    rule: "failback-quiet",
    cluster: "restless",
    config: { others: "fail" },
    level: "advisory",
    says: [
      [STACK, /VM "crowd\d" must stay where it is when node[12] comes back; it moves live, from node[12] to node[12]/],
    ],
  },
  {
    rule: "placement-report",
    level: "advisory",
    says: [[STACK, /Where VMs will run on the cluster:.*^polwatch +– +nowhere/ms]],
  },
];

describe("each rule of the policy pack", function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), "seapath-policies-"));
  const saved = savedClusters(folder);
  let [broken, kept]: [Policed?, Policed?] = [];

  const configOf = (cluster: (proof: Proof) => SavedName) =>
    Object.fromEntries(
      proofs
        .filter(({ cluster: own, config }) => own !== undefined || config !== undefined)
        .map((proof) => [
          proof.rule,
          { ...proof.config, ...(proof.cluster === undefined ? {} : { savedCluster: saved[cluster(proof)] }) },
        ]),
    );

  before(async () => {
    await TestStack.make(stackName);
    const run = { stack: stackName, environment: { SEAPATH_SAVED_CLUSTER: saved.calm } };
    broken = await policed({ ...run, vms: breaking, config: configOf(({ cluster = "calm" }) => cluster) });
    kept = await policed({
      ...run,
      vms: keeping,
      config: configOf(({ rule }) => (rule === "guest-node-closed" ? "closed" : "calm")),
    });
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("has its proof here", () => {
    assert.deepEqual(proofs.map(({ rule }) => rule).sort(), allRules.map(({ name }) => name).sort());
  });

  it("is of one run that is refused, and one that passes", () => {
    assert.deepEqual([broken?.code === 0, kept?.code], [false, 0], `${broken?.text}\n${kept?.text}`);
  });

  for (const { rule, level, says } of proofs) {
    it(`${rule} is broken by a stack, and says by what`, () => {
      const found = broken?.said.filter((each) => each.rule === rule) ?? [];
      for (const [resource, words] of says) {
        const one = found.find((each) => each.resource === resource && words.test(each.message));
        assert.ok(
          one,
          `${String(words)} of ${resource}, in:\n${found.map((each) => `${each.resource}: ${each.message}`).join("\n")}`,
        );
        assert.equal(one.level, level);
      }
    });

    it(`${rule} is kept by a stack`, () => {
      const found = kept?.said.filter((each) => each.rule === rule) ?? [];
      if (rule !== "placement-report") assert.deepEqual(found, []);
      else assert.match(found.map(({ message }) => message).join("\n"), /^polfirst +– +node1 +lost/m);
    });
  }
});
