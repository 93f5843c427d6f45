// examples/remote-guest-service as it is: a web server inside of a VM, which Pacemaker starts again when it is killed.
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Stack } from "@pulumi/pulumi/automation/index.js";
import { inGuest } from "../../lab/index.ts";
import { eventually, on, traces } from "./support/cluster.ts";
import { exampleStack } from "./support/example.ts";
import { cibLines, served, serviceIn, serviceNow } from "./support/remote.ts";

const ADDRESS = "10.99.0.180";
const stackFile = join(import.meta.dirname, "../../examples/remote-guest-service/Pulumi.labtest.yaml");

describe("the example remote-guest-service", function () {
  this.timeout(240_000);
  let stack: Stack;

  before(async () => {
    stack = await exampleStack("remote-guest-service");
  });
  after(async () => {
    await stack.destroy({ color: "never" });
    rmSync(stackFile, { force: true });
    assert.deepEqual(await cibLines("gatewayinside"), []);
    assert.deepEqual(await traces("gateway"), []);
  });

  it("serves from inside of the guest, and has nothing to change afterwards", async () => {
    const { outputs } = await stack.up({ color: "never" });
    assert.equal(outputs["url"]?.value, `http://${ADDRESS}/`);
    assert.equal(outputs["online"]?.value, true);
    assert.equal(outputs["service"]?.value, "Started");
    assert.deepEqual(
      [outputs["authkey"]?.secret, outputs["authkey"]?.value],
      [true, await on("node1", "base64", "-w0", "/etc/pacemaker/authkey")],
    );
    assert.match((await served(ADDRESS)) ?? "", /inside of the guest/);
    const { changeSummary } = await stack.preview({ color: "never", refresh: true });
    assert.deepEqual(changeSummary, { same: 5 });
  });

  it("serves again after it was killed", async () => {
    const before = await serviceNow(ADDRESS);
    assert.ok(before !== undefined);
    await inGuest(ADDRESS, `kill -9 ${before.pid}`);
    const after = await eventually(
      () => serviceIn(ADDRESS),
      (now) => now !== undefined && now.pid !== before.pid,
      60,
    );
    assert.ok(after !== undefined && after.pid !== before.pid);
    assert.equal(after.boot, before.boot);
  });
});
