// What anybody who can write to the pool or to the CIB has put there is read, and never run.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import type { Runner } from "../../provider/dist/transport/index.js";
import { said } from "../said.ts";
import { eventually, nodes, on, qemu, tryOn } from "./support/cluster.ts";
import { clusterOn, labRunner } from "./support/failing.ts";
import { tickSpec } from "./support/vms.ts";

const require = createRequire(import.meta.url);
const { createSnapshot, createVm, openConsole, removeVm, setEnabled } =
  require("../../provider/dist/vmmgr/index.js") as typeof import("../../provider/dist/vmmgr/index.js");
const { changeDevice, readAuthKey, readCapacity, readDomains, readInventory } =
  require("../../provider/dist/cluster/index.js") as typeof import("../../provider/dist/cluster/index.js");

const VM = "strangers";
const SCRIPT = "/tmp/strangers-words.sh";
const PROOF = "/tmp/strangers-words-ran";
const USER = `x@h/system?command=${SCRIPT}&x=`;

describe("words of strangers", function () {
  this.timeout(120_000);
  let runner: Runner;
  const ran = async () =>
    (await Promise.all(nodes().map((node) => tryOn(node, "test", "-e", PROOF)))).some(({ exitCode }) => exitCode === 0);
  const set = (key: string, value: string) => on("node1", "rbd", "image-meta", "set", `system_${VM}`, key, value);

  before(async () => {
    runner = labRunner();
    await createVm({ cluster: clusterOn(runner) }, { ...tickSpec(VM), pinnedHost: "node2", preferredHost: undefined });
    for (const node of nodes())
      await on(
        node,
        "sh",
        "-c",
        `rm -f ${PROOF}; printf '#!/bin/sh\ntouch ${PROOF}\n' > ${SCRIPT}; chmod +x ${SCRIPT}`,
      );
  });
  after(async () => {
    await on("node1", "rbd", "image-meta", "remove", `system_${VM}`, "_migration_user").catch(() => "");
    await removeVm({ cluster: clusterOn(runner) }, VM);
    for (const node of nodes()) await on(node, "rm", "-f", PROOF, SCRIPT);
    runner.close();
  });
  afterEach(async () => assert.equal(await ran(), false));

  it("would be run as root by libvirt, in an address", async () => {
    await tryOn("node1", "timeout", "10", "virsh", "--connect", `qemu+ssh://${USER}@node2/system?no_tty=1`, "list");
    assert.equal(await ran(), true);
    await on("node1", "rm", PROOF);
  });

  // Tried: `_migration_user` in a VM's metadata is more than a user's name → it is not used, and no read of the cluster fails
  it("as a migration user do not reach libvirt in a read of the cluster", async () => {
    await set("_migration_user", USER);
    await set("_seapath_restart", "x");
    const found = await readInventory(runner, {});
    assert.equal(found.live.has(VM), false);
    assert.ok(found.images.has(`system_${VM}`));
  });

  it("as a migration user do not reach ssh or libvirt in a snapshot, a console, or a change of a device", async () => {
    const context = { cluster: clusterOn(runner) };
    await on("node1", "crm_resource", "--resource", VM, "--set-parameter", "migration_user", "--parameter-value", USER);
    await eventually(
      () => tryOn("node1", "crm_resource", "--wait"),
      () => true,
    );
    assert.match(
      String(
        await eventually(
          () => qemu(VM),
          ([found]) => found?.startsWith("node2:") === true,
        ),
      ),
      /^node2:/,
    );
    const at = { domain: VM, node: "node2", asked: "node1", user: USER };
    const failures = await Promise.allSettled([
      createSnapshot(context, {
        vm: VM,
        name: "byastranger",
        quiesce: "required",
        freezeTimeout: 5,
        protect: false,
        owner: "",
      }),
      openConsole(context, VM, USER, {} as Parameters<typeof openConsole>[3]),
      changeDevice(runner, at, "attach", "<disk/>"),
      readDomains(runner, [at]),
    ]);
    for (const each of failures) {
      assert.equal(each.status, "rejected");
      said(each.reason);
      assert.match(String(each.reason), /_migration_user|is not the name of a user/);
    }
  });

  it("as names of nodes do not reach ssh or libvirt", async () => {
    const hostile = [`-oProxyCommand=${SCRIPT}`, `x/system?command=${SCRIPT}&x=`];
    const { nodes: found } = await readCapacity(runner, [...hostile, "node1"], "root");
    assert.deepEqual(
      found.map((each) => "vcpus" in each),
      [false, false, true],
    );
    const key = await readAuthKey(runner, [...hostile, "node1"], false);
    assert.deepEqual(Object.keys(key.unseen).sort(), [...hostile].sort());
  });

  // Tried: `_crm_config_cmd` in a VM's metadata writes a file, or loads one → it is not run, the VM is left as it was
  it("as crm commands do nothing but change the CIB", async () => {
    await on("node1", "rbd", "image-meta", "remove", `system_${VM}`, "_migration_user");
    await on("node1", "crm_resource", "--resource", VM, "--delete-parameter", "migration_user");
    await setEnabled({ cluster: clusterOn(runner) }, VM, false);
    for (const line of [`save ${PROOF}`, `filter ${SCRIPT}`]) {
      await set("_crm_config_cmd", line);
      const failure = await setEnabled({ cluster: clusterOn(runner) }, VM, true).then(
        () => undefined,
        (error: unknown) => error,
      );
      said(failure);
      assert.match(String(failure), /is not run: it must begin with what changes the CIB/);
      assert.deepEqual(
        await eventually(
          () => qemu(VM),
          (found) => found.length === 0,
        ),
        [],
      );
    }
  });
});
