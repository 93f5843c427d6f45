// A domain that is changed while its guest runs: stored at once, run after a restart, by whomever; and restarted when asked.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import type { Runner } from "../../provider/dist/transport/index.js";
import { eventually, imageMeta, on, qemu, traces, tryOn } from "./support/cluster.ts";
import { clusterOn, labRunner } from "./support/failing.ts";
import { TestStack } from "./support/stack.ts";
import { specOf, tick } from "./support/vms.ts";
import { said } from "../said.ts";

const require = createRequire(import.meta.url);
const { createVm, findVm, removeVm, updateVm, ChangeFailed } =
  require("../../provider/dist/vmmgr/index.js") as typeof import("../../provider/dist/vmmgr/index.js");
const { vmProvider } =
  require("../../provider/dist/resources/index.js") as typeof import("../../provider/dist/resources/index.js");
type Raw = Record<string, unknown>;

describe("a domain that is changed while its guest runs", function () {
  this.timeout(180_000);
  let runner: Runner;
  const vm = "corerestart";
  const at = (memory: number) => ({ ...specOf(vm), liveMigration: true, domain: { ...specOf(vm).domain, memory } });
  const required = async () => findVm(await clusterOn(runner).inventory(), vm)?.restartRequired;
  const change = (memory: number, restart: "never" | "whenRequired" = "never") =>
    updateVm({ cluster: clusterOn(runner) }, { ...at(memory), restart });
  const running = () =>
    eventually(
      () => qemu(vm),
      (found) => found.length === 1,
      60,
    );
  const node = async () => (await running())[0]?.split(":")[0] ?? "";

  /** As an operator does it. */
  const restart = async (name: string) => {
    await on("node1", "crm", "resource", "stop", name);
    await eventually(
      () => qemu(name),
      (found) => found.length === 0,
      60,
    );
    await on("node1", "crm", "resource", "start", name);
    await eventually(
      () => qemu(name),
      (found) => found.length === 1,
      60,
    );
  };

  before(async () => {
    runner = labRunner();
    await createVm({ cluster: clusterOn(runner) }, at(4));
  });
  after(async () => {
    for (const name of [vm, "corebare"]) await removeVm({ cluster: clusterOn(runner) }, name);
    for (const name of [vm, "corebare"]) assert.deepEqual(await traces(name), []);
    runner.close();
  });

  it("keeps its QEMU, and is said to need a restart; changed back it needs none", async () => {
    const before = await qemu(vm);
    assert.equal((await change(5)).restartRequired, true);
    assert.match(await imageMeta(vm, "xml"), /<memory unit="MiB">5</);
    assert.equal((await change(4)).restartRequired, false);
    assert.notEqual((await tryOn("node1", "rbd", "image-meta", "get", `system_${vm}`, "_seapath_restart")).exitCode, 0);
    assert.equal((await change(5)).restartRequired, true);
    assert.equal(await required(), true);
    assert.deepEqual(await qemu(vm), before);
  });

  it("still does after the guest was reset, which stays in its QEMU, and after a live migration, which takes the old domain along", async () => {
    await on(await node(), "virsh", "reset", vm);
    assert.equal(await required(), true);
    const from = await node();
    const to = from === "node1" ? "node2" : "node1";
    await on("node1", "crm_resource", "--move", "--resource", vm, "--node", to);
    await eventually(
      () => qemu(vm),
      (found) => found.length === 1 && found[0]!.startsWith(to),
      60,
    );
    assert.equal(await node(), to);
    assert.equal(await eventually(required, (found) => found === true), true);
    await on("node1", "crm_resource", "--clear", "--resource", vm);
  });

  it("keeps its QEMU through new parameters of the agent that come with a pin to another node, to which it moves live", async () => {
    const from = await node();
    const to = from === "node1" ? "node2" : "node1";
    const spec = { ...at(5), migrationDowntime: 150, pinnedHost: to };
    const changed = await updateVm({ cluster: clusterOn(runner) }, { ...spec, restart: "never" });
    assert.deepEqual([changed.status, changed.node], ["Started", to]);
    assert.deepEqual(
      (await running()).map((found) => found.split(":")[0]),
      [to],
    );
    assert.equal(await required(), true, "it is the QEMU of before");
    assert.match(await on("node1", "crm", "configure", "show", vm), /migration_downtime=150/);
    assert.equal((await change(5)).restartRequired, true);
  });

  it("no longer does after a restart by Pacemaker", async () => {
    await restart(vm);
    assert.equal(await eventually(required, (found) => found === false), false);
    assert.match(await on(await node(), "virsh", "dumpxml", vm), /<memory unit='KiB'>5120</);
  });

  it("nor after QEMU was ended and started again by Pacemaker, nor after a probe that replaces the history", async () => {
    assert.equal((await change(6)).restartRequired, true);
    await on("node1", "crm_resource", "--refresh", "--resource", vm);
    assert.equal(await eventually(required, (found) => found === true), true);
    const before = await qemu(vm);
    await on(await node(), "virsh", "destroy", vm);
    await eventually(
      () => qemu(vm),
      (found) => found.length === 1 && found.join() !== before.join(),
      60,
    );
    assert.equal(await eventually(required, (found) => found === false), false);
  });

  it("is restarted by the update when that is asked for, by the VM's own power button", async () => {
    const before = await qemu(vm);
    const boots = async () =>
      Number(
        await on(
          "node1",
          "sh",
          "-c",
          `rbd export --no-progress system_${vm} - | dd bs=512 skip=1 count=1 status=none | od -An -tu4 -j4 -N4`,
        ),
      );
    // What was started just now may not have counted itself yet.
    let count = -1;
    await eventually(boots, (found) => found === count || ((count = found), false));
    const changed = await change(7, "whenRequired");
    assert.deepEqual([changed.status, changed.restartRequired], ["Started", false]);
    assert.notDeepEqual(await running(), before);
    assert.match(await on(await node(), "virsh", "dumpxml", vm), /<memory unit='KiB'>7168</);
    assert.equal(await eventually(boots, (found) => found === count + 1), count + 1);
    assert.notEqual((await tryOn("node1", "rbd", "image-meta", "get", `system_${vm}`, "_seapath_restart")).exitCode, 0);
  });

  // Tried: a restart with a changed domain does not succeed → the old domain is put back, and runs
  it("runs as before when it cannot be started with the changed domain", async () => {
    const wrong = {
      ...at(8),
      domain: { ...at(8).domain, interfaces: [{ bridge: "nosuchbridge", mac: "52:54:00:00:00:01", model: "virtio" }] },
    };
    const failure = await updateVm({ cluster: clusterOn(runner) }, { ...wrong, restart: "whenRequired" }).then(
      () => undefined,
      (error: unknown) => error,
    );
    assert.ok(failure instanceof ChangeFailed, String(failure));
    said(failure);
    assert.match(failure.message, /waiting until it is started: Pacemaker could not start it on any node/);
    assert.deepEqual(failure.left, []);
    const found = findVm(await clusterOn(runner).inventory(), vm);
    assert.deepEqual([found?.status, found?.domain.memory, found?.restartRequired], ["Started", 7, false]);
    assert.equal((await running()).length, 1);
  });

  it("is seen of a VM that was started without a mark, as vm-mgr starts it", async () => {
    const bare = specOf("corebare");
    await createVm({ cluster: clusterOn(runner) }, { ...bare, started: false });
    const xml = (await imageMeta("corebare", "xml")).replace(/<metadata>.*<\/metadata>/s, "");
    assert.doesNotMatch(xml, /revision/);
    await on("node1", "rbd", "image-meta", "set", "system_corebare", "xml", xml);
    const started = await updateVm({ cluster: clusterOn(runner) }, bare);
    assert.deepEqual([started.status, started.restartRequired], ["Started", false]);
    assert.equal(await imageMeta("corebare", "xml"), xml.trim(), "a domain that means the same is left in its words");
    const changed = await updateVm({ cluster: clusterOn(runner) }, { ...bare, domain: { ...bare.domain, memory: 5 } });
    assert.equal(changed.restartRequired, true);
    await restart("corebare");
    const seen = async () => findVm(await clusterOn(runner).inventory(), "corebare")?.restartRequired;
    assert.equal(await eventually(seen, (found) => found === false), false);
  });

  it("is announced by the diff, and only then done: also when a refresh finds it due", async () => {
    const said: string[] = [];
    const provider = vmProvider({ cluster: () => clusterOn(runner), say: (text) => said.push(text) });
    const inputs = tick({
      name: vm,
      liveMigration: true,
      restart: "whenRequired",
      domain: { type: "qemu", memory: 7, machine: "pc", firmware: "bios" },
      metadata: { owner: "alice" },
      owner: "labtest/core",
    });
    const checked = await provider.check!({}, { ...inputs, adopt: true });
    const { outs } = await provider.update!(
      vm,
      (await provider.read!(vm, checked.inputs as Raw)).props as Raw,
      checked.inputs as Raw,
    );
    assert.equal((outs as Raw)["restartRequired"], false);
    const before = await qemu(vm);
    // By another program of ours, which does not restart it.
    await change(9);
    const stale = await provider.update!(
      vm,
      outs as Raw,
      {
        ...checked.inputs,
        domain: { ...(checked.inputs as { domain: Raw }).domain, memory: 9 },
        restart: "never",
      } as Raw,
    );
    assert.equal((stale.outs as Raw)["restartRequired"], true);
    const { props } = await provider.read!(vm, { ...stale.outs, restart: "whenRequired" } as Raw);
    assert.equal((props as Raw)["restartRequired"], true);
    const wanted = { ...checked.inputs, domain: (props as Raw)["domain"] } as Raw;
    said.length = 0;
    const diff = await provider.diff!(vm, props as Raw, wanted);
    assert.deepEqual([diff.changes, diff.replaces], [true, []]);
    assert.match(
      said.join(),
      /VM "corerestart": it runs another domain than the one that is stored, so it is stopped and started/,
    );
    assert.deepEqual(await qemu(vm), before);
    const restarted = await provider.update!(vm, props as Raw, wanted);
    assert.deepEqual(
      [(restarted.outs as Raw)["restartRequired"], (restarted.outs as Raw)["status"]],
      [false, "Started"],
    );
    assert.notDeepEqual(await running(), before);
    assert.equal((await provider.diff!(vm, restarted.outs as Raw, wanted)).changes, undefined);
  });

  it("is shown and done by the real CLI, though no input differs", async () => {
    const stack = await TestStack.make("corerestart");
    try {
      const asked = (memory: number) => ({
        corecli: tick({ restart: "whenRequired", domain: { type: "qemu", memory, machine: "pc", firmware: "bios" } }),
      });
      await stack.up(asked(4));
      const before = await qemu("corecli");
      const inventory = await clusterOn(runner).inventory();
      const { baseXml: _xml, ...observed } = findVm(inventory, "corecli")!;
      await updateVm(
        { cluster: clusterOn(runner) },
        { ...specOf("corecli"), ...observed, started: true, domain: { ...observed.domain, memory: 5 } },
      );
      assert.deepEqual(await qemu("corecli"), before);
      await stack.refresh();
      const { text, changes } = await stack.preview(asked(5));
      assert.match(
        text,
        /VM "corecli": it runs another domain than the one that is stored, so it is stopped and started/,
      );
      assert.equal(changes["update"], 1);
      await stack.up(asked(5));
      assert.notDeepEqual(
        await eventually(
          () => qemu("corecli"),
          (found) => found.length === 1,
        ),
        before,
      );
      assert.deepEqual((await stack.preview(asked(5), { refresh: true })).changes, { same: 2 });
    } finally {
      await stack.destroy();
    }
  });
});
