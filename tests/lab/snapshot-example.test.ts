// The example snapshots-and-rollback, as it is.
import assert from "node:assert/strict";
import { join } from "node:path";
import { LocalWorkspace, type Stack } from "@pulumi/pulumi/automation/index.js";
import { pulumiEnvironment } from "../../tools/env.mjs";
import { on, qemu, traces } from "./support/cluster.ts";
import { snaps, ticks } from "./support/snapshots.ts";

describe("the example snapshots-and-rollback", function () {
  this.timeout(180_000);
  let stack: Stack;

  before(async () => {
    const workDir = join(import.meta.dirname, "../../examples/snapshots-and-rollback");
    stack = await LocalWorkspace.createOrSelectStack(
      { stackName: "snapexample", workDir },
      { envVars: pulumiEnvironment() },
    );
    await stack.cancel().catch(() => undefined); // there is no lock, unless a run was killed
    await stack.removeConfig("upgrade:undo").catch(() => undefined);
    await stack.destroy({ color: "never" });
  });
  after(async () => {
    await stack.destroy({ color: "never" });
    assert.deepEqual(await traces("relay"), []);
    await stack.workspace.removeStack("snapexample");
  });

  it("takes a snapshot, goes back to it when it is told to, and has nothing to do after that", async () => {
    const first = await stack.up({ color: "never" });
    assert.match(String(first.outputs["takenAt"]?.value), /^\d{4}-\d\d-\d\dT.*Z$/);
    assert.equal(first.outputs["rolledBackAt"]?.value, "never");
    assert.deepEqual(await snaps("system_relay"), { beforeupgrade: true });
    const before = await ticks("relay");
    await stack.setConfig("upgrade:undo", { value: "1" });
    const preview = await stack.preview({ color: "never" });
    assert.match(
      preview.stdout,
      /relay: it is rolled back to the snapshot beforeupgrade of .*: system_relay loses what was written since/,
    );
    await stack.up({ color: "never" });
    const after = await ticks("relay");
    assert.equal((await qemu("relay")).length, 1);
    assert.equal(after.boots, before.boots + 1);
    assert.match(await on("node1", "crm", "status"), /relay\s.*Started/);
    const { changeSummary } = await stack.preview({ color: "never", refresh: true });
    assert.deepEqual(Object.keys(changeSummary), ["same"]);
  });
});
