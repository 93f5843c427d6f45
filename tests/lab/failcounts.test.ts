// What Pacemaker counts against a VM that failed, and against the name of one that is gone: forgotten, or said.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import type { Runner } from "../../provider/dist/transport/index.js";
import { said } from "../said.ts";
import { counted, nodes, on, qemu, traces } from "./support/cluster.ts";
import { clusterOn, labRunner } from "./support/failing.ts";
import { specOf } from "./support/vms.ts";

const require = createRequire(import.meta.url);
const vmmgr = require("../../provider/dist/vmmgr/index.js") as typeof import("../../provider/dist/vmmgr/index.js");
const { forgetFailures } =
  require("../../provider/dist/cluster/index.js") as typeof import("../../provider/dist/cluster/index.js");

const VM = "counts";

/** As after a start that failed, of which nothing but the count is left. */
async function close(...closed: string[]): Promise<void> {
  for (const node of closed) {
    await on("node1", "attrd_updater", "--name", `fail-count-${VM}#start_0`, "--update", "INFINITY", "--node", node);
    await on(
      "node1",
      "attrd_updater",
      "--name",
      `last-failure-${VM}#start_0`,
      "--update",
      "1700000000",
      "--node",
      node,
    );
  }
}

describe("what is counted of failures", function () {
  this.timeout(120_000);
  let runner: Runner;
  const spec = specOf(VM);
  const context = () => ({ cluster: clusterOn(runner), deadline: 60 });
  const others = async () => {
    const place = (await qemu(VM))[0]?.split(":")[0];
    return nodes().filter((node) => node !== place);
  };

  before(() => {
    runner = labRunner();
  });
  after(async () => {
    await vmmgr.removeVm(context(), VM);
    assert.deepEqual(await traces(VM), []);
    runner.close();
  });

  // Tried: a VM cannot be started anywhere → libvirt's reason is quoted from the nodes' logs, its create is undone, and no node is closed to the next of that name
  it("is nothing after a create that failed everywhere, and the corrected one runs at once", async () => {
    const interfaces = [{ bridge: "nosuchbridge", mac: "52:54:00:77:07:01", model: "virtio" }];
    const failure = await vmmgr.createVm(context(), { ...spec, domain: { ...spec.domain, interfaces } }).then(
      () => undefined,
      (error: unknown) => error,
    );
    assert.ok(failure instanceof vmmgr.ChangeFailed, String(failure));
    said(failure);
    assert.match(
      failure.message,
      /could not start it on any node: node\d: .*The log \(\/var\/log\/pacemaker\/pacemaker\.log on node1, node2, node3\) says: [^;]*nosuchbridge/,
    );
    assert.match(failure.hint ?? "", /^More is in \/var\/log\/pacemaker\/pacemaker\.log on node\d\.$/);
    assert.deepEqual(failure.left, []);
    assert.deepEqual(await traces(VM), []);
    assert.equal((await vmmgr.createVm(context(), spec)).status, "Started");
    await vmmgr.removeVm(context(), VM);
    assert.deepEqual(await traces(VM), []);
  });

  // Tried: failures of an earlier VM of that name are still counted on every node → forgotten before the new one is started
  it("does not keep a new VM of the name from starting", async () => {
    await close(...nodes());
    assert.equal((await counted(VM)).length, 6, "the control: they are there, and seen");
    assert.equal((await vmmgr.createVm(context(), spec)).status, "Started");
    assert.deepEqual(await counted(VM), []);
  });

  it("is said of a VM that runs: which nodes it cannot go to, what opens them, and that a loss leaves it down", async () => {
    const closed = await others();
    await close(...closed);
    const inventory = await context().cluster.inventory();
    const [warning = ""] = vmmgr.failureWarnings(inventory, { name: VM });
    assert.match(
      warning,
      new RegExp(
        `^${closed.join(" and ")} are closed to it \\(failed start\\).*\`crm_resource --cleanup --resource ${VM}\``,
      ),
    );
    const pinned = vmmgr.changeRefusals(inventory, { ...spec, pinnedHost: closed[0]! }, "update");
    assert.match(
      pinned.map(({ property, reason }) => `${property}: ${reason}`).join(),
      new RegExp(`^pinnedHost: ${closed[0]} is closed to it \\(failed start\\)`),
    );
    const { losses } = await vmmgr.whatIf(context().cluster, { vms: [], removed: [] });
    const place = nodes().find((node) => !closed.includes(node));
    const fate = losses.find(({ node }) => node === place)?.fates.find(({ vm }) => vm === VM);
    for (const node of closed)
      assert.match(fate?.unplaced ?? "", new RegExp(`${node} is closed to it \\(failed start\\)`));
    const pid = await qemu(VM);
    await vmmgr.updateVm(context(), { ...spec, priority: 3 });
    assert.deepEqual(await qemu(VM), pid);
  });

  it("goes with a VM that is disabled, and with one that is replaced", async () => {
    await vmmgr.setEnabled(context(), VM, false);
    assert.deepEqual(await counted(VM), []);
    await close(...nodes());
    const { placements } = await vmmgr.whatIf(context().cluster, { vms: [spec], removed: [] });
    assert.equal(
      placements.find(({ vm }) => vm === VM)?.unplaced,
      undefined,
      "what is forgotten by the change does not count in its plan",
    );
    assert.equal((await vmmgr.setEnabled(context(), VM, true)).status, "Started");
    assert.deepEqual(await counted(VM), []);
    await close(...(await others()));
    assert.equal((await vmmgr.replaceVm(context(), spec)).status, "Started");
    assert.deepEqual(await counted(VM), []);
  });

  // Tried: a failure is recorded while the VM is being removed → it is waited for and forgotten
  it("is forgotten as well when it is recorded late", async () => {
    await on("node1", "crm_resource", "--fail", "--resource", VM, "--node", (await qemu(VM))[0]?.split(":")[0] ?? "");
    await vmmgr.removeVm(context(), VM);
    assert.deepEqual(await traces(VM), []);
    await close("node2");
    const [forgotten] = await Promise.all([
      forgetFailures(runner, VM),
      new Promise((resolve) => setTimeout(resolve, 300)).then(() => close("node3")),
    ]);
    assert.deepEqual(forgotten.left, []);
    assert.deepEqual(await counted(VM), []);
  });
});
