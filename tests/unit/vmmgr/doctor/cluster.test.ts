// What a doctor says of a cluster as a whole: its machines, Pacemaker, Ceph, VMs and constraints.
import assert from "node:assert/strict";
import { counting } from "../core/counting.ts";
import { empty, running } from "../whatif/ask.ts";
import { examined, fenced, has, image, told } from "./patient.ts";

const node4 = (cib: string) => cib.replace("</nodes>", '<node id="4" uname="node4"/></nodes>');
const state = (cib: string, id: number, more: string) =>
  cib.replace(
    new RegExp(
      `(<node_state id="${id}" uname="node${id}") in_ccm="true" crmd="online" join="member" expected="member"`,
    ),
    `$1 ${more}`,
  );

describe("a doctor's look at a cluster", function () {
  this.timeout(120_000);

  it("finds nothing on one that is well: one look at it, then one program a node beside the scheduler's", async () => {
    const found = await examined();
    has(found);
    assert.deepEqual([found.fit, found.examined], [true, ["node1", "node2", "node3"]]);
    assert.deepEqual(found.programs.sort(), ["the examine program", "the inventory program", "the simulate program"]);
  });

  it("finds an even number of machines, and one that is alone", async () => {
    const four = node4(fenced({ web: 1 }));
    has(
      await examined({ cib: four }),
      /^fault machines-even: the cluster has 4 machines, an even number: node1, node2, node3, node4/,
      "fault node-unclean node4",
    );
    const observed = await examined({ cib: four, inventory: { observer: "node3" } });
    has(observed, /^fault machines-even: .*node3 \(the observer\)/, "fault node-unclean node4");
    const alone = fenced({ web: 1 })
      .replace(/<node id="[23]"[^>]*>/g, "")
      .replace(/<node_state id="[23]".*?<\/node_state>/gs, "");
    has(await examined({ cib: alone, hosts: ["node1"] }), "advice machines-few: the cluster has one machine: node1");
  });

  it("finds that there is no quorum, or that it is not asked for", async () => {
    const none = fenced({ web: 1 }).replace('have-quorum="1"', 'have-quorum="0"');
    const found = await examined({ cib: none });
    assert.ok(
      found.findings.some(({ id }) => id === "no-quorum"),
      JSON.stringify(found.findings),
    );
    has(await examined({ cib: told(fenced({ web: 1 }), "no-quorum-policy", "ignore") }), "advice quorum-ignored");
  });

  it("finds fencing that is off, by each of its names, and fencing that nobody does", async () => {
    has(
      await examined({ cib: running({ web: 1 }) }),
      "advice fencing-off: fencing is off (`stonith-enabled` is false)",
    );
    const newer = empty().replace('name="stonith-enabled"', 'name="fencing-enabled"');
    const { findings } = await examined({
      cib: newer,
      status: (text) => text.replace(/stonith-enabled="\w+"/, 'fencing-enabled="false"'),
    });
    assert.match(findings.find(({ id }) => id === "fencing-off")?.seen ?? "", /`fencing-enabled` is false/);
    has(
      await examined({ cib: empty("true") }),
      "fault fencing-without-device",
      /^fault configuration-invalid: .*crm_verify says: .*STONITH/i,
    );
  });

  it("finds nodes that are offline, unclean, in standby or in maintenance, and a cluster in maintenance", async () => {
    const cib = fenced({ web: 1 });
    has(
      await examined({ cib: state(cib, 3, 'in_ccm="false" crmd="offline" join="down" expected="down"') }),
      "fault node-offline node3: node3 is offline",
    );
    has(
      await examined({ cib: state(cib, 3, 'in_ccm="false" crmd="offline" join="down" expected="member"') }),
      "fault node-unclean node3",
    );
    const set = (name: string) =>
      cib.replace(
        'uname="node2"/>',
        `uname="node2"><instance_attributes id="nodes-2"><nvpair id="nodes-2-s" name="${name}" value="on"/></instance_attributes></node>`,
      );
    has(await examined({ cib: set("standby") }), "advice node-in-standby node2");
    has(await examined({ cib: set("maintenance") }), "advice node-in-maintenance node2");
    has(await examined({ cib: told(cib, "maintenance-mode", "true") }), "fault cluster-in-maintenance");
    has(
      await examined({ inventory: { observerUnknown: "/etc/cluster.conf cannot be read: no section" } }),
      "fault observer-unknown node1: /etc/cluster.conf cannot be read",
    );
  });

  it("finds a VM that no node could start, and says by what", async () => {
    const bans = [1, 2, 3]
      .map((at) => `<rsc_location id="off${at}" rsc="web" node="node${at}" score="-INFINITY"/>`)
      .join("");
    has(
      await examined({ cib: fenced({ web: 1 }, { constraints: bans }) }),
      /^fault vm-unplaced web: VM "web" is to run, and no node can start it: node1 is kept from it by off1; node2 .*off2; node3 .*off3/,
    );
    const stopped = '<nvpair id="web-t" name="target-role" value="Stopped"/>';
    has(await examined({ cib: fenced({ web: 1 }, { constraints: bans, meta: { web: stopped } }) }));
  });

  it("finds failures that close nodes to a VM, and those of one that is gone", async () => {
    has(
      await examined({ cib: counting(fenced({ web: 1 }), "web", { 2: "INFINITY", 3: "INFINITY" }) }),
      'fault node-closed web: VM "web" does not get everywhere: node2 and node3 are closed to it (failed start)',
    );
    has(await examined({ cib: counting(fenced({ web: 1 }), "web", { 2: "3" }) }));
    has(
      await examined({ cib: counting(fenced({ web: 1 }), "gone", { 2: "INFINITY" }) }),
      'advice failures-of-nobody: there is no "gone" any more',
    );
  });

  it("finds a failed operation, and a VM that Pacemaker has given up", async () => {
    const failing = (rc: string, operation: string) =>
      fenced({ web: 1 })
        .replace(
          'operation_key="web_start_0" operation="start"',
          `operation_key="web_${operation}_0" operation="${operation}" exit-reason="no bridge"`,
        )
        .replaceAll('transition-magic="0:0;9:1:0', `transition-magic="0:${rc};9:1:0`)
        .replace('rc-code="0"', `rc-code="${rc}"`);
    const started = await examined({ cib: failing("1", "start") });
    assert.match(
      started.findings.map(({ id, seen }) => `${id}: ${seen}`).join("\n"),
      /failure-recorded: start of VM "web" has failed on node1: no bridge/,
    );
    const unstoppable = await examined({
      cib: failing("1", "stop").replace('"stonith-enabled" value="true"', '"stonith-enabled" value="false"'),
    });
    assert.match(
      unstoppable.findings.map(({ id, vm, seen }) => `${id} ${vm}: ${seen}`).join("\n"),
      /vm-failed web: VM "web" has failed/,
    );
  });

  it("finds constraints on nodes that there are not; a mere ban of one is a leftover", async () => {
    const location = (id: string, more: string, inner = "") =>
      `<rsc_location id="${id}" rsc="web" ${more}>${inner}</rsc_location>`;
    const rule = (id: string, score: string, value: string) =>
      `<rule id="${id}r" score="${score}"><expression id="${id}e" attribute="#uname" operation="eq" value="${value}"/></rule>`;
    const constraints = [
      location("pin", 'node="node9" score="INFINITY"'),
      location("off", 'node="node8" score="-INFINITY"'),
      location("fine", 'node="NODE2" score="5"'),
      location("byrule", "", rule("byrule", "50", "node7")),
      location("offrule", "", rule("offrule", "-INFINITY", "inside")),
    ].join("");
    const found = await examined({ cib: fenced({ web: 1 }, { constraints }) });
    has(
      found,
      'fault constraint-names-nothing web pin: constraint "pin" names node "node9", which the cluster does not have',
      "fault constraint-names-nothing web byrule",
      "advice ban-names-nothing web off",
      "advice ban-names-nothing web offrule",
    );
    assert.match(
      found.findings.find(({ constraint }) => constraint === "pin")?.remedy ?? "",
      /crm configure delete pin/,
    );
    // The guest node of a VM that is disabled is away, and comes back with it.
    const away = { ...image("host", ""), metadata: { ...image("host", "").metadata, _remote_node: "inside" } };
    const kept = fenced({ web: 1 }, { constraints: location("offguest", 'node="inside" score="-INFINITY"') });
    has(await examined({ cib: kept, images: [away] }));
  });

  it("finds what Ceph says of itself, and that it is full or nearly so", async () => {
    const health = (check: string, severity: string) => ({ ok: { [check]: { severity, message: "it is so" } } });
    const all = (ceph: ReturnType<typeof health>) => ({
      nodes: Object.fromEntries(["node1", "node2", "node3"].map((node) => [node, { ceph }])),
    });
    has(
      await examined(all(health("OSD_DOWN", "HEALTH_WARN"))),
      "fault ceph-error: Ceph is not well (OSD_DOWN): it is so",
    );
    has(await examined(all(health("ANYTHING", "HEALTH_ERR"))), "fault ceph-error");
    has(
      await examined(all(health("POOL_NO_REDUNDANCY", "HEALTH_WARN"))),
      "advice ceph-warning: Ceph is not well (POOL_NO_REDUNDANCY)",
    );
    has(
      await examined(all(health("MON_CLOCK_SKEW", "HEALTH_WARN"))),
      "fault time-skew: Ceph's monitors do not have the same time",
    );
    has(
      await examined({ space: { poolFlags: ["full_quota"] } }),
      "fault ceph-full: Ceph takes nothing more: the quota of the pool is used up",
    );
    has(
      await examined({ space: { available: 1e9, stored: 19e9 } }),
      "advice ceph-room: Ceph is nearly full: the pool can take 0.9 GiB more",
    );
    has(await examined({ space: { clusterFlags: ["nearfull"] } }), "advice ceph-room");
  });

  it("finds a VM of which nothing can be read", async () => {
    has(
      await examined({ images: [{ ...image("web", ""), metadata: { vm_name: "web", xml: "no xml" } }] }),
      'fault vm-unreadable web: what is stored of VM "web" cannot be read',
    );
    has(
      await examined({
        images: [{ name: "system_web", size: 0, snapshots: [], metadata: {}, broken: "its image cannot be read" }],
      }),
      "fault vm-unreadable web",
    );
  });
});
