// examples/clones as it is: a golden VM, a copy of it, and two that share its disks until they stand alone.
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Stack } from "@pulumi/pulumi/automation/index.js";
import { imageMeta, metaAttribute, on, qemu, traces } from "./support/cluster.ts";
import { exampleStack } from "./support/example.ts";

const VMS = ["golden", "copy", "linked1", "linked2"];
const stackFile = join(import.meta.dirname, "../../examples/clones/Pulumi.labtest.yaml");

describe("the example clones", function () {
  this.timeout(180_000);
  let stack: Stack;

  before(async () => {
    stack = await exampleStack("clones");
  });
  after(async () => {
    await stack.destroy({ color: "never" });
    rmSync(stackFile, { force: true });
    for (const vm of VMS) assert.deepEqual(await traces(vm), [], vm);
  });

  it("makes four VMs of one image, and has nothing to change afterwards", async () => {
    const { outputs } = await stack.up({ color: "never" });
    assert.equal(new Set(Object.values(outputs["uuids"]?.value as Record<string, string>)).size, VMS.length);
    for (const vm of VMS.slice(1)) assert.equal((await qemu(vm)).length, 1, vm);
    assert.deepEqual(await qemu("golden"), []);
    assert.doesNotMatch(await on("node1", "rbd", "info", "system_copy"), /parent:/);
    for (const vm of ["linked1", "linked2"])
      assert.match(await on("node1", "rbd", "info", `system_${vm}`), /parent: rbd\/system_golden@/);
    assert.deepEqual([await imageMeta("copy", "image"), await imageMeta("copy", "site")], ["golden", "south"]);
    assert.equal(await metaAttribute("linked1", "priority"), "5");
    const { changeSummary } = await stack.preview({ color: "never", refresh: true });
    assert.deepEqual(changeSummary, { same: 5 });
  });

  it("lets the linked ones stand alone, while they run", async () => {
    const before = await Promise.all(["linked1", "linked2"].map(qemu));
    await stack.setConfig("clones:mode", { value: "copy" });
    const { summary } = await stack.up({ color: "never" });
    assert.deepEqual(summary.resourceChanges, { update: 2, same: 3 });
    assert.equal(await on("node1", "rbd", "children", "system_golden"), "");
    assert.equal(await on("node1", "rbd", "snap", "ls", "system_golden"), "");
    assert.deepEqual(await Promise.all(["linked1", "linked2"].map(qemu)), before);
  });
});
