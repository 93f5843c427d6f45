// Resources of every kind that Pulumi is told to make anew: `--replace`, `pulumi state taint`, `replaceOnChanges`.
import assert from "node:assert/strict";
import { imageMeta, on, qemu, traces } from "./support/cluster.ts";
import { content, data, snaps, system, ticks, write } from "./support/snapshots.ts";
import { TestStack, type Vms } from "./support/stack.ts";
import { said } from "../said.ts";
import { tick } from "./support/vms.ts";

const VM = "anewvm";
const OTHER = "anewother";
const vm = (more = {}): Vms => ({ [VM]: tick({ preferredHost: "node2", ...more }) });
const all = (more = {}): Vms => ({
  ...vm(more),
  [OTHER]: tick({ started: false }),
  anewdisk: { $kind: "Disk", vm: `$vm:${VM}`, size: "1MiB" },
  anewpair: { $kind: "Colocation", vm: `$vm:${VM}`, with: [`$vm:${OTHER}`] },
  anewboot: { $kind: "Order", first: `$vm:${VM}`, then: [`$vm:${OTHER}`], kind: "optional" },
  anewkeys: { $kind: "Metadata", vm: `$vm:${VM}`, metadata: { anewkey: "a" } },
});
const uuid = async () => /<uuid>([^<]*)</.exec(await imageMeta(VM, "xml"))?.[1];
const failing = async (run: Promise<unknown>) =>
  run.then(
    () => assert.fail("it had to fail"),
    (error: unknown) => (said(error), (error as Error).message),
  );

describe("what Pulumi is told to make anew", function () {
  this.timeout(240_000);
  let stack: TestStack;

  before(async () => {
    stack = await TestStack.make("anew");
    await stack.up(all());
  });
  after(async () => {
    await stack.destroy();
    for (const name of [VM, OTHER]) assert.deepEqual(await traces(name), []);
  });

  // Tried: `pulumi up --replace` of a VM → it is deleted, with its disks, and made anew, and so are the disks that depend on it
  it("is a VM by `--replace`, the old one first, with its data disks, as the preview would say", async () => {
    const [before, pid] = [await uuid(), await qemu(VM)];
    await write(data(VM), "precious");
    const { text } = await stack.replacing(all(), VM);
    assert.match(text, /disk "data_anewvm_0": its VM is made anew, and so is the disk; this one is deleted/);
    assert.notEqual(await uuid(), before);
    assert.notDeepEqual(await qemu(VM), pid);
    assert.equal((await ticks(VM)).boots, 1, "its image was imported anew");
    assert.equal(await content(data(VM)), "");
    assert.equal(
      await imageMeta(VM, "anewkey").then((value) => value.trim()),
      "a",
      "what others have on it is put back",
    );
    assert.match(await on("node1", "crm", "configure", "show"), /colocation-anewvm-withanewother/);
    assert.deepEqual(Object.keys((await stack.preview(all(), { refresh: true })).changes), ["same"]);
  });

  it("is a VM that is tainted, once", async () => {
    const before = await uuid();
    await stack.taint(VM);
    await stack.up(all());
    const after = await uuid();
    assert.notEqual(after, before);
    assert.deepEqual(Object.keys((await stack.preview(all(), { refresh: true })).changes), ["same"]);
    assert.equal(await uuid(), after);
  });

  it("is a VM by `replaceOnChanges`, and none that does not change", async () => {
    const before = await uuid();
    const options = { $options: { replaceOnChanges: ["priority"] } };
    await stack.up(all(options));
    assert.equal(await uuid(), before);
    const { changes } = await stack.preview(all({ ...options, priority: 7 }));
    assert.equal(changes["replace"], 3, JSON.stringify(changes)); // with its disk and the keys on it
    await stack.up(all({ ...options, priority: 7 }));
    assert.notEqual(await uuid(), before);
    assert.deepEqual(Object.keys((await stack.preview(all({ ...options, priority: 7 }), { refresh: true })).changes), [
      "same",
    ]);
    await stack.up(all());
  });

  it("is any other kind by `--replace`, and the VM stays", async () => {
    const [before, pid] = [await uuid(), await qemu(VM)];
    await stack.replacing(all(), "anewpair", "anewboot", "anewkeys");
    const shown = await on("node1", "crm", "configure", "show");
    for (const id of ["colocation-anewvm-withanewother", "order-anewvm-thenanewother"])
      assert.ok(shown.includes(id), id);
    assert.equal((await imageMeta(VM, "anewkey")).trim(), "a");
    assert.deepEqual([await uuid(), await qemu(VM)], [before, pid]);
    assert.deepEqual(Object.keys((await stack.preview(all(), { refresh: true })).changes), ["same"]);
    // This guest lets no disk go while it runs.
    const stopped = all({ started: false });
    await stack.up(stopped);
    await write(data(VM), "precious");
    await stack.replacing(stopped, "anewdisk");
    assert.equal(await content(data(VM)), "", "the disk is a new one");
    assert.equal(await uuid(), before);
    assert.deepEqual(Object.keys((await stack.preview(stopped, { refresh: true })).changes), ["same"]);
  });

  // Tried: `--replace` of a snapshot → refused, and it stays; with `deleteBeforeReplace: true` it is taken anew
  it("is a snapshot only where the old one may go first; else it stays, and the error says so", async () => {
    const wanted = (more = {}) => ({ ...all(), anewsnap: { $kind: "Snapshot", vm: `$vm:${VM}`, ...more } });
    await stack.up(wanted());
    const taken = async () => on("node1", "rbd", "snap", "ls", system(VM), "--format", "json");
    const before = await taken();
    const text = await failing(stack.replacing(wanted(), "anewsnap"));
    assert.match(
      text,
      /Unable to make snapshot "anewvm@anewsnap" anew: the old one has to be deleted first.*deleteBeforeReplace: true/s,
    );
    assert.equal(await taken(), before);
    const asked = wanted({ $options: { deleteBeforeReplace: true } });
    await stack.up(asked);
    assert.equal(await taken(), before, "what the failed run has left in the state deletes nothing");
    await stack.replacing(asked, "anewsnap");
    assert.notEqual(await taken(), before);
    assert.deepEqual(await snaps(data(VM)), { anewsnap: false });
    await stack.up(all());
  });

  it("is no VM where `deleteBeforeReplace: false` would have both at once: it stays, and the error says so", async () => {
    const before = await uuid();
    const asked = all({ $options: { deleteBeforeReplace: false } });
    await stack.up(asked);
    const text = await failing(stack.replacing(asked, VM));
    assert.match(text, /Unable to make VM "anewvm" anew: the old one has to be deleted first/);
    assert.equal(await uuid(), before);
    await stack.up(all());
    assert.equal(await uuid(), before);
    assert.deepEqual(Object.keys((await stack.preview(all(), { refresh: true })).changes), ["same"]);
  });
});
