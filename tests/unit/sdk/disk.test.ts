/** What a program's disks ask of the engine: the order in which those of one VM are made. */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";

const require = createRequire(import.meta.url);
const pulumi = require("@pulumi/pulumi") as typeof import("@pulumi/pulumi");
const { Disk, Vm } = require("../../../sdk/dist/index.js") as typeof import("../../../sdk/dist/index.js");

describe("the disks of a program", function () {
  this.timeout(60_000);

  it("are made in its order, VM by VM, however the VM is named, and after what else they depend on", async () => {
    const order: string[] = [];
    const inputsOf = new Map<string, Record<string, unknown>>();
    await pulumi.runtime.setMocks({
      newResource: ({ name, inputs }) => {
        order.push(name);
        inputsOf.set(name, inputs as Record<string, unknown>);
        return { id: name, state: inputs as Record<string, unknown> };
      },
      call: () => ({}),
    });
    const vm = (name: string) => new Vm(name, { source: { nodePath: "/a" }, domain: { memory: 1 } });
    const late = <T>(value: T) => pulumi.output(sleep(500).then(() => value));
    const [web, other] = [vm("web"), vm("other")];
    const lateVm = new Vm("latevm", { source: late({ nodePath: "/a" }), domain: { memory: 1 } });
    const disks = [
      new Disk("one", { vm: web, source: late({ nodePath: "/slow" }) }),
      new Disk("apart", { vm: other, size: 512 }),
      new Disk("two", { vm: web.name, size: 512 }, { dependsOn: [lateVm] }),
      new Disk("db1", { vm: "db", size: late(512) }),
      new Disk("three", { vm: web, size: 512 }),
      new Disk("db2", { vm: "db", size: 512 }),
    ];
    await Promise.all(disks.map((disk) => new Promise((resolve) => disk.urn.apply(resolve))));
    const inOrder = (...names: string[]) =>
      assert.deepEqual(
        order.filter((name) => names.includes(name)),
        names,
      );
    inOrder("one", "two", "three");
    inOrder("db1", "db2");
    inOrder("latevm", "two");
    inOrder("apart", "one");
    assert.equal(inputsOf.get("two")?.["vm"], "web");
    assert.match(String(inputsOf.get("two")?.["owner"]), /^[^/]+\/[^/]+\/two$/);
  });
});
