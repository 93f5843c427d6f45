// A cluster that is in no state for what is asked says so, each state in words of its own, before anything is changed.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import type { Runner } from "../../provider/dist/transport/index.js";
import { constraints, eventually, imageMeta, nodes, on, qemu, traces, tryOn } from "./support/cluster.ts";
import { clusterOn, FailingRunner, labRunner } from "./support/failing.ts";
import { specOf, tick } from "./support/vms.ts";

const require = createRequire(import.meta.url);
const { createVm, findVm, removeVm, updateVm, Refused } = require("../../provider/dist/vmmgr/index.js") as typeof import("../../provider/dist/vmmgr/index.js");
const { vmProvider } = require("../../provider/dist/resources/index.js") as typeof import("../../provider/dist/resources/index.js");
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
  async function refused(change: (context: { cluster: ReturnType<typeof clusterOn> }) => Promise<unknown>): Promise<string> {
    const watched = new FailingRunner(runner, 0, "before");
    const error = await change({ cluster: clusterOn(watched) }).then(() => undefined, (failure: unknown) => failure);
    assert.ok(error instanceof Refused, String(error));
    assert.deepEqual(watched.asked, []);
    return error.message;
  }

  /** What a preview says: failures, and what is only announced. */
  async function preview(more: Raw = {}, olds: Raw = {}): Promise<{ failures: string; said: string; inputs: Raw }> {
    const said: string[] = [];
    const provider = vmProvider({ cluster: () => clusterOn(runner), say: (text) => said.push(text) });
    const { failures = [], inputs } = await provider.check!(olds, tick({ name: fresh, ...more }));
    return { failures: failures.map(({ property, reason }) => `${property}: ${reason}`).join("\n"), said: said.join("\n"), inputs: inputs as Raw };
  }

  it("says that it is in maintenance, where something would have to be started, stopped or moved", async () => {
    const { inputs } = await preview({ name: vm, preferredHost: "node2", adopt: true });
    const other = await preview({ ...inputs, started: false }, inputs);
    assert.equal(other.failures, "");
    await on("node1", "crm_attribute", "--name", "maintenance-mode", "--update", "true");
    try {
      const says = /the cluster: it is in maintenance, so Pacemaker starts and stops nothing; `crm configure property maintenance-mode=false` ends that/;
      assert.match(await refused((context) => createVm(context, specOf(fresh))), /^Unable to create VM "corefresh" on node\d: the cluster: it is in maintenance/);
      assert.match(await refused((context) => updateVm(context, { ...running, started: false })), says);
      assert.match(await refused((context) => removeVm(context, vm)), /^Unable to delete VM "coreoff" on node\d: the cluster: it is in maintenance/);
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

  it("says which node is in standby: the only one that may run it is refused, the preferred one is announced", async () => {
    await on("node1", "crm_standby", "--node", "node3", "--update", "on");
    await eventually(() => on("node1", "crm_mon", "-1"), (text) => /node3: standby/i.test(text));
    try {
      const says = /pinnedHost: node3 is in standby, and it may run nowhere else; `crm node online node3` ends that/;
      assert.match(await refused((context) => createVm(context, { ...specOf(fresh), pinnedHost: "node3" })), says);
      assert.match((await preview({ pinnedHost: "node3" })).failures, says);
      const preferred = await preview({ preferredHost: "node3" });
      assert.deepEqual([preferred.failures, preferred.said], ["", 'VM "corefresh": node3 is in standby: it runs on another node until that has changed']);
      for (const node of nodes()) await on("node1", "crm_standby", "--node", node, "--update", "on");
      await eventually(() => on("node1", "crm_mon", "-1"), (text) => nodes().every((node) => new RegExp(`${node}: standby`, "i").test(text)));
      const none = /the cluster: no node can run it: node1 is in standby, node2 is in standby, node3 is in standby; `crm node online node1` ends that/;
      assert.match(await refused((context) => createVm(context, specOf(fresh))), none);
      assert.match((await preview()).failures, none);
      assert.equal((await preview({ started: false })).failures, "");
    } finally {
      for (const node of nodes()) await on("node1", "crm_standby", "--node", node, "--delete");
    }
    await eventually(() => qemu(vm), (found) => found.length === 1, 60);
  });

  it("says that it has no quorum, and who is missing", async () => {
    // Corosync is told to expect more votes than there are: nothing has to be killed for it.
    await on("node1", "corosync-quorumtool", "-e", "7");
    try {
      await eventually(() => on("node1", "crm_mon", "-1"), (text) => /WITHOUT quorum/.test(text));
      const says = /the cluster: it has no quorum, so Pacemaker does nothing that it is told/;
      assert.match(await refused((context) => createVm(context, specOf(fresh))), says);
      assert.match(await refused((context) => updateVm(context, { ...running, priority: 3 })), says);
      assert.match(await refused((context) => removeVm(context, vm)), says);
      assert.match((await preview()).failures, says);
    } finally {
      await on("node1", "corosync-quorumtool", "-e", "3");
      await eventually(() => on("node1", "crm_mon", "-1"), (text) => /with quorum/.test(text));
    }
    await eventually(() => qemu(vm), (found) => found.length === 1, 60);
  });

  it("says that Ceph takes nothing more, instead of waiting without an end", async () => {
    const flags = () => on("node1", "ceph", "osd", "pool", "ls", "detail");
    await on("node1", "ceph", "osd", "pool", "set-quota", "rbd", "max_bytes", "1000");
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

  it("says that the name is of a resource that has failed", async () => {
    const at = (await eventually(() => qemu(vm), (found) => found.length === 1, 60))[0]?.split(":")[0] ?? "";
    await on("node1", "crm_resource", "--resource", vm, "--meta", "--set-parameter", "is-managed", "--parameter-value", "false");
    await on("node1", "crm_resource", "--fail", "--resource", vm, "--node", at);
    const gone = { ...specOf(vm) };
    const blocked = async () => (await clusterOn(runner).inventory()).status.resources.get(vm);
    await eventually(blocked, (found) => found?.failed === true);
    if ((await blocked())?.blocked) assert.match(await refused((context) => updateVm(context, gone)), /name: Pacemaker has given "coreoff" up/);
    await on("node1", "crm_resource", "--cleanup", "--resource", vm);
    await on("node1", "crm_resource", "--resource", vm, "--meta", "--delete-parameter", "is-managed");
    await eventually(() => qemu(vm), (found) => found.length === 1, 60);
  });

  it("says that the stored domain of a VM cannot be read, by name", async () => {
    const xml = await imageMeta(vm, "xml");
    await on("node1", "rbd", "image-meta", "set", `system_${vm}`, "xml", "<domain");
    try {
      const { failures } = await preview({ name: vm });
      assert.match(failures, /^name: "coreoff" is taken: the cluster has a VM of this name whose stored domain cannot be read .*rbd image-meta get system_coreoff xml/);
      assert.equal((await preview()).failures, "", "the others are none the worse");
    } finally {
      await on("node1", "rbd", "image-meta", "set", `system_${vm}`, "xml", xml);
    }
  });

  it("grows a disk again that the guest was not told of", async () => {
    const size = 3 << 20;
    // The call that is broken is virsh, behind the one that grows the image.
    const broken = new FailingRunner(runner, 2, "before");
    await assert.rejects(updateVm({ cluster: clusterOn(broken) }, { ...running, systemSize: size }), /growing its system disk/);
    assert.match(broken.asked[1] ?? "", /^virsh .*blockresize/);
    assert.match(await on("node1", "rbd", "info", `system_${vm}`), /size 3 MiB/);
    const seen = findVm(await clusterOn(runner).inventory(), vm);
    assert.equal(seen?.systemSize, 1 << 20, "what the guest has, so that a refresh shows it");
    const [at = ""] = (await qemu(vm))[0]?.split(":") ?? [];
    const healed = await updateVm({ cluster: clusterOn(runner) }, { ...running, systemSize: size });
    assert.equal(healed.systemSize, size);
    assert.match(await on(at, "virsh", "domblkinfo", vm, "vda"), /Capacity:\s+3145728/);
    assert.notEqual((await tryOn("node1", "rbd", "image-meta", "get", `system_${vm}`, "_seapath_growing")).exitCode, 0);
  });

  it("keeps a ban of somebody's through a disable and an enable", async () => {
    await on("node1", "crm_resource", "--ban", "--resource", vm, "--node", "node3");
    await updateVm({ cluster: clusterOn(runner) }, { ...running, systemSize: 3 << 20, enabled: false });
    assert.deepEqual(await constraints(vm), []);
    await updateVm({ cluster: clusterOn(runner) }, { ...running, systemSize: 3 << 20 });
    assert.ok((await constraints(vm)).includes(`cli-ban-${vm}-on-node3`));
  });
});
