// A node without python3-rbd, python3-rados and python3-libvirt: the commands answer as the libraries do.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Inventory } from "../../provider/dist/cluster/index.js";
import type { Runner } from "../../provider/dist/transport/index.js";
import { imageMeta, on, qemu, traces } from "./support/cluster.ts";
import { clusterOn, labRunner } from "./support/failing.ts";
import { HiddenModules } from "./support/hidden.ts";
import { TICK, tickSpec, tickXml } from "./support/vms.ts";

const require = createRequire(import.meta.url);
const { programSource } =
  require("../../provider/dist/cluster/program.js") as typeof import("../../provider/dist/cluster/program.js");
const { Cluster, nodeFile, ProgramError, readInventory } =
  require("../../provider/dist/cluster/index.js") as typeof import("../../provider/dist/cluster/index.js");
const { createVm, removeVm, updateVm } =
  require("../../provider/dist/vmmgr/index.js") as typeof import("../../provider/dist/vmmgr/index.js");
const calls = readFileSync(join(import.meta.dirname, "support/pool_calls.py"), "utf8");

interface Told {
  by: string;
  told: [label: string, how: "gave" | "refused", what: unknown][];
}

async function tellAll(runner: Runner): Promise<Told> {
  const { stdout } = await runner.run({
    argv: ["/usr/bin/python3", "-I", "-"],
    stdin: `${programSource("storage")}\n\n${calls}\n\nmain("e30=")\n`,
    timeoutMs: 180_000,
    label: "the calls",
  });
  const answer = JSON.parse(stdout) as { ok?: Told; error?: unknown };
  assert.ok(answer.ok, JSON.stringify(answer.error));
  return answer.ok;
}

describe("a node without Python's bindings", function () {
  this.timeout(240_000);
  let library: Runner;
  let commands: Runner;
  before(() => {
    library = labRunner();
    commands = new HiddenModules(library);
  });
  after(() => library.close());

  it("does every operation of the pool by commands, with the same answers and the same kinds of errors", async () => {
    const [one, other] = [await tellAll(library), await tellAll(commands)];
    assert.deepEqual([one.by, other.by], ["LibrbdPool", "CommandsPool"]);
    assert.deepEqual(other.told, one.told);
    assert.ok(one.told.filter(([, how]) => how === "refused").length > 15);
  });

  it("reads the same inventory", async () => {
    await createVm({ cluster: clusterOn(library) }, tickSpec("bothwaysread"));
    try {
      const asked = { cephHosts: true, sources: [nodeFile(TICK), nodeFile("/nowhere")] };
      // Others may come and go on the cluster, so only what is this VM's is compared, and what never changes.
      const [one, other] = [await readInventory(library, asked), await readInventory(commands, asked)];
      assert.equal(one.images.get("system_bothwaysread")?.metadata?.["owner"], "alice");
      for (const inventory of [one, other]) assert.ok(inventory.freeBytes > 1e6);
      const facts = ({ images, groups, secret, sources, cib }: Inventory) => ({
        image: images.get("system_bothwaysread"),
        group: groups.get("bothwaysread"),
        secret,
        sources,
        primitive: cib.primitives.get("bothwaysread")?.attrs,
      });
      assert.deepEqual(facts(other), facts(one));
    } finally {
      await removeVm({ cluster: clusterOn(library) }, "bothwaysread");
    }
  });

  it("gives libvirt's own words for a domain that it does not take, and leaves none that it takes", async () => {
    const named = (xml: string) =>
      xml.replace('<domain type="qemu">', '<domain type="qemu"><name>seapath-check-bothways</name>');
    const words = (runner: Runner, xml: string) =>
      new Cluster(runner).validate(named(xml)).then(
        () => "taken",
        (error: unknown) => error instanceof ProgramError && [error.kind, error.words],
      );
    const bad = [
      tickXml().replace('machine="pc"', 'machine="pdp11"'),
      tickXml("<disk/>"),
      tickXml().replace("</domain>", ""),
    ];
    for (const xml of [tickXml(), ...bad]) assert.deepEqual(await words(commands, xml), await words(library, xml));
    assert.deepEqual(await words(commands, tickXml()), "taken");
    assert.deepEqual(await traces("seapath-check-bothways"), []);
  });

  // Tried: a node lacks python3-rbd and python3-libvirt → the same is done by `rbd`, `rados` and `virsh`, slower
  it("has a VM made, grown, changed and removed", async () => {
    await createVm({ cluster: clusterOn(commands) }, tickSpec("bothways"));
    assert.equal(await imageMeta("bothways", "owner"), "alice");
    assert.equal((await qemu("bothways")).length, 1);
    await updateVm(
      { cluster: clusterOn(commands) },
      { ...tickSpec("bothways"), metadata: { owner: "bob", empty: "-v" }, systemSize: 3 << 20 },
    );
    assert.equal(await imageMeta("bothways", "owner"), "bob");
    assert.match(await on("node1", "rbd", "info", "--format", "json", "system_bothways"), /"size":3145728,/);
    await on("node1", "rbd", "snap", "create", "--no-progress", "system_bothways@kept");
    await on("node1", "rbd", "snap", "protect", "system_bothways@kept");
    await removeVm({ cluster: clusterOn(commands) }, "bothways");
    assert.deepEqual(await traces("bothways"), []);
  });
});
