// examples/data-disks as it is: disks that a guest is given, grown and taken from while it runs.
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Stack } from "@pulumi/pulumi/automation/index.js";
import { on, qemu, traces } from "./support/cluster.ts";
import { exampleStack } from "./support/example.ts";

const stackFile = join(import.meta.dirname, "../../examples/data-disks/Pulumi.labtest.yaml");
const sum = (image: string) => on("node1", "sh", "-c", `rbd export ${image} - 2>/dev/null | sha256sum`);

describe("the example data-disks", function () {
  this.timeout(240_000);
  let stack: Stack;
  const block = async (verb: string, ...more: string[]) => {
    const [node = ""] = ((await qemu("historian"))[0] ?? "").split(":");
    return on(node, "virsh", verb, "historian", ...more);
  };

  before(async () => {
    stack = await exampleStack("data-disks", { archiveSize: "32MiB", retain: "true" });
  });
  after(async () => {
    rmSync(stackFile, { force: true });
    assert.deepEqual(await traces("historian"), []);
  });

  it("gives the guest three disks, says where, and has nothing to change afterwards", async () => {
    const { outputs } = await stack.up({ color: "never" });
    assert.deepEqual(outputs["devices"]?.value, {
      data_historian_0: "vdb",
      data_historian_1: "sdc",
      data_historian_2: "sdd",
    });
    const live = await block("domblklist");
    for (const [image, target] of Object.entries(outputs["devices"]?.value as Record<string, string>))
      assert.match(live, new RegExp(`${target}\\s+rbd/${image}`));
    assert.equal(await sum("data_historian_2"), await sum("data_historian_1"));
    const { changeSummary } = await stack.preview({ color: "never", refresh: true });
    assert.deepEqual(changeSummary, { same: 5 });
  });

  it("grows the archive while the guest runs, and keeps the settings when all else is destroyed", async () => {
    const pid = await qemu("historian");
    await stack.setConfig("data-disks:archiveSize", { value: "64MiB" });
    await stack.up({ color: "never" });
    assert.match(await block("domblkinfo", "vdb"), /Capacity:\s+67108864/);
    assert.deepEqual(await qemu("historian"), pid);
    const content = await sum("data_historian_1");
    await stack.destroy({ color: "never" });
    assert.deepEqual(await traces("historian"), ["retained_historian_1"]);
    assert.equal(await sum("retained_historian_1"), content);
    await on("node1", "rbd", "rm", "--no-progress", "retained_historian_1");
  });
});
