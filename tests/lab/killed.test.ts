// `kill -9` of pulumi and its provider in the midst of a create, an update and a destroy: the next run comes out right.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { pulumiEnvironment } from "../../tools/env.mjs";
import { eventually, imageMeta, metaAttribute, on, qemu, traces, tryOn } from "./support/cluster.ts";
import { commandLine, family } from "./support/processes.ts";
import { TestStack, type Vms } from "./support/stack.ts";
import { tick } from "./support/vms.ts";

const SLEEP = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Runs pulumi, and kills it and its provider at once, as a power cut would, when the cluster shows something. */
async function killWhen(stack: string, verb: "up" | "destroy", seen: () => Promise<boolean>): Promise<void> {
  const argv = [verb, "--yes", "--skip-preview", "--non-interactive", "--stack", stack];
  const run = spawn("pulumi", argv, {
    cwd: join(import.meta.dirname, "program"),
    env: pulumiEnvironment(),
    stdio: "ignore",
  });
  const ended = new Promise<void>((resolve) => run.on("close", () => resolve()));
  const deadline = Date.now() + 60_000;
  while (!(await seen())) {
    assert.ok(Date.now() < deadline && run.exitCode === null, "the run ended before it could be killed");
    await SLEEP(20);
  }
  const pids = family(run.pid ?? 0);
  assert.ok(
    pids.some((pid) => commandLine(pid).includes("dynamic-provider")),
    "the provider is among what is killed",
  );
  for (const pid of pids) process.kill(pid, "SIGKILL");
  await ended;
}

const succeeds = async (...argv: string[]) => (await tryOn("node1", ...argv)).exitCode === 0;

const moments: Record<string, () => Promise<boolean>> = {
  "its image is there": () => succeeds("rbd", "image-meta", "get", "system_cutoff", "_seapath_create"),
  "its metadata are written": () => succeeds("rbd", "image-meta", "get", "system_cutoff", "_base_xml"),
  "Pacemaker has it": () => succeeds("crm_resource", "--resource", "cutoff", "--locate"),
  "it runs": async () => (await qemu("cutoff")).length > 0,
};

describe("pulumi killed", function () {
  this.timeout(240_000);
  let stack: TestStack;
  const vms: Vms = { cutoff: tick({ metadata: { owner: "alice" } }) };

  before(async () => {
    stack = await TestStack.make("killed");
  });
  after(async () => {
    await stack.destroy();
    assert.deepEqual(await traces("cutoff"), []);
  });

  for (const [moment, seen] of Object.entries(moments)) {
    // Tried: pulumi and its provider are killed in a create → an image that was whole stays, another is thrown away; the next `up` waits 15 s to see that nobody is at work, and makes the VM whole
    it(`in a create, when ${moment}: the next up makes it whole, the next destroy leaves nothing`, async () => {
      await stack.configure(vms);
      await killWhen("killed", "up", seen);
      await stack.unlock();
      await stack.up(vms);
      assert.equal((await qemu("cutoff")).length, 1);
      assert.equal(await imageMeta("cutoff", "owner"), "alice");
      assert.equal(await succeeds("rbd", "image-meta", "get", "system_cutoff", "_seapath_create"), false);
      assert.deepEqual((await stack.preview(vms, { refresh: true })).changes, { same: 2 });
      await stack.up({});
      assert.deepEqual(await traces("cutoff"), []);
    });
  }

  // Tried: pulumi and its provider are killed in an update → the next `up` ends it, QEMU keeps its pid
  it("in an update: the next one comes out right, and the guest was not restarted", async () => {
    await stack.up(vms);
    const pid = await qemu("cutoff");
    const changed = { cutoff: tick({ metadata: { owner: "bob" }, priority: 8 }) };
    await stack.configure(changed);
    await killWhen("killed", "up", async () => (await imageMeta("cutoff", "owner")) === "bob");
    await stack.unlock();
    await stack.up(changed);
    assert.equal(await metaAttribute("cutoff", "priority"), "8");
    assert.deepEqual(await qemu("cutoff"), pid);
  });

  // Tried: pulumi and its provider are killed in a destroy → the next one ends it
  it("in a destroy: the next one ends it", async () => {
    await killWhen("killed", "destroy", async () =>
      /Stopped/.test(await on("node1", "crm", "configure", "show", "cutoff").catch(() => "Stopped")),
    );
    await stack.unlock();
    await stack.destroy();
    assert.deepEqual(await stack.recorded(), []);
    await eventually(
      () => traces("cutoff"),
      (left) => left.length === 0,
      10,
    );
    assert.deepEqual(await traces("cutoff"), []);
  });
});
