import assert from "node:assert/strict";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { importDomainXml } =
  require("../../../../provider/dist/vmmgr/commands/import-domain.js") as typeof import("../../../../provider/dist/vmmgr/commands/import-domain.js");

const CDROM = '<disk type="file" device="cdrom"><source file="/iso"/><target dev="sda"/></disk>';
const disk = (source: string, type = "file") =>
  `<disk type="${type}" device="disk">${source}<target dev="vda"/></disk>`;
const domain = (...disks: string[]) =>
  `<domain type="kvm"><name>old</name><devices>${disks.join("")}<memballoon model="none"/></devices></domain>`;
const taken = (...disks: string[]) => importDomainXml(domain(...disks), "old", "node1");

describe("the definition of a libvirt VM that is taken in", () => {
  it("gives its one disk, and all else without it", () => {
    const found = taken(CDROM, disk('<source file="/images/old.qcow2"/>'));
    assert.equal(found.disk, "/images/old.qcow2");
    assert.match(found.xml, /device="cdrom"/);
    assert.match(found.xml, /<memballoon model="none"\/>/);
    assert.doesNotMatch(found.xml, /old\.qcow2|device="disk"/);
  });

  it("takes a device, and a disk without a word of what it is", () => {
    assert.equal(taken(disk('<source dev="/dev/vg/old"/>', "block")).disk, "/dev/vg/old");
    assert.equal(taken('<disk type="file"><source file="/a"/><target dev="vda"/></disk>').disk, "/a");
  });

  it("leaves the path open where the disk is on a network: an image has to be given", () => {
    assert.equal(taken(disk('<source protocol="rbd" name="pool/x"/>', "network")).disk, undefined);
  });

  it("refuses none, and more than one", () => {
    assert.throws(
      () => taken(CDROM),
      /Unable to take in VM "old" on node1: its disks: it has none, and can be taken in with exactly one/,
    );
    assert.throws(
      () => taken(disk('<source file="/a"/>'), disk('<source file="/b"/>')),
      /it has more than one disk \(2\), and can be taken in with exactly one/,
    );
  });
});
