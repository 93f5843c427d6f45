// A Ceph whose orchestrator knows the hosts, as cephadm's does: their names go into each disk's XML, as vm-mgr writes it.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import type { Runner } from "../../../provider/dist/transport/index.js";
import { eventually, imageMeta, on, qemu, traces, tryOn } from "../support/cluster.ts";
import { clusterOn, labRunner } from "../support/failing.ts";
import { tickSpec } from "../support/vms.ts";

const require = createRequire(import.meta.url);
const { createVm, removeVm } =
  require("../../../provider/dist/vmmgr/index.js") as typeof import("../../../provider/dist/vmmgr/index.js");

const BACKEND = "test_orchestrator"; // Ceph's own, for its tests: it says what it is given

describe("a Ceph that has an orchestrator", function () {
  this.timeout(240_000);
  let runner: Runner;
  let hosts: string[];
  before(async () => {
    // Guests open their disks by these, so they have to be where a monitor is: the lab's has no name.
    const { mons } = JSON.parse(await on("node1", "ceph", "mon", "dump", "--format", "json")) as {
      mons: { public_addr: string }[];
    };
    hosts = mons.map(({ public_addr: address }) => address.replace(/:.*/, ""));
    const inventory = {
      hosts: [],
      services: [],
      inventory: hosts.map((name) => ({ name, addr: name, labels: [], devices: [] })),
    };
    runner = labRunner();
    await on("node1", "ceph", "mgr", "module", "enable", BACKEND);
    await eventually(
      () => tryOn("node1", "ceph", "orch", "set", "backend", BACKEND),
      ({ exitCode }) => exitCode === 0,
    );
    const load = `printf %s "$0" | ceph test_orchestrator load_data -i -`;
    await on("node1", "sh", "-c", load, JSON.stringify(inventory));
  });
  after(async () => {
    await removeVm({ cluster: clusterOn(runner) }, "orchvm");
    assert.deepEqual(await traces("orchvm"), []);
    await on("node1", "ceph", "orch", "set", "backend", "");
    await on("node1", "ceph", "mgr", "module", "disable", BACKEND);
    runner.close();
  });

  it("has its hosts in the XML of a VM's disk, and the guest runs with them", async () => {
    const listed = JSON.parse(await on("node1", "ceph", "orch", "host", "ls", "--format", "json")) as {
      hostname: string;
    }[];
    assert.deepEqual(
      listed.map(({ hostname }) => hostname),
      hosts,
    );
    await createVm({ cluster: clusterOn(runner) }, tickSpec("orchvm"));
    const written = [...(await imageMeta("orchvm", "xml")).matchAll(/<host name="([^"]*)" port="6789"\/>/g)].map(
      ([, name]) => name,
    );
    assert.deepEqual(written, hosts);
    assert.equal((await qemu("orchvm")).length, 1);
  });
});
