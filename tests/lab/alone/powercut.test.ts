// The power of the node that is asked is cut in the midst of a create, an update and a delete.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { kill, start } from "../../../lab/index.ts";
import { pulumiEnvironment } from "../../../tools/env.mjs";
import { createRunner, readSettings, type Runner } from "../../../provider/dist/transport/index.js";
import { eventually, on, qemu, traces, tryOn } from "../support/cluster.ts";
import { clusterOn, CutRunner } from "../support/failing.ts";
import { TICK } from "../support/vms.ts";

const { PartialCreateError, vmProvider } = createRequire(import.meta.url)(
  "../../../provider/dist/resources/index.js",
) as typeof import("../../../provider/dist/resources/index.js");

describe("a power cut of the node that is asked", function () {
  this.timeout(240_000);
  const name = "powercut";
  const inputs = {
    name,
    source: { nodePath: TICK },
    domain: { type: "qemu", memory: 4, machine: "pc", firmware: "bios" },
    preferredHost: "node3",
  };
  const runners: Runner[] = [];

  /** A provider of its own for each, which asks node1 first; its power goes while the n-th program that may change something is under way. */
  function provider(at: number, node = "node1"): { vm: ReturnType<typeof vmProvider>; cut: CutRunner } {
    const cut = new CutRunner(
      createRunner(readSettings(() => undefined, pulumiEnvironment())),
      () => kill(node),
      at,
      100,
    );
    runners.push(cut);
    return { vm: vmProvider({ cluster: () => clusterOn(cut), say: () => undefined }), cut };
  }
  const back = async (node = "node1") => {
    await start(node);
    await eventually(
      () => tryOn("node1", "crm_mon", "-1"),
      ({ text }) => /Online: \[ node1 node2 node3 \]/.test(text),
      60,
    );
  };

  /** What was deleted while a node was down has left the resource agent's file there, as was said. */
  const sweep = async (...nodes: string[]) => {
    for (const node of nodes) await on(node, "rm", "-f", "--", `/etc/pacemaker/${name}.xml`);
  };

  after(async () => {
    await back();
    await back("node3");
    await sweep("node1", "node3");
    await provider(0).vm.delete!(name, inputs);
    for (const runner of runners) runner.close();
    assert.deepEqual(await traces(name), []);
  });

  for (const [at, step] of [
    [1, "images are reserved"],
    [2, "its image is imported"],
    [3, "its metadata and its primitive are written"],
  ] as const) {
    // Tried: the power of the node that is asked is cut in each step of a create → it is undone by the next node, or the next `up` heals it
    it(`in a create, when ${step}, leaves nothing, or what the next up heals`, async () => {
      const { vm, cut } = provider(at);
      const made = await vm.create(inputs).catch((error: unknown) => error as Error);
      assert.equal(cut.isCut, true);
      if (made instanceof PartialCreateError || !(made instanceof Error)) {
        const known = (made instanceof PartialCreateError ? made.properties : made.outs) ?? {};
        const healed = await provider(0).vm.update!(name, known, inputs);
        assert.equal((healed.outs as { status: string }).status, "Started");
        await provider(0).vm.delete!(name, known);
      }
      const left = await eventually(
        async () => (await on("node2", "rbd", "ls")).split("\n").filter((image) => image.endsWith(name)),
        (images) => images.length === 0,
        5,
      );
      assert.deepEqual(left, []);
      await back();
      await sweep("node1");
      assert.deepEqual(await traces(name), []);
    });
  }

  // Tried: the power of the node that is asked is cut in an update, and in a delete → the next run, by the next node, ends it
  it("in an update, and in a delete, is made good by the next run", async () => {
    await provider(0).vm.create(inputs);
    const pids = await qemu(name);
    const wanted = { ...inputs, priority: 7 };
    const first = provider(1);
    await first.vm.update!(name, inputs, wanted).catch(() => undefined);
    assert.equal(first.cut.isCut, true);
    await provider(0).vm.update!(name, inputs, wanted);
    assert.equal(await on("node2", "crm_resource", "--resource", name, "--meta", "--get-parameter", "priority"), "7");
    await back();
    assert.deepEqual(await qemu(name), pids);
    const second = provider(1);
    await second.vm.delete!(name, wanted).catch(() => undefined);
    assert.equal(second.cut.isCut, true);
    await provider(0).vm.delete!(name, wanted);
    await back();
    await sweep("node1");
    assert.deepEqual(await traces(name), []);
  });

  // Tried: the node that runs the VM dies in an update, and in a delete → the VM runs elsewhere, and the next run ends what was begun
  it("that runs the VM instead, in an update and in a delete, is made good by the next run", async () => {
    const located = () => on("node2", "crm_resource", "--locate", "--resource", name);
    const made = await provider(0).vm.create(inputs);
    assert.match((await qemu(name)).join(), /^node3:/);
    const wanted = { ...inputs, priority: 9 };
    const first = provider(1, "node3");
    await first.vm.update!(name, made.outs as Record<string, unknown>, wanted).catch(() => undefined);
    assert.equal(first.cut.isCut, true);
    await provider(0).vm.update!(name, made.outs as Record<string, unknown>, wanted);
    assert.equal(await on("node2", "crm_resource", "--resource", name, "--meta", "--get-parameter", "priority"), "9");
    assert.match(await eventually(located, (text) => /running on: node[12]/.test(text), 60), /running on: node[12]/);
    await back("node3");
    await provider(0).vm.update!(name, made.outs as Record<string, unknown>, wanted);
    assert.match(
      (
        await eventually(
          () => qemu(name),
          (found) => found.length === 1 && found.join().startsWith("node3"),
          60,
        )
      ).join(),
      /^node3:/,
    );
    const second = provider(1, "node3");
    await second.vm.delete!(name, wanted).catch(() => undefined);
    assert.equal(second.cut.isCut, true);
    await provider(0).vm.delete!(name, wanted);
    await back("node3");
    await sweep("node3");
    assert.deepEqual(await traces(name), []);
  });
});
