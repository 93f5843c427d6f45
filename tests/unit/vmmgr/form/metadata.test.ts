import assert from "node:assert/strict";
import { inventory } from "../../cluster/fixtures.ts";
import { metadata, fullSpec, observe, spec } from "./specs.ts";
import type { VmSpec } from "../../../../provider/dist/vmmgr/form/model.js";

const { metadataChanges, PARKED_KEY, PHASE_KEY, readMetadata, vmMetadata } = metadata;
const xml = { base: "<domain/>", final: "<domain><name>fxrun</name></domain>" };
const ROUND = [
  "liveMigration",
  "migrationUser",
  "stopTimeout",
  "migrateToTimeout",
  "migrationDowntime",
  "priority",
  "diskBus",
  "pinnedHost",
  "preferredHost",
  "crmConfigCommands",
  "pacemaker",
  "metadata",
] as const;
const pick = (from: object) =>
  Object.fromEntries(ROUND.flatMap((key) => (key in from ? [[key, (from as Record<string, unknown>)[key]]] : [])));

describe("metadata", () => {
  const cases: [string, VmSpec][] = [
    ["defaults", spec()],
    ["all set", fullSpec()],
    ["pinned", fullSpec({ pinnedHost: "node1" })],
    ["preferred", fullSpec({ preferredHost: "node2" })],
  ];
  for (const [name, each] of cases) {
    it(`say all of a VM and are read back: ${name}`, () =>
      assert.deepEqual(pick(readMetadata(vmMetadata(each, xml))), pick(each)));
  }

  it("leave unsaid what is as vm-mgr has it by default", () => {
    assert.deepEqual(vmMetadata(spec(), xml), {
      vm_name: "fxrun",
      xml: xml.final,
      _base_xml: xml.base,
      _disk_bus: "virtio",
    });
  });

  it("use vm-mgr's keys and spellings", () => {
    const found = vmMetadata(fullSpec({ pinnedHost: "node1" }), xml);
    assert.equal(found["_live_migration"], "true");
    assert.equal(found["_pinned_host"], "node1");
    assert.equal(found["_crm_config_cmd"], "location fxcmd fxrun 5: node1\norder fxo fxman fxrun");
    assert.deepEqual(JSON.parse(found["_pacemaker_meta"] ?? ""), { "migration-threshold": "3" });
    assert.equal(found["owner"], "grid & <co>");
  });

  it("cannot be overwritten by a user's key of the same name", () => {
    assert.equal(vmMetadata(spec({ metadata: { vm_name: "evil" } }), xml)["vm_name"], "fxrun");
  });

  it("are read as vm-mgr's Python writes them, and say nothing where they are empty", () => {
    const read = readMetadata({
      _live_migration: "True",
      _priority: "",
      _stop_timeout: " 45 ",
      _pacemaker_meta: "",
      _disk_bus: "",
      _migration_user: "",
    });
    assert.equal(read.liveMigration, true);
    assert.deepEqual([read.priority, read.stopTimeout, read.diskBus, read.migrationUser], [0, 45, "virtio", "root"]);
    assert.deepEqual(read.pacemaker, { meta: {}, params: {}, utilization: {} });
    assert.deepEqual(readMetadata({ _pacemaker_meta: '{"a": 1, "b": true}' }).pacemaker.meta, { a: "1", b: "true" });
  });
  it("are the user's only under a name that vm-mgr takes: the others are somebody else's, and stay", () => {
    const others = { conf_rbd_qos_iops_limit: "5", "backup.last": "1", xml: "<domain/>", owner: "alice" };
    assert.deepEqual(readMetadata(others).metadata, { owner: "alice" });
    assert.deepEqual(metadataChanges(others, { xml: "<domain/>" }).unset, ["owner"]);
  });

  it("know a create that has not ended", () => {
    assert.equal(readMetadata({ [PHASE_KEY]: "importing some-mark" }).unfinished, "importing");
    assert.equal(readMetadata({ [PHASE_KEY]: "imported some-mark" }).unfinished, "imported");
    for (const value of ["", "done", "import"])
      assert.equal(readMetadata({ [PHASE_KEY]: value }).unfinished, undefined);
  });

  it("change only where they differ", () => {
    const before = vmMetadata(fullSpec({ pinnedHost: "node1" }), xml);
    assert.deepEqual(metadataChanges(before, before), { set: {}, unset: [] });
    const after = vmMetadata(fullSpec({ preferredHost: "node2", metadata: { owner: "new" } }), xml);
    const { set, unset } = metadataChanges(before, after);
    assert.deepEqual(set, { _preferred_host: "node2", owner: "new" });
    assert.deepEqual(unset.sort(), ["_pinned_host", "note"]);
  });

  it("leave the keys of others alone: remote guests, data disks, parked constraints", () => {
    const others = {
      _remote_node: "g",
      _remote_node_address: "1.2.3.4",
      _additional_disks: "2",
      [PARKED_KEY]: "<constraints/>",
      _new: "1",
    };
    const before = { ...others, ...vmMetadata(fullSpec(), xml) };
    const { set, unset } = metadataChanges(before, vmMetadata(spec(), xml));
    assert.deepEqual(
      Object.keys({ ...set, ...Object.fromEntries(unset.map((key) => [key, ""])) }).filter((key) => key in others),
      [],
    );
    assert.ok(unset.includes("owner") && unset.includes("_priority"));
  });
});

