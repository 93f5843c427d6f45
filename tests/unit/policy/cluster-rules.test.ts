// Rules of the cluster as it will be, each kept and broken, by the real scheduler on saved clusters.
import assert from "node:assert/strict";
import type { StackValidationPolicy } from "@pulumi/policy";
import {
  ban,
  calm,
  colocation,
  notes,
  ofStack,
  policies,
  restless,
  saved,
  UNKNOWN,
  vm,
  withNodes,
  words,
  withoutCluster,
} from "./ask.ts";

const {
  clusterConfigValid,
  clusterOddMachines,
  failbackQuiet,
  guestNodeClosed,
  memoryAfterFailure,
  placementReport,
  planLeavesOthers,
  planPlacesAll,
  survivesNodeFailure,
  vmOffObserver,
} = policies;

const isGuest =
  '<nvpair id="host-r" name="remote-node" value="g1"/><nvpair id="host-a" name="remote-addr" value="10.0.0.1"/>';
const MIB = 1024 ** 2;

describe("a rule of the cluster as it will be", function () {
  withoutCluster();
  this.timeout(60_000);
  const quiet = saved(calm({ foreign: 1 }, { constraints: "" }), {
    domains: { foreign: { vcpus: 1, memoryBytes: 4 * MIB } },
  });
  const uneven = saved(restless(calm({ c1: 1, c2: 1, c3: 1, c4: 1 })));
  beforeEach(() => void notes.takeNotes());
  const stack = [vm("a", { preferredHost: "node1" })];
  const say = async (rule: StackValidationPolicy, given = stack, config: object = {}) =>
    words(await ofStack(rule, given, { savedCluster: quiet, others: "fail", ...config }));

  it("all are kept by a stack on a quiet cluster", async () => {
    for (const rule of policies.clusterRules as StackValidationPolicy[]) assert.equal(await say(rule), "", rule.name);
    assert.deepEqual(notes.takeNotes(), []);
  });

  it("guest-node-closed: a VM that nothing keeps out, and one that is exempt", async () => {
    const guests = (closed: string) => ({
      savedCluster: saved(calm({ foreign: 1, host: 2 }, { meta: { host: isGuest }, constraints: closed })),
    });
    assert.equal(await say(guestNodeClosed, stack, guests(ban("foreign", "g1"))), "");
    const open = guests("");
    assert.match(
      await say(guestNodeClosed, stack, open),
      /^VM "foreign" must be kept off the guest node g1: no constraint does/,
    );
    assert.equal(await say(guestNodeClosed, stack, { ...open, exempt: ["g1"] }), "");
  });

  it("guest-node-closed: those of a guest node that the stack makes are kept out by it", async () => {
    const guest = { kind: "RemoteGuest", name: "r", props: { vm: "a", name: "a-remote", address: "10.0.0.9" } };
    assert.equal(await say(guestNodeClosed, [...stack, guest]), "");
  });

  it("cluster-config-valid: fencing without a device; no fencing where that is not allowed", async () => {
    const cib = calm({}).replace('name="stonith-enabled" value="false"', 'name="stonith-enabled" value="true"');
    assert.match(
      await say(clusterConfigValid, stack, { savedCluster: saved(cib) }),
      /crm_verify says: .*(STONITH|fencing).*there is no device for it/s,
    );
    assert.match(
      await say(clusterConfigValid, stack, { allowNoStonith: false }),
      /Fencing must be on in the cluster: `stonith-enabled` is false/,
    );
    const renamed = calm({}).replace('name="stonith-enabled"', 'name="fencing-enabled"');
    assert.match(
      await say(clusterConfigValid, stack, { allowNoStonith: false, savedCluster: saved(renamed) }),
      /Fencing must be on in the cluster: `fencing-enabled` is false/,
    );
    assert.match(
      await say(clusterConfigValid, stack, {
        savedCluster: saved(
          renamed.replace('name="fencing-enabled" value="false"', 'name="fencing-enabled" value="true"'),
        ),
      }),
      /Fencing is on \(`fencing-enabled`\) and there is no device for it/,
    );
  });

  it("cluster-odd-machines: an even number, the observer among them; fewer than wanted; guest nodes are no machines", async () => {
    const guest = calm({ foreign: 1, host: 2 }, { meta: { host: isGuest }, constraints: ban("foreign", "g1") });
    assert.equal(await say(clusterOddMachines, stack, { savedCluster: saved(guest) }), "");
    const text = await say(clusterOddMachines, stack, { savedCluster: saved(withNodes(calm({ foreign: 1 }), 4)) });
    assert.match(
      text,
      /^The machines of the cluster must be of an odd number, and are 4: node1, node2, node3 \(the observer\), node4\. .*Add a hypervisor or an observer\.$/,
    );
    assert.equal(await say(clusterOddMachines, stack, { savedCluster: saved(withNodes(calm({ foreign: 1 }), 5)) }), "");
    assert.match(
      await say(clusterOddMachines, stack, { minMachines: 5 }),
      /^The machines of the cluster must be 5 at least, and are 3: .* or allow it by minMachines\.$/,
    );
    assert.equal((clusterOddMachines as { enforcementLevel?: string }).enforcementLevel, "advisory");
  });

  it("plan-places-all: a VM of the stack and one of others that find no place, and one that is exempt", async () => {
    const bans = ["node1", "node2"].map((node) => ban("foreign", node)).join("");
    const nowhere = {
      savedCluster: saved(
        calm({ foreign: 1, a: 2 }, { constraints: bans + ["node1", "node2"].map((node) => ban("a", node)).join("") }),
      ),
    };
    const text = await say(planPlacesAll, [vm("a")], nowhere);
    assert.match(
      text,
      /VM "a" must find a node to run on; it finds none: node1 is kept from it by cli-ban-a-on-node1; node2 .*cli-ban-a-on-node3/,
    );
    assert.match(
      text,
      /VM "foreign" must find a node to run on; it finds none, though it is none of this stack and runs on node1 now/,
    );
    assert.doesNotMatch(await say(planPlacesAll, [vm("a")], { ...nowhere, exempt: ["foreign"] }), /foreign/);
    assert.equal(await say(planPlacesAll, [vm("a", { started: false })], { ...nowhere, exempt: ["foreign"] }), "");
  });

  it("say of others' VMs that were wrong before what is advice, and refuse what this stack has brought about", async () => {
    notes.takeAdvice();
    const bans = ["node1", "node2"].map((node) => ban("foreign", node)).join("");
    const broken = { savedCluster: saved(calm({ foreign: 1 }, { constraints: bans })), others: "advise" };
    assert.equal(await say(planPlacesAll, stack, broken), "");
    assert.match(
      notes.takeAdvice().join("\n"),
      /^plan-places-all: VM "foreign" must find a node to run on; it finds none, though it is none of this stack/,
    );
    assert.match(await say(planPlacesAll, [vm("foreign")], broken), /VM "foreign" must find a node/);
    // A node that was full before: of others' VMs, and of one of this stack, in the same words both times.
    const full = {
      savedCluster: saved(calm({ foreign: 1 }), { domains: { foreign: { vcpus: 1, memoryBytes: 1000 * MIB } } }),
      others: "advise",
    };
    assert.equal(await say(memoryAfterFailure, [vm("a", { started: false })], full), "");
    assert.match(
      notes.takeAdvice().join("\n"),
      /^memory-after-failure: The VMs of node1 must fit into its memory after this change/,
    );
    const own = vm("foreign", { domain: { type: "qemu", memory: 1000, vcpus: 1, machine: "pc", firmware: "bios" } });
    assert.match(
      await say(memoryAfterFailure, [own], full),
      /The VMs of node1 must fit into its memory after this change/,
    );
    // A VM of others that has its place until this stack ties it to one that has none.
    const fine = { savedCluster: saved(calm({ foreign: 1, a: 2 })), others: "advise" };
    const tied = [vm("a", { pinnedHost: "node3" }), colocation("x", "foreign", ["a"])];
    assert.match(await say(planPlacesAll, tied, fine), /VM "foreign" must find a node.*runs on node1 now/);
    assert.deepEqual(notes.takeAdvice(), []);
    const invalid = saved(
      calm({}).replace('name="stonith-enabled" value="false"', 'name="stonith-enabled" value="true"'),
    );
    assert.match(await say(clusterConfigValid, stack, { savedCluster: invalid, others: "advise" }), /crm_verify says/);
    assert.equal(await say(planPlacesAll, stack, broken), "");
    assert.match(
      (await ofStack(placementReport, stack, { savedCluster: quiet })).map(({ message }) => message).join("\n"),
      /Wrong before this change, and not of this stack:\n\nplan-places-all: VM "foreign"/,
    );
  });

  it("plan-leaves-others: VMs that move live, more than may; VMs that stop or restart, where that is not allowed", async () => {
    const moves = await say(planLeavesOthers, stack, { savedCluster: uneven });
    assert.match(
      moves,
      /VM "c\d" must be left alone, as this change is not about it; it moves live from node1 to node2/,
    );
    assert.equal(await say(planLeavesOthers, stack, { savedCluster: uneven, maxMigrations: 4 }), "");
    const bound = `<rsc_colocation id="tie" score="INFINITY" rsc="foreign" with-rsc="a"/>`;
    const cold = saved(
      calm({ foreign: 2, a: 1 }, { constraints: bound }).replace(
        'name="allow-migrate" value="true"',
        'name="allow-migrate" value="false"',
      ),
    );
    assert.match(
      await say(planLeavesOthers, stack, { savedCluster: cold }),
      /VM "foreign" must be left alone.*on node2 it is stopped and started elsewhere, node1/,
    );
    assert.equal(await say(planLeavesOthers, stack, { savedCluster: cold, allowRestart: true }), "");
  });

  it("survives-node-failure: a pin, a separation; what is exempt, what has no place even now, the observer", async () => {
    const pinned = [vm("a", { pinnedHost: "node1" }), vm("b")];
    assert.match(
      await say(survivesNodeFailure, pinned),
      /^VM "a" must outlive the failure of node1; without node1 it runs nowhere: it is pinned to node1\. It would be down for as long as the node is\. Use `preferredHost`/,
    );
    assert.equal(await say(survivesNodeFailure, pinned, { exempt: ["a"] }), "");
    assert.equal(await say(survivesNodeFailure, pinned, { hostFailures: 0 }), "");
    assert.equal(await say(survivesNodeFailure, [vm("a", { pinnedHost: "node3" })]), "");
    const two = [vm("a", { pinnedHost: "node1" }), vm("b"), colocation("x", "b", ["a"], { apart: true })];
    const text = await say(survivesNodeFailure, two);
    assert.match(text, /VM "b" must outlive the failure of node2/);
    assert.doesNotMatch(text, /VM "a" must outlive the failure of node2/);
  });

  it("survives-node-failure: of a VM that is pinned elsewhere the pin is not called the reason", async () => {
    const apart = [
      vm("a", { pinnedHost: "node1" }),
      vm("b", { priority: 10 }),
      colocation("x", "a", ["b"], { apart: true }),
    ];
    const text = await say(survivesNodeFailure, apart);
    assert.match(
      text,
      /VM "a" must outlive the failure of node2; without node2 it runs nowhere: node1 is kept from it by apart-strong-a-withb/,
    );
  });

  it("memory-after-failure: what VMs ask for, after the change and without a node, against libvirt's word or the configuration's", async () => {
    const big = (name: string, memory: number, node: string) =>
      vm(name, { preferredHost: node, domain: { type: "qemu", memory, vcpus: 1, machine: "pc", firmware: "bios" } });
    const two = [big("a", 600, "node1"), big("b", 500, "node2")];
    const text = await say(memoryAfterFailure, two);
    assert.match(
      text,
      /The VMs of node2 must fit into its memory without node1: they ask for 110\d MiB, and 922 MiB of 1024 MiB are for VMs \(headroomPercent 10\)/,
    );
    assert.match(text, /\. The largest there: "a" with 600 MiB, "b" with 500 MiB, "foreign" with 4 MiB\. Pacemaker/);
    const many = [big("d", 300, "node1"), big("c", 300, "node1"), big("b", 200, "node1"), big("a", 400, "node1")];
    assert.match(
      await say(memoryAfterFailure, many),
      /after this change: they ask for 120\d MiB.* The largest there: "a" with 400 MiB, "c" with 300 MiB, "d" with 300 MiB\. /,
    );
    assert.doesNotMatch(text, /after this change/);
    assert.equal(await say(memoryAfterFailure, two, { capacity: { node1: 2000, node2: 2000 } }), "");
    assert.match(
      await say(memoryAfterFailure, two, { capacity: { node1: 2000, node2: 2000 }, headroomPercent: 45 }),
      /1104 MiB, and 1100 MiB of 2000 MiB/,
    );
    assert.match(
      await say(memoryAfterFailure, [big("a", 1000, "node1")]),
      /The VMs of node1 must fit into its memory after this change: they ask for 100\d MiB/,
    );
  });

  it("memory-after-failure: says what memory it does not know, of a node and of a VM", async () => {
    assert.equal(
      await say(memoryAfterFailure, stack, { savedCluster: saved(calm({ foreign: 1 }), { nodes: [] }) }),
      "",
    );
    const said = notes.takeNotes().join("\n");
    assert.match(said, /memory-after-failure for VM "foreign": what memory it asks for is not known/);
    assert.match(said, /memory-after-failure for node1: how much memory it has is not known; give it in `capacity`/);
    await say(memoryAfterFailure, [vm("a", { domain: UNKNOWN })]);
    assert.match(notes.takeNotes().join("\n"), /memory-after-failure for VM "a": what memory it asks for is not known/);
  });

  it("failback-quiet: VMs that move when a node comes back, but for those that it is meant for", async () => {
    const drawn = `<rsc_location id="soft" rsc="foreign" node="node1" score="50"/>`;
    const savedCluster = saved(calm({ foreign: 1 }, { constraints: drawn }));
    const text = await say(failbackQuiet, [vm("a", { preferredHost: "node1", liveMigration: true })], { savedCluster });
    assert.match(
      text,
      /^VM "foreign" must stay where it is when node1 comes back; it moves live, from node2 to node1\. Give it a resource-stickiness\.$/,
    );
    assert.equal(await say(failbackQuiet, stack, { savedCluster, maxMoves: 1 }), "");
  });

  it("placement-report: where all are, and what was not checked, in two forms", async () => {
    const unknown = [...stack, vm("b", { pinnedHost: UNKNOWN })];
    await say(policies.colocationPinsAgree, unknown);
    const text = await say(placementReport, unknown);
    assert.match(text, /^Where VMs will run on the cluster:.*^a +– +node1 +node2 +node1/ms);
    assert.match(
      text,
      /^Not everything was checked:$.*^not checked: .*colocation-pins-agree.* for VM "b": `pinnedHost` is not known/ms,
    );
    const table = await say(placementReport, unknown, { format: "markdown" });
    assert.match(table, /^\| ?a ?\|/m);
    assert.match(table, /^- not checked: /m);
    assert.equal((await ofStack(placementReport, stack, { savedCluster: quiet })).length, 1);
  });

  it("does not run where the cluster does not answer, and that is said in each way that can be chosen", async () => {
    for (const rule of policies.clusterRules as StackValidationPolicy[]) {
      assert.match(
        words(await ofStack(rule, stack, { onUnreachable: "fail" })),
        /^Not checked, and nothing may pass unchecked: the cluster does not answer: .*give a `savedCluster`, or set onUnreachable/,
      );
      for (const onUnreachable of ["warn", "skip"]) assert.deepEqual(await ofStack(rule, stack, { onUnreachable }), []);
      assert.match(notes.takeNotes().join(), new RegExp(`not checked: ${rule.name} for the cluster`));
    }
  });

  it("is broken by an answer that is none, whatever is said of clusters that do not answer", async () => {
    const cut = saved("<cib><configuration>");
    assert.match(
      await say(planPlacesAll, stack, { savedCluster: cut, onUnreachable: "skip" }),
      /^Unable to check the cluster: /,
    );
  });

  it("fails for what decides a placement and is not known, where that is wanted", async () => {
    const unknown = [vm("a", { pinnedHost: UNKNOWN })];
    assert.match(
      await say(planPlacesAll, unknown, { onUnknown: "fail" }),
      /plan-places-all must know all that decides a placement before an up: a: `pinnedHost` is not known/,
    );
    assert.equal(await say(planPlacesAll, unknown), "");
    assert.match(notes.takeNotes().join(), /not checked: plan-places-all for a: `pinnedHost` is not known/);
  });

  it("takes what is not changed as the cluster has it, whatever the program says; what is changed as it will be", async () => {
    const unbanned = calm({ a: 1, host: 2 }, { meta: { host: isGuest } }).replace(
      /<rsc_location id="cli-ban-a-on-node3"[^>]*>/,
      "",
    );
    const savedCluster = saved(unbanned);
    const guest = (more: object) => ({
      kind: "RemoteGuest",
      name: "r",
      props: { vm: "host", name: "g1", address: "10.0.0.1", ...more },
    });
    const there = [
      vm("a", { status: "Started", node: "node1" }),
      vm("host", { status: "Started" }),
      guest({ online: true }),
    ];
    assert.match(
      await say(vmOffObserver as StackValidationPolicy, there, { savedCluster }),
      /^VM "a" must be kept off node3/,
    );
    assert.match(await say(guestNodeClosed, there, { savedCluster }), /^VM "a" must be kept off the guest node g1/);
    const changed = [vm("a", { priority: 3 }), vm("host", { status: "Started" }), guest({ online: true })];
    assert.equal(await say(vmOffObserver as StackValidationPolicy, changed, { savedCluster }), "");
    assert.equal(
      await say(
        guestNodeClosed,
        [vm("a", { status: "Started" }), vm("host", { status: "Started" }), guest({ port: 3122 })],
        { savedCluster },
      ),
      "",
    );
    // A colocation that somebody took away, and one that the program has no more.
    const pinned = [
      vm("a", { status: "Started", pinnedHost: "node1" }),
      vm("new"),
      colocation("x", "new", ["a"], { status: "Active", apart: true }),
    ];
    assert.match(
      await say(survivesNodeFailure, pinned, { savedCluster }),
      /VM "new" must outlive the failure of node2/,
    );
  });

  it("takes what the program no longer has as removed, and nothing of it where something could not be read", async () => {
    const bans = ["node1", "node2"].map((node) => ban("gone", node)).join("");
    const savedCluster = saved(calm({ gone: 1 }, { constraints: bans }), { owners: { gone: "p/s" } });
    assert.equal(await say(planPlacesAll, stack, { savedCluster }), "");
    const other = saved(calm({ gone: 1 }, { constraints: bans }), { owners: { gone: "p/other" } });
    assert.match(await say(planPlacesAll, stack, { savedCluster: other }), /VM "gone" must find a node/);
    const unread = [...stack, vm("nameless", { name: UNKNOWN })];
    assert.match(await say(planPlacesAll, unread, { savedCluster }), /VM "gone" must find a node/);
  });
});
