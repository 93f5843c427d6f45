// What is said of a change before it is made, and what comes of it when it is.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { kill, start } from "../../lab/index.ts";
import { eventually, on, traces } from "./support/cluster.ts";
import { clusterOn, labRunner } from "./support/failing.ts";
import { TICK } from "./support/vms.ts";

const require = createRequire(import.meta.url);
const { createVm, removeVm, updateVm } = require("../../provider/dist/vmmgr/index.js") as typeof import("../../provider/dist/vmmgr/index.js");
const { whatIf } = require("../../provider/dist/vmmgr/whatif/index.js") as typeof import("../../provider/dist/vmmgr/whatif/index.js");
type VmSpec = Parameters<typeof createVm>[1];

const spec = (name: string, more: Partial<VmSpec> = {}): VmSpec => ({
  name,
  source: { nodePath: TICK },
  diskBus: "virtio",
  domain: { type: "qemu", memory: 4, vcpus: 1, machine: "pc", firmware: "bios", interfaces: [], serialConsole: true },
  enabled: true,
  started: true,
  liveMigration: true,
  migrationUser: "root",
  migrationDowntime: 0,
  migrateToTimeout: 120,
  stopTimeout: 30,
  priority: 0,
  metadata: {},
  pacemaker: { meta: {}, params: {}, utilization: {} },
  crmConfigCommands: [],
  ...more,
});

describe("what is said ahead of time", function () {
  this.timeout(180_000);
  const runner = labRunner();
  const cluster = clusterOn(runner);
  const vms = [spec("wifpin", { pinnedHost: "node3" }), spec("wifpref", { preferredHost: "node3" }), spec("wiffree")];
  const names = vms.map(({ name }) => name);

  after(async () => {
    await start("node3");
    for (const name of names) await removeVm({ cluster }, name);
    for (const name of names) assert.deepEqual(await traces(name), []);
    runner.close();
  });

  /** Where Pacemaker itself says that they run. */
  async function where(): Promise<Record<string, string | undefined>> {
    const status = await on("node1", "crm", "status");
    return Object.fromEntries(names.map((name) => [name, new RegExp(`${name}\\s.*Started (\\S+)`).exec(status)?.[1]]));
  }
  const fates = (found: readonly { vm: string; after?: string }[]) =>
    Object.fromEntries(found.filter(({ vm }) => names.includes(vm)).map(({ vm, after }) => [vm, after]));

  it("is where new VMs come to run: certain where it says so, one of several where it does not", async () => {
    const { placements } = await whatIf(cluster, { vms, removed: [] });
    assert.deepEqual(await where(), Object.fromEntries(names.map((name) => [name, undefined])), "nothing was changed");
    const candidates = Object.fromEntries(placements.map((each) => [each.vm, each.candidates]));
    assert.deepEqual([candidates["wifpin"], candidates["wifpref"]], [["node3"], ["node3"]]);
    await Promise.all(vms.map((vm) => createVm({ cluster }, vm)));
    for (const [name, node] of Object.entries(await where())) assert.ok(candidates[name]?.includes(node ?? ""), `${name} on ${node}`);
  });

  it("is how a VM goes to another node: live, or stopped and started", async () => {
    const from = (await where())["wiffree"];
    const to = from === "node1" ? "node2" : "node1";
    const action = async (vm: VmSpec) => (await whatIf(cluster, { vms: [vm], removed: [] })).placements.find((each) => each.vm === vm.name);
    const live = await action(spec("wiffree", { preferredHost: to }));
    assert.deepEqual([live?.action, live?.before, live?.after], ["migrate", from, to]);
    const cold = await action(spec("wiffree", { preferredHost: to, liveMigration: false }));
    assert.deepEqual([cold?.action, cold?.before, cold?.after], ["move", from, to]);
    await updateVm({ cluster }, spec("wiffree", { preferredHost: to }));
    assert.equal((await where())["wiffree"], to);
  });

  it("is what the death of a node leaves", async () => {
    const { losses } = await whatIf(cluster, { vms: [], removed: [] });
    const said = fates(losses.get("node3") ?? []);
    assert.equal(said["wifpin"], undefined);
    assert.match(losses.get("node3")?.find(({ vm }) => vm === "wifpin")?.unplaced ?? "", /is kept from it by pin-wifpin-onnode3/);
    await kill("node3");
    assert.deepEqual(await eventually(where, (now) => now["wifpref"] !== undefined && now["wifpref"] !== "node3" && now["wifpin"] === undefined), said);
  });
});
