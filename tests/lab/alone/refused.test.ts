// A cluster that is in no state for what is asked says so, each state in words of its own, before anything is changed.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import type { Runner } from "../../../provider/dist/transport/index.js";
import { eventually, nodes, on, qemu, traces } from "../support/cluster.ts";
import { clusterOn, FailingRunner, labRunner } from "../support/failing.ts";
import { specOf, tick } from "../support/vms.ts";
import { said } from "../../said.ts";

const require = createRequire(import.meta.url);
const { createVm, removeVm, updateVm, Refused } =
  require("../../../provider/dist/vmmgr/index.js") as typeof import("../../../provider/dist/vmmgr/index.js");
const { vmProvider } =
  require("../../../provider/dist/resources/index.js") as typeof import("../../../provider/dist/resources/index.js");
type Raw = Record<string, unknown>;

describe("a cluster that is in no state for it", function () {
  this.timeout(180_000);
  let runner: Runner;
  const [vm, fresh] = ["coreoff", "corefresh"];
  const running = { ...specOf(vm), preferredHost: "node2" };

  before(async () => {
    runner = labRunner();
    await createVm({ cluster: clusterOn(runner) }, running);
  });
  after(async () => {
    await removeVm({ cluster: clusterOn(runner) }, vm);
    for (const name of [vm, fresh]) assert.deepEqual(await traces(name), []);
    runner.close();
  });

  /** What a change is refused with; nothing that could change anything was asked of a node. */
  async function refused(
    change: (context: { cluster: ReturnType<typeof clusterOn> }) => Promise<unknown>,
  ): Promise<string> {
    const watched = new FailingRunner(runner, 0, "before");
    const error = await change({ cluster: clusterOn(watched) }).then(
      () => undefined,
      (failure: unknown) => failure,
    );
    assert.ok(error instanceof Refused, String(error));
    assert.deepEqual(watched.asked, []);
    said(error);
    return error.message;
  }

  /** What a preview says: failures, and what is only announced. */
  async function preview(more: Raw = {}, olds: Raw = {}): Promise<{ failures: string; said: string; inputs: Raw }> {
    const said: string[] = [];
    const provider = vmProvider({ cluster: () => clusterOn(runner), say: (text) => said.push(text) });
    const { failures = [], inputs } = await provider.check!(olds, tick({ name: fresh, ...more }));
    return {
      failures: failures.map(({ property, reason }) => `${property}: ${reason}`).join("\n"),
      said: said.join("\n"),
      inputs: inputs as Raw,
    };
  }

  // Tried: the cluster is in maintenance → refused before anything is changed, and in the preview, where something would have to be started, stopped or moved
  it("says that it is in maintenance, where something would have to be started, stopped or moved", async () => {
    const { inputs } = await preview({ name: vm, preferredHost: "node2", adopt: true });
    const other = await preview({ ...inputs, started: false }, inputs);
    assert.equal(other.failures, "");
    await on("node1", "crm_attribute", "--name", "maintenance-mode", "--update", "true");
    try {
      const says =
        /the cluster: it is in maintenance, so Pacemaker starts and stops nothing; `crm configure property maintenance-mode=false` ends that/;
      assert.match(
        await refused((context) => createVm(context, specOf(fresh))),
        /^Unable to create VM "corefresh" on node\d: the cluster: it is in maintenance/,
      );
      assert.match(await refused((context) => updateVm(context, { ...running, started: false })), says);
      assert.match(
        await refused((context) => removeVm(context, vm)),
        /^Unable to delete VM "coreoff" on node\d: the cluster: it is in maintenance/,
      );
      assert.match((await preview()).failures, says);
      assert.match((await preview({ ...inputs, started: false }, inputs)).failures, says);
      assert.equal((await preview(inputs, inputs)).failures, "", "a VM that nothing happens to is not refused");
      const changed = await updateVm({ cluster: clusterOn(runner) }, { ...running, metadata: { owner: "bob" } });
      assert.equal(changed.metadata["owner"], "bob");
      const restart = { ...running, restart: "whenRequired" as const, domain: { ...running.domain, memory: 5 } };
      assert.match(await refused((context) => updateVm(context, restart)), says);
    } finally {
      await on("node1", "crm_attribute", "--name", "maintenance-mode", "--delete");
    }
  });

  // Tried: fencing is on without a device → a VM that is to run is refused: Pacemaker starts nothing then, and no tool says so
  it("says that fencing is on without a device, for which Pacemaker starts nothing", async () => {
    await on("node1", "crm_attribute", "--name", "stonith-enabled", "--update", "true");
    try {
      const says =
        /the cluster: its fencing is on \(`stonith-enabled`\) and has no device, so Pacemaker starts nothing/;
      assert.match(await refused((context) => createVm(context, specOf(fresh))), says);
      assert.match((await preview()).failures, says);
      assert.equal((await preview({ started: false })).failures, "");
    } finally {
      await on("node1", "crm_attribute", "--name", "stonith-enabled", "--update", "false");
    }
  });

  // Tried: Pacemaker counts room and no node has any → a VM that would not be started is refused in the preview
  it("says that a VM finds no place where Pacemaker counts room", async () => {
    await on("node1", "crm_attribute", "--name", "placement-strategy", "--update", "utilization");
    try {
      const says =
        /the cluster: it finds no place, and Pacemaker would not start it, without a word \(placement-strategy=utilization\): node1 has no room for it/;
      assert.match((await preview({ pacemaker: { utilization: { cpu: "1" } } })).failures, says);
      assert.equal((await preview({ started: false, pacemaker: { utilization: { cpu: "1" } } })).failures, "");
    } finally {
      await on("node1", "crm_attribute", "--name", "placement-strategy", "--delete");
    }
    await eventually(
      () => qemu(vm),
      (found) => found.length === 1,
      60,
    );
  });

  // Tried: nodes are in standby → a VM that is pinned to one, or has no other, is refused; a preferred one is announced
  it("says which node is in standby: the only one that may run it is refused, the preferred one is announced", async () => {
    await on("node1", "crm_standby", "--node", "node3", "--update", "on");
    await eventually(
      () => on("node1", "crm_mon", "-1"),
      (text) => /node3: standby/i.test(text),
    );
    try {
      const says = /pinnedHost: node3 is in standby, and it may run nowhere else; `crm node online node3` ends that/;
      assert.match(await refused((context) => createVm(context, { ...specOf(fresh), pinnedHost: "node3" })), says);
      assert.match((await preview({ pinnedHost: "node3" })).failures, says);
      const preferred = await preview({ preferredHost: "node3" });
      assert.deepEqual(
        [preferred.failures, preferred.said],
        ["", 'VM "corefresh": node3 is in standby: it runs on another node until that has changed'],
      );
      for (const node of nodes()) await on("node1", "crm_standby", "--node", node, "--update", "on");
      await eventually(
        () => on("node1", "crm_mon", "-1"),
        (text) => nodes().every((node) => new RegExp(`${node}: standby`, "i").test(text)),
      );
      const none =
        /the cluster: no node can run it: node1 is in standby, node2 is in standby, node3 is in standby; `crm node online node1` ends that/;
      assert.match(await refused((context) => createVm(context, specOf(fresh))), none);
      assert.match((await preview()).failures, none);
      assert.equal((await preview({ started: false })).failures, "");
    } finally {
      for (const node of nodes()) await on("node1", "crm_standby", "--node", node, "--delete");
    }
    await eventually(
      () => qemu(vm),
      (found) => found.length === 1,
      60,
    );
  });

  // Tried: the cluster has no quorum → create, update and delete are refused, with who is missing
  it("says that it has no quorum, and who is missing", async () => {
    // Corosync stands still on the two other nodes, as on nodes that hang; their VMs run on.
    const others = nodes().filter((node) => node !== "node1");
    const signal = (name: string) => Promise.all(others.map((node) => on(node, "pkill", name, "-x", "corosync")));
    const cluster = () => on("node1", "crm_mon", "-1");
    await signal("-STOP");
    try {
      assert.match(await eventually(cluster, (text) => /WITHOUT quorum/.test(text), 60), /WITHOUT quorum/);
      const says = /the cluster: it has no quorum \(offline: node2, node3\), so Pacemaker does nothing that it is told/;
      assert.match(await refused((context) => createVm(context, specOf(fresh))), says);
      assert.match(await refused((context) => updateVm(context, { ...running, priority: 3 })), says);
      assert.match(await refused((context) => removeVm(context, vm)), says);
      assert.match((await preview()).failures, says);
    } finally {
      await signal("-CONT");
      await eventually(cluster, (text) => /with quorum/.test(text) && /Online: \[ node1 node2 node3 \]/.test(text), 60);
    }
    await eventually(
      () => qemu(vm),
      (found) => found.length === 1,
      60,
    );
  });

  // Tried: the pool, or its quota, is full → create, update and delete are refused: every write would hang
  it("says that Ceph takes nothing more, instead of waiting without an end", async () => {
    const flags = () => on("node1", "ceph", "osd", "pool", "ls", "detail");
    await on("node1", "ceph", "osd", "pool", "set-quota", "rbd", "max_bytes", "1");
    try {
      await eventually(flags, (text) => /full_quota/.test(text), 60);
      const says = /the cluster: Ceph takes nothing more: the quota of the pool is used up, .*set-quota rbd max_bytes/;
      assert.match(await refused((context) => createVm(context, specOf(fresh))), says);
      assert.match(await refused((context) => updateVm(context, { ...running, systemSize: 4 << 20 })), says);
      assert.match(await refused((context) => removeVm(context, vm)), says);
      assert.match((await preview()).failures, says);
    } finally {
      await on("node1", "ceph", "osd", "pool", "set-quota", "rbd", "max_bytes", "0");
      await eventually(flags, (text) => !/full/.test(text), 60);
    }
  });
});
