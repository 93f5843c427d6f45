import assert from "node:assert/strict";
import { cluster, fixture, inventory } from "../cluster/fixtures.ts";
import { refusals } from "./specs.ts";

const { clusterRefusals, stateRefusals } = refusals;
type Inventory = ReturnType<typeof inventory>;
const fresh = { name: "web01", source: { nodePath: "/var/lib/seapath/images/tick.qcow2" } };
const TICK = 1048576;

/** What is refused of a VM, each as "property: reason". */
const refused = (more: object, intent: "create" | "update" | "replace" = "create", change?: (lab: Inventory) => void) => {
  const lab = inventory();
  change?.(lab);
  return clusterRefusals(lab, { ...fresh, ...more }, intent).map(({ property, reason }) => `${property}: ${reason}`);
};

describe("what a cluster has against a VM", () => {
  it("is nothing when nothing is wrong", () => {
    assert.deepEqual(refused({}), []);
    assert.deepEqual(refused({ pinnedHost: "node1", systemSize: TICK, xml: "<domain><uuid>11111111-2222-4333-8444-555555555500</uuid></domain>" }), []);
    assert.deepEqual(clusterRefusals(inventory(), {}, "create"), []);
    assert.deepEqual(stateRefusals(inventory()), []);
  });

  const sentences: [string, object, RegExp, ((lab: Inventory) => void)?][] = [
    ["a VM of the name, enabled", { name: "fxrun" }, /^name: "fxrun" is taken: the cluster has a VM of this name \(enabled\)/],
    ["a VM of the name, disabled", { name: "fxrun" }, /\(not enabled\)/, (lab) => lab.cib.primitives.delete("fxrun")],
    ["a group of the name", { name: "left" }, /is taken: .*an RBD group of data_left_0/, (lab) => lab.groups.set("left", ["data_left_0"])],
    ["a primitive of the name", { name: "fxman" }, /^name: .*Pacemaker has a primitive of this name \(Dummy\)/],
    ["a node of the name", { name: "node1" }, /^name: .*it is a node of the cluster/],
    ["an id of the name", { name: "fxorder" }, /^name: .*an element of the CIB has this id/],
    ["an unknown host", { pinnedHost: "nodeX" }, /^pinnedHost: the cluster has no node "nodeX"; it must be one of node1, node2, node3$/],
    ["an unknown preferred host", { preferredHost: "Node1" }, /^preferredHost: the cluster has no node "Node1"/],
    ["the observer", { preferredHost: "node3" }, /^preferredHost: "node3" is the cluster's observer.*one of node1, node2$/, (lab) => (lab.observer = "node3")],
    ["a uuid of another VM", { xml: "<domain><uuid>11111111-2222-4333-8444-5555555555AA</uuid></domain>" }, /^xml: the uuid .* is taken by VM "fxrun"/],
    ["a missing image", { source: { nodePath: "/nowhere" } }, /^source\.nodePath: \/nowhere: there is no such file on node1$/],
    ["an image that cannot be read", { source: { nodePath: "/etc" } }, /^source\.nodePath: \/etc: qemu-img:/],
    ["a disk smaller than its image", { systemSize: 512 }, /^systemDisk\.size: the image has 1048576 bytes/],
    ["no room in Ceph", {}, /^source: the image has 1048576 bytes, and Ceph has 5 left$/, (lab) => (lab.freeBytes = 5)],
  ];
  for (const [name, more, says, change] of sentences) {
    it(`names ${name}, and nothing else`, () => {
      const found = refused(more, "create", change);
      assert.equal(found.length, 1, found.join("\n"));
      assert.match(found[0] ?? "", says);
    });
  }

  it("has nothing against an empty group of the name, which a removal that was cut off has left", () => {
    assert.deepEqual(refused({ name: "left" }, "create", (lab) => lab.groups.set("left", [])), []);
  });

  it("names an image that is based on another", () => {
    const path = fresh.source.nodePath;
    const backed = (lab: Inventory) => lab.sources.set(path, { path, format: "qcow2", virtualSize: TICK, backing: "/base.qcow2" });
    assert.match(refused({}, "create", backed).join(), /based on another file \(\/base\.qcow2\)/);
  });

  it("of an update has nothing to do with the name or the image, and a disk is never made smaller", () => {
    assert.deepEqual(refused({ name: "fxrun", source: { nodePath: "/nowhere" }, systemSize: TICK }, "update"), []);
    assert.match(refused({ name: "fxrun", systemSize: TICK - 512 }, "update").join(), /^systemDisk\.size: the disk has 1048576 bytes and is never made smaller/);
    assert.match(refused({ name: "fxrun", pinnedHost: "nodeX" }, "update").join(), /^pinnedHost/);
  });

  it("of a replacement is its image, and not its name", () => {
    assert.deepEqual(refused({ name: "fxrun" }, "replace"), []);
    assert.match(refused({ name: "fxrun", source: { nodePath: "/nowhere" } }, "replace").join(), /no such file/);
  });

  it("lets a VM keep its own uuid, and an unfinished create go on", () => {
    const xml = "<domain><uuid>11111111-2222-4333-8444-5555555555aa</uuid></domain>";
    assert.deepEqual(refused({ name: "fxrun", xml }, "update"), []);
    const cut = (lab: Inventory) => {
      const metadata = lab.images.get("system_fxrun")?.metadata;
      if (metadata !== undefined) metadata["_seapath_create"] = "importing some-mark";
    };
    assert.deepEqual(refused({ name: "fxrun" }, "create", cut), []);
  });

  it("is its state, when it has no quorum or no secret", () => {
    const lab = inventory();
    lab.status = cluster.parseStatus(
      fixture("crm_mon.xml").replace('with_quorum="true"', 'with_quorum="false"').replace(/(<node name="node2"[^>]*) online="true"/, '$1 online="false"'),
    );
    assert.deepEqual(stateRefusals(lab), [{ property: "the cluster", reason: "it has no quorum (offline: node2)" }]);
    const { secret: _secret, ...bare } = inventory();
    assert.match(stateRefusals(bare)[0]?.reason ?? "", /no secret "client.libvirt secret"/);
  });

  it("says it all at once", () => {
    assert.equal(refused({ name: "fxrun", pinnedHost: "a", preferredHost: "b", source: { nodePath: "/nowhere" } }).length, 4);
  });
});
