import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { inventory } from "../../cluster/fixtures.ts";
import { ScriptedRunner } from "../../cluster/runner.ts";

const require = createRequire(import.meta.url);
const { findDetails, findMetadata, listVms, listVmsInDetail, summarizeCluster, summaryOf } =
  require("../../../../provider/dist/vmmgr/form/summary.js") as typeof import("../../../../provider/dist/vmmgr/form/summary.js");

describe("a cluster in short", () => {
  const summary = async (change: (lab: ReturnType<typeof inventory>) => void = () => undefined) => {
    const lab = inventory();
    change(lab);
    const ceph = { totalBytes: 3, usedBytes: 1, availableBytes: 2 };
    const versions = { pacemaker: "2.1.5", corosync: "3.1.7", ceph: "16.2.15", libvirt: "9.0.0", qemu: "7.2.22" };
    const runner = new ScriptedRunner({ "the capacity program": () => ({ ok: { nodes: [], ceph, versions } }) });
    return summarizeCluster(runner, lab);
  };

  it("says whether its machines are of an odd number, the observer among them and no guest node", async () => {
    const { machines, oddMachines } = await summary((lab) => (lab.observer = "node3"));
    assert.deepEqual({ machines, oddMachines }, { machines: 3, oddMachines: true });
    const guest = await summary(({ status }) =>
      status.nodes.push({
        name: "inside",
        online: true,
        standby: false,
        maintenance: false,
        unclean: false,
        type: "remote",
      }),
    );
    assert.equal(guest.machines, 3);
    const even = await summary(({ cib }) => cib.nodes.push("node4"));
    assert.deepEqual([even.machines, even.oddMachines], [4, false]);
  });
});

describe("VMs in short", () => {
  it("are the RBD groups by name, those of other programs left out", () => {
    const lab = inventory();
    const before = listVms(lab).map(({ name }) => name);
    assert.ok(before.includes("fxrun"));
    assert.deepEqual(before, [...before].sort());
    lab.groups.set("backups", ["nightly"]);
    lab.groups.set("empty", []);
    lab.groups.set("half", ["data_half_0"]);
    const added = listVms(lab)
      .map(({ name }) => name)
      .filter((name) => !before.includes(name));
    assert.deepEqual(added, ["empty", "half"]);
  });

  it("say state and node, and Undefined of what is none", () => {
    const lab = inventory();
    const { status, node, enabled } = summaryOf(lab, "fxrun");
    assert.deepEqual(
      { status, enabled, node },
      { status: "Started", enabled: true, node: lab.status.resources.get("fxrun")?.nodes[0] },
    );
    assert.deepEqual(summaryOf(lab, "nobody"), { name: "nobody", status: "Undefined", enabled: false });
    // A primitive of the name that is no VM runs somewhere, and that is nobody's business here.
    assert.deepEqual(summaryOf(lab, "fxman"), { name: "fxman", status: "Undefined", enabled: false });
    lab.cib.primitives.delete("fxrun");
    assert.equal(summaryOf(lab, "fxrun").status, "Disabled");
  });

  it("have all of one, with its disks and the XML that is started", () => {
    const lab = inventory();
    lab.images.set("data_fxrun_10", { name: "data_fxrun_10", size: 3 });
    lab.images.set("data_fxrun_2", { name: "data_fxrun_2", size: 2 });
    const found = findDetails(lab, "fxrun");
    assert.deepEqual(
      found?.disks.map(({ image }) => image),
      ["system_fxrun", "data_fxrun_2", "data_fxrun_10"],
    );
    assert.match(found?.xml ?? "", /<name>fxrun<\/name>/);
    assert.equal(findDetails(lab, "nobody"), undefined);
  });

  it("have owner, hosts, size and disks in a list, also beside one that cannot be read", () => {
    const lab = inventory();
    const image = lab.images.get("system_fxrun");
    assert.ok(image?.metadata);
    image.metadata["_seapath_owner"] = "grid/prod";
    lab.images.set("data_fxrun_0", { name: "data_fxrun_0", size: 5 });
    const one = (vm: string) => listVmsInDetail(lab).find(({ name }) => name === vm);
    const { domain, preferredHost, pinnedHost } = findDetails(lab, "fxrun") ?? assert.fail();
    assert.deepEqual(one("fxrun"), {
      ...summaryOf(lab, "fxrun"),
      owner: "grid/prod",
      vcpus: domain.vcpus,
      memory: domain.memory,
      ...(preferredHost === undefined ? {} : { preferredHost }),
      ...(pinnedHost === undefined ? {} : { pinnedHost }),
      disks: [
        { image: "system_fxrun", size: image.size },
        { image: "data_fxrun_0", size: 5 },
      ],
    });
    image.metadata["xml"] = "no xml";
    const { broken, ...rest } = one("fxrun") ?? assert.fail();
    assert.match(broken ?? "", /its metadata `xml`/);
    assert.deepEqual(rest, {
      ...summaryOf(lab, "fxrun"),
      owner: "grid/prod",
      disks: [
        { image: "system_fxrun", size: image.size },
        { image: "data_fxrun_0", size: 5 },
      ],
    });
    lab.groups.set("half", ["data_half_0"]);
    assert.deepEqual(one("half"), { name: "half", status: summaryOf(lab, "half").status, enabled: false, disks: [] });
    assert.deepEqual(
      listVmsInDetail(lab).map(({ name }) => name),
      listVms(lab).map(({ name }) => name),
    );
  });

  it("have metadata in the order of their keys", () => {
    const lab = inventory();
    const image = lab.images.get("system_fxrun");
    assert.ok(image);
    image.metadata = { b: "2", "10": "x", a: "1", _priority: "3" };
    assert.deepEqual(
      [...(findMetadata(lab, "fxrun") ?? [])].map(([key]) => key),
      ["10", "_priority", "a", "b"],
    );
    assert.equal(findMetadata(lab, "nobody"), undefined);
  });
});
