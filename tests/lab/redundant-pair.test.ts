// examples/redundant-pair as it is: two VMs that never share a node, wherever they run.
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Stack } from "@pulumi/pulumi/automation/index.js";
import { eventually, imageMeta, on, qemu, traces } from "./support/cluster.ts";
import { exampleStack } from "./support/example.ts";

const places = async () =>
  Promise.all(["primary", "standby"].map(async (vm) => (await qemu(vm))[0]?.split(":")[0] ?? ""));
const stackFile = join(import.meta.dirname, "../../examples/redundant-pair/Pulumi.labtest.yaml");

describe("the example redundant-pair", function () {
  this.timeout(180_000);
  let stack: Stack;

  before(async () => {
    stack = await exampleStack("redundant-pair");
  });
  after(async () => {
    await stack.destroy({ color: "never" });
    rmSync(stackFile, { force: true });
    for (const vm of ["primary", "standby"]) assert.deepEqual(await traces(vm), [], vm);
  });

  it("runs its VMs on different nodes, says where, and has nothing to change afterwards", async () => {
    const { outputs } = await stack.up({ color: "never" });
    const [primary, standby] = await places();
    assert.notEqual(primary, standby);
    assert.deepEqual(outputs["nodes"]?.value, { primary, standby });
    assert.equal(await imageMeta("primary", "role"), "primary");
    assert.match(
      await on("node1", "crm", "configure", "show", "apart-strong-standby-withprimary"),
      /-inf: standby \( primary \)/,
    );
    assert.match(
      await on("node1", "crm", "configure", "show", "order-primary-thenstandby"),
      /Optional: primary \( standby \)/,
    );
    const { changeSummary } = await stack.preview({ color: "never", refresh: true });
    assert.deepEqual(changeSummary, { same: 6 });
  });

  it("keeps them apart when one is sent to the other's node", async () => {
    const [node = ""] = await places();
    try {
      await on("node1", "crm_resource", "--move", "--resource", "standby", "--node", node);
      await eventually(places, ([primary, standby]) => standby === node && primary !== "" && primary !== node, 20);
      const [primary, standby] = await places();
      assert.ok(primary !== "" && standby !== "");
      assert.notEqual(primary, standby);
    } finally {
      await on("node1", "crm_resource", "--clear", "--resource", "standby");
    }
  });
});
