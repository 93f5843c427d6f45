// What goes wrong with one VM: said by its name, healed by the next change, and never at the cost of what others made.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import type { Runner } from "../../provider/dist/transport/index.js";
import { constraints, eventually, imageMeta, on, qemu, traces, tryOn } from "./support/cluster.ts";
import { clusterOn, FailingRunner, labRunner } from "./support/failing.ts";
import { specOf, tick } from "./support/vms.ts";
import { said } from "../said.ts";

const require = createRequire(import.meta.url);
const { createVm, findVm, removeVm, updateVm, Refused } =
  require("../../provider/dist/vmmgr/index.js") as typeof import("../../provider/dist/vmmgr/index.js");
const { vmProvider } =
  require("../../provider/dist/resources/index.js") as typeof import("../../provider/dist/resources/index.js");

describe("a VM with which something is wrong", function () {
  this.timeout(120_000);
  let runner: Runner;
  const vm = "coreheal";
  const running = { ...specOf(vm), preferredHost: "node2" };

  before(async () => {
    runner = labRunner();
    await createVm({ cluster: clusterOn(runner) }, running);
  });
  after(async () => {
    await removeVm({ cluster: clusterOn(runner) }, vm);
    assert.deepEqual(await traces(vm), []);
    runner.close();
  });

  /** What a preview of a new VM refuses. */
  async function failures(name: string): Promise<string> {
    const provider = vmProvider({ cluster: () => clusterOn(runner), say: () => undefined });
    const { failures: found = [] } = await provider.check!({}, tick({ name }));
    return found.map(({ property, reason }) => `${property}: ${reason}`).join("\n");
  }

  // Tried: Pacemaker has given a VM up → a change is refused, with what makes it try again
  it("is named when Pacemaker has given it up, with what makes it try again", async () => {
    const resource = async () => (await clusterOn(runner).inventory()).status.resources.get(vm);
    const [at = ""] = ((await qemu(vm))[0] ?? "").split(":");
    // A failure that Pacemaker is not to mend: what becomes of every stop that fails where there is no fencing.
    const monitor = `${vm}-monitor-10s`;
    await on(
      "node1",
      "cibadmin",
      "--modify",
      "--scope",
      "resources",
      "--xml-text",
      `<op id="${monitor}" on-fail="block"/>`,
    );
    await on(at, "virsh", "destroy", vm);
    assert.equal((await eventually(resource, (found) => found?.blocked === true, 60))?.blocked, true);
    const watched = new FailingRunner(runner, 0, "before");
    const error = await updateVm({ cluster: clusterOn(watched) }, { ...running, priority: 2 }).then(
      () => undefined,
      (failure: unknown) => failure,
    );
    assert.ok(error instanceof Refused, String(error));
    said(error);
    assert.match(
      error.message,
      /name: Pacemaker has given "coreheal" up \(.*crm_resource --cleanup --resource coreheal/,
    );
    assert.deepEqual(watched.asked, []);
    await on(
      "node1",
      "cibadmin",
      "--modify",
      "--scope",
      "resources",
      "--xml-text",
      `<op id="${monitor}" on-fail="restart"/>`,
    );
    await on("node1", "crm_resource", "--cleanup", "--resource", vm);
    assert.equal(
      (
        await eventually(
          () => qemu(vm),
          (found) => found.length === 1,
          60,
        )
      ).length,
      1,
    );
    await eventually(resource, (found) => found?.role === "Started" && !found.failed);
  });

  // Tried: the stored domain of a VM is no XML → a VM of that name is refused; others are none the worse
  it("says that the stored domain of a VM cannot be read, by name", async () => {
    const xml = await imageMeta(vm, "xml");
    await on("node1", "rbd", "image-meta", "set", `system_${vm}`, "xml", "<domain");
    try {
      assert.match(
        await failures(vm),
        /^name: "coreheal" already exists: the cluster has a VM of this name that cannot be read: its metadata `xml` .*rbd image-meta get system_coreheal xml/,
      );
      assert.equal(await failures("corefresh"), "", "the others are none the worse");
    } finally {
      await on("node1", "rbd", "image-meta", "set", `system_${vm}`, "xml", xml);
    }
  });

  // Tried: a disk has grown and its guest was not told → a refresh shows the size that the guest knows, the next `up` tells it
  it("grows a disk again that the guest was not told of", async () => {
    const size = 3 << 20;
    // The call that is broken tells the guest, behind the one that grows the image.
    const broken = new FailingRunner(runner, 2, "before");
    await assert.rejects(
      updateVm({ cluster: clusterOn(broken) }, { ...running, systemSize: size }),
      /growing its system disk/,
    );
    assert.match(broken.asked[1] ?? "", /^the devices program/);
    assert.match(await on("node1", "rbd", "info", `system_${vm}`), /size 3 MiB/);
    const seen = findVm(await clusterOn(runner).inventory(), vm);
    assert.equal(seen?.systemSize, 1 << 20, "what the guest has, so that a refresh shows it");
    const [at = ""] = (await qemu(vm))[0]?.split(":") ?? [];
    const healed = await updateVm({ cluster: clusterOn(runner) }, { ...running, systemSize: size });
    assert.equal(healed.systemSize, size);
    assert.match(await on(at, "virsh", "domblkinfo", vm, "vda"), /Capacity:\s+3145728/);
    assert.notEqual((await tryOn("node1", "rbd", "image-meta", "get", `system_${vm}`, "_seapath_growing")).exitCode, 0);
  });

  it("keeps a ban of somebody's through a disable and an enable", async () => {
    await on("node1", "crm_resource", "--ban", "--resource", vm, "--node", "node3");
    await updateVm({ cluster: clusterOn(runner) }, { ...running, systemSize: 3 << 20, enabled: false });
    assert.deepEqual(await constraints(vm), []);
    await updateVm({ cluster: clusterOn(runner) }, { ...running, systemSize: 3 << 20 });
    assert.ok((await constraints(vm)).includes(`cli-ban-${vm}-on-node3`));
  });
});