describe("a VM of the lab", () => {
  const lab = inventory();

  it("is read from what Ceph and Pacemaker say", () => {
    const found = observe.findVm(lab, "fxrun");
    assert.ok(found);
    assert.equal(found.uuid, "11111111-2222-4333-8444-5555555555aa");
    assert.equal(found.status, "Started");
    assert.match(found.node ?? "", /^node\d$/);
    assert.deepEqual(
      [found.systemSize, found.enabled, found.started, found.liveMigration],
      [1048576, true, true, true],
    );
    assert.deepEqual([found.pinnedHost, found.preferredHost], [undefined, "node1"]);
    assert.deepEqual(found.metadata, { note: "kept" });
    assert.equal(found.domain.memory, 4);
    assert.equal(observe.findVm(lab, "fxstop")?.status, "Stopped (disabled)");
    assert.equal(observe.findVm(lab, "fxstop")?.pinnedHost, "node2");
  });

  it("is not there without a system image, whatever lies about under its name", () => {
    assert.equal(observe.findVm(lab, "fxfail"), undefined);
    assert.equal(observe.findVm(lab, "nobody"), undefined);
    assert.equal(observe.vmStatus(lab, "nobody"), "Undefined");
  });

  it("is disabled when Pacemaker has no primitive of it, and its metadata say then where it is to run", () => {
    lab.cib.primitives.delete("fxstop");
    const found = observe.findVm(lab, "fxstop");
    assert.deepEqual(
      [found?.enabled, found?.status, found?.pinnedHost, found?.started],
      [false, "Disabled", "node2", undefined],
    );
    assert.equal(found?.priority, 7);
  });

  it("holds its uuid against all others", () => {
    assert.equal(observe.vmUuids(lab).get("11111111-2222-4333-8444-5555555555aa"), "fxrun");
  });

  it("has its data disks after the system disk, by number", () => {
    for (const name of ["data_fxrun_10", "data_fxrun_2", "data_fxrun2_0"]) lab.images.set(name, { name, size: 1 });
    assert.deepEqual(observe.vmImages(lab, "fxrun"), ["system_fxrun", "data_fxrun_2", "data_fxrun_10"]);
  });
});

describe("metadata of a VM that another stack has keys in", () => {
  const mark = `${metadata.KEY_OWNER}backup`;
  const kept = { vm_name: "fxrun", owner: "alice", backup: "nightly", [mark]: "shop/dev/keys" };

  it("does not show them, and does not take them away", () => {
    assert.deepEqual(readMetadata(kept).metadata, { owner: "alice" });
    assert.deepEqual(metadataChanges(kept, { vm_name: "fxrun", owner: "bob" }), { set: { owner: "bob" }, unset: [] });
    assert.deepEqual(metadataChanges(kept, { vm_name: "fxrun" }).unset, ["owner"]);
  });
});
