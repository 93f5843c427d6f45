// One thing that makes no sense costs the VM that it is stored for, which is named with the reason; the others never notice.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { inventory } from "../../cluster/fixtures.ts";
import { metadata, observe, parked, refusals, spec, states } from "./specs.ts";

const require = createRequire(import.meta.url);
const { BrokenVm, findDetails, listVms } =
  require("../../../../provider/dist/vmmgr/index.js") as typeof import("../../../../provider/dist/vmmgr/index.js");
const { PARKED_KEY, RESTART } = { PARKED_KEY: metadata.PARKED_KEY, RESTART: "_seapath_restart" };
type Inventory = ReturnType<typeof inventory>;

const has = (key: string, value: string) => (lab: Inventory) => {
  const found = lab.images.get("system_fxrun")?.metadata;
  assert.ok(found);
  found[key] = value;
};
const domain = (inner: string) => `<domain type="qemu"><name>fxrun</name>${inner}</domain>`;
const SECRET = "hunter2";

const broken: [string, (lab: Inventory) => void, RegExp][] = [
  ["a number that is none", has("_priority", SECRET), /its metadata `_priority` is no whole number$/],
  ["a number with a fraction", has("_stop_timeout", "1.5"), /its metadata `_stop_timeout` is no whole number$/],
  ["a bus that is none", has("_disk_bus", SECRET), /its metadata `_disk_bus` is none of virtio/],
  ["JSON that is none", has("_pacemaker_meta", `{"a": "${SECRET}`), /its metadata `_pacemaker_meta` is no JSON$/],
  [
    "JSON of another form",
    has("_pacemaker_params", `["${SECRET}"]`),
    /`_pacemaker_params` is no JSON object of names and values$/,
  ],
  ["a parent that is none", has("_seapath_parent", "{}"), /`_seapath_parent` does not name a snapshot of a VM$/],
  ["XML that is cut off", has("xml", "<domain><name>fx"), /`xml` holds what is no XML: line 1/],
  ["a word in place of XML", has("xml", "virtio"), /`xml` holds what is no XML/],
  ["an empty domain", has("xml", ""), /`xml` holds what is no XML/],
  ["XML that is no domain", has("xml", "<network/>"), /`xml` holds <network> in place of <domain>$/],
  ["a domain without memory", has("xml", domain("<vcpu>1</vcpu>")), /`xml` holds a domain without memory$/],
  ["a domain with no memory", has("xml", domain("<memory>0</memory>")), /without memory$/],
  [
    "a domain of no number of processors",
    has("xml", domain("<memory>4096</memory><vcpu>many</vcpu>")),
    /without processors$/,
  ],
  [
    "an image that cannot be read",
    (lab) => (lab.images.get("system_fxrun")!.broken = "its metadata note is no UTF-8 text"),
    /its metadata note is no UTF-8 text$/,
  ],
  [
    "a running domain that is no XML",
    (lab) => {
      has(RESTART, "x")(lab);
      lab.live.set("fxrun", "<domain");
    },
    /its running domain, as libvirt has it, holds what is no XML/,
  ],
  [
    "a primitive's priority that is no number",
    (lab) => {
      const meta = lab.cib.primitives.get("fxrun")?.children.find(({ name }) => name === "meta_attributes");
      meta?.children.splice(0, meta.children.length, {
        name: "nvpair",
        attrs: { id: "p", name: "priority", value: "high" },
        children: [],
      });
    },
    /its primitive's meta priority is no whole number$/,
  ],
];

