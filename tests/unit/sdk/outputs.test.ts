/** The types of outputs: that what a program writes compiles is told by `tsc -p tsconfig.tools.json`, what it gives by the run. */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import type { Input, Output } from "@pulumi/pulumi";
import type * as sdk from "../../../sdk/dist/index.js";

const require = createRequire(import.meta.url);
const pulumi = require("@pulumi/pulumi") as typeof import("@pulumi/pulumi");
const seapath = require("../../../sdk/dist/index.js") as typeof sdk;

/** What a program may write; each is a type error where an output is not what it says. */
const written = (
  web: sdk.Vm,
  disk: sdk.Disk,
  pair: sdk.Colocation,
  boot: sdk.Order,
  before: sdk.Snapshot,
  undo: sdk.Rollback,
  tidy: sdk.SnapshotRetention,
  keys: sdk.Metadata,
  inside: sdk.RemoteGuest,
  service: sdk.GuestResource,
) => {
  const numbers: Output<number>[] = [
    web.domain.memory,
    web.domain.vcpus,
    web.timeouts.create,
    web.priority,
    web.stopTimeout,
    disk.index,
    inside.port,
    before.freezeTimeout,
    before.disks[0]!.size,
    tidy.timeouts.delete,
  ];
  const texts: Output<string>[] = [
    web.name,
    web.node,
    web.domain.machine,
    web.domain.interfaces[0]!.mac,
    web.uuid,
    disk.image,
    disk.vm,
    pair.vm,
    pair.nodes["web"]!,
    pair.with[0]!,
    boot.then[0]!,
    before.created,
    undo.snapshot,
    undo.disks[0]!,
    tidy.removed[0]!,
    keys.metadata["a"]!,
    service.params["image"]!,
    inside.node,
    service.owner,
  ];
  const flags: Output<boolean>[] = [
    web.domain.guestAgent,
    web.domain.serialConsole,
    disk.attached,
    pair.strong,
    boot.sequential,
    before.quiesced,
    inside.online,
    service.started,
  ];
  const sizes: Output<string | number>[] = [web.systemDisk.size, disk.size];
  const sources: Output<string | undefined>[] = [web.source.nodePath, web.source.vm, disk.source.image];
  const firmware: Output<"bios" | "efi"> = web.domain.firmware;
  const again: Input<number>[] = [web.domain.memory, web.domain.apply((domain) => domain?.memory ?? 0)];
  // @ts-expect-error there is no such setting
  void web.domain.memroy;
  // @ts-expect-error a VM that is given as XML has no typed domain
  void web.domain.apply((domain) => domain.memory);
  // @ts-expect-error a size is not only a text
  const text: Output<string> = web.systemDisk.size;
  // @ts-expect-error what names a VM is a VM, or a text
  void new seapath.Snapshot("x", { vm: disk });
  // @ts-expect-error a guest node is no VM
  void new seapath.GuestResource("x", { guest: web, agent: "systemd:x" });
  return [numbers, texts, flags, sizes, sources, firmware, again, text];
};

describe("the outputs of a program's resources", function () {
  this.timeout(60_000);

  it("can be had part by part, also where the whole is undefined", async () => {
    assert.equal(typeof written, "function");
    await pulumi.runtime.setMocks({
      newResource: ({ name, inputs }) => ({
        id: name,
        state: { ...inputs, systemDisk: { size: "4MiB", bus: "virtio" } } as Record<string, unknown>,
      }),
      call: () => ({}),
    });
    const valueOf = <T>(output: Output<T>) =>
      new Promise<T>((resolve) => void output.apply((value) => (resolve(value), value)));
    const typed = new seapath.Vm("typed", { source: { nodePath: "/a" }, domain: { memory: 64 } });
    const xml = new seapath.Vm("xml", { source: { nodePath: "/a" }, xml: "<domain/>" });
    assert.equal(await valueOf(typed.domain.memory), 64);
    assert.equal(await valueOf(typed.systemDisk.size), "4MiB");
    assert.equal(await valueOf(xml.domain.memory), undefined);
  });
});
