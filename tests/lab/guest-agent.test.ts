// The channel of the guest's agent in a typed domain, as the page on snapshots has it, and the size that a disk has by its image.
import assert from "node:assert/strict";
import { inGuest } from "../../lab/index.ts";
import { eventually, on, traces } from "./support/cluster.ts";
import { snaps, system } from "./support/snapshots.ts";
import { TestStack, type Vms } from "./support/stack.ts";
import { tick } from "./support/vms.ts";

const VM = "agentvm";
/** The last byte of its MAC is that of its address. */
const [MAC, ADDRESS] = ["52:54:00:00:00:e7", "10.99.0.231"];
const domain = {
  type: "qemu",
  memory: 128,
  machine: "pc",
  firmware: "bios",
  interfaces: [{ bridge: "br0", mac: MAC }],
};
const vm = (more = {}): Vms => ({
  [VM]: { source: { nodePath: "/var/lib/seapath/images/remote.qcow2" }, domain: { ...domain, ...more } },
});
const snapshot = { $kind: "Snapshot", vm: `$vm:${VM}`, quiesce: "required" };
const agent = () =>
  inGuest(ADDRESS, "true").then(
    () => true,
    () => false,
  );

describe("a typed domain with the guest's agent", function () {
  this.timeout(240_000);
  let stack: TestStack;

  before(async () => {
    stack = await TestStack.make("guestagent");
  });
  after(async () => {
    await stack.destroy();
    for (const name of [VM, "agentless"]) assert.deepEqual(await traces(name), []);
  });

  it("has frozen snapshots", async () => {
    await stack.up(vm({ guestAgent: true }));
    assert.equal(await eventually(agent, Boolean, 90), true);
    await stack.up({ ...vm({ guestAgent: true }), agentsnap: snapshot });
    const state = await stack.state();
    assert.match(state, /"consistency":"\d+ file systems? (was|were) frozen"/);
    assert.deepEqual(await snaps(system(VM)), { agentsnap: false });
    assert.deepEqual(
      (await stack.preview({ ...vm({ guestAgent: true }), agentsnap: snapshot }, { refresh: true })).changes,
      { same: 3 },
    );
  });

  it("says what size its disk has, which is that of the image, and no difference", async () => {
    const { size } = JSON.parse(await on("node1", "rbd", "info", system(VM), "--format", "json")) as { size: number };
    const shown = /"systemDisk":\{[^}]*"size":"(\d+)(KiB|MiB|GiB)"/.exec(await stack.state());
    assert.equal(Number(shown?.[1]) * ({ KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 }[shown?.[2] ?? ""] ?? NaN), size);
  });

  // Tried: a snapshot that requires a freeze, of a VM whose domain has no channel for the agent → refused in the preview
  it("is what a snapshot that requires a freeze asks for in the preview", async () => {
    const text = await stack.failing("preview", {
      ...vm({ guestAgent: true }),
      agentsnap: snapshot,
      agentless: tick(),
      late: { ...snapshot, vm: "$vm:agentless" },
    });
    assert.match(
      text,
      /has a problem: property quiesce: "required" cannot be had: the domain of VM "agentless" has no channel .*guestAgent: true/s,
    );
  });
});