describe("a VM of which something makes no sense", () => {
  for (const [what, breaks, says] of broken) {
    it(`is named with the reason and the next step, and is the only one that cannot be read: ${what}`, () => {
      const lab = inventory();
      breaks(lab);
      assert.throws(
        () => observe.findVm(lab, "fxrun"),
        (error: Error) => {
          assert.ok(error instanceof BrokenVm, error.stack);
          assert.match(error.message, /^Unable to read VM "fxrun" on node1: /);
          assert.match(error.message, says);
          assert.match(error.hint ?? "", /other VMs are not concerned/i);
          assert.doesNotMatch(error.message + error.hint, new RegExp(`${SECRET}|invalid_type|"expected"`));
          return true;
        },
      );
      assert.throws(() => findDetails(lab, "fxrun"), BrokenVm);
      // The others.
      assert.equal(observe.findVm(lab, "fxstop")?.name, "fxstop");
      assert.equal(findDetails(lab, "fxstop")?.domain.memory, 4);
      assert.deepEqual(
        listVms(lab).map(({ name, status }) => `${name} ${status}`),
        listVms(inventory()).map(({ name, status }) => `${name} ${status}`),
      );
      const fresh = { ...spec({ name: "web01" }), source: { nodePath: "/var/lib/seapath/images/tick.qcow2" } };
      assert.deepEqual(
        [...refusals.clusterRefusals(lab, fresh, "create"), ...refusals.changeRefusals(lab, fresh, "create")],
        [],
      );
      // What wants to be it, or to be made of it.
      const taken = refusals.clusterRefusals(lab, { ...fresh, name: "fxrun" }, "create");
      assert.match(
        taken.map(({ property, reason }) => `${property}: ${reason}`).join(),
        /^name: "fxrun" already exists: the cluster has a VM of this name that cannot be read: /,
      );
      const clone = refusals.clusterRefusals(lab, { name: "web01", source: { vm: "fxrun", mode: "copy" } }, "create");
      assert.match(
        clone.map(({ property, reason }) => `${property}: ${reason}`).join(),
        /^source\.vm: VM "fxrun" cannot be read: /,
      );
    });
  }

  it("keeps what waits for other VMs from nobody, and is not thrown away", () => {
    const lab = inventory();
    has(PARKED_KEY, "<constraints")(lab);
    const other = lab.images.get("system_fxstop")?.metadata;
    assert.ok(other);
    other[PARKED_KEY] = '<constraints><rsc_location id="l" rsc="fxstop" node="node1" score="5"/></constraints>';
    assert.deepEqual(
      parked.parkedOn(lab).map(({ image }) => image),
      ["system_fxstop"],
    );
    assert.match(parked.returningWith(lab, "fxstop").constraints ?? "", /id="l"/);
    assert.throws(() => parked.returningWith(lab, "fxrun"), BrokenVm);
    assert.throws(() => parked.parkedWith(lab, "fxrun", []), BrokenVm);
  });

  it("can be removed: whose disks it shares is then not known", () => {
    assert.equal(metadata.parentIn({ _seapath_parent: "{", _priority: "x" }), undefined);
    assert.equal(metadata.migrationUserOf({ _priority: "x" }), "root");
  });

  it("may have Pacemaker's INFINITY as its priority, which is a number", () => {
    const lab = inventory();
    const meta = lab.cib.primitives.get("fxrun")?.children.find(({ name }) => name === "meta_attributes");
    meta?.children.splice(0, meta.children.length, {
      name: "nvpair",
      attrs: { id: "p", name: "priority", value: "-INFINITY" },
      children: [],
    });
    assert.equal(observe.findVm(lab, "fxrun")?.priority, -1_000_000);
  });
});

describe("an empty value", () => {
  it("is never put back by an undo: its key goes", () => {
    assert.deepEqual(
      metadata.toPutBack([
        ["a", "1"],
        ["b", ""],
        ["c", null],
      ]),
      { set: { a: "1" }, unset: ["b", "c"] },
    );
  });
});

describe("a cluster whose /etc/cluster.conf cannot be read", () => {
  it("can be looked at, and is not changed: nobody knows which node runs no VM", () => {
    const lab = { ...inventory(), observerUnknown: "/etc/cluster.conf cannot be read: no section headers" };
    assert.equal(observe.findVm(lab, "fxrun")?.name, "fxrun");
    assert.match(
      states
        .stateRefusals(lab)
        .map(({ reason }) => reason)
        .join(),
      /^\/etc\/cluster\.conf cannot be read: no section headers, so nobody knows which node is the observer/,
    );
  });
});
