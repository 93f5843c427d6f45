import assert from "node:assert/strict";
import { cluster, fixture, inventory } from "../../cluster/fixtures.ts";
import { domains, names } from "./specs.ts";
import type { Domain } from "../../../../provider/dist/vmmgr/form/model.js";

const { baseDomain, canonicalBase, defaultMac, domainElement, domainUuid, finalDomain, readDomain, sameDomain } =
  domains;
const { canonicalXml, parseXml, renderPretty } = cluster;

const typed: Domain[] = [
  {
    type: "kvm",
    memory: 2048,
    vcpus: 2,
    machine: "q35",
    firmware: "efi",
    interfaces: [],
    serialConsole: true,
    guestAgent: false,
  },
  {
    type: "qemu",
    memory: 4,
    vcpus: 1,
    machine: "pc",
    firmware: "bios",
    serialConsole: false,
    guestAgent: true,
    interfaces: [
      { bridge: "br0", mac: "52:54:00:00:00:01", model: "virtio" },
      { bridge: `ovs"&<`, mac: "52:54:00:00:00:02", model: "e1000", virtualport: "openvswitch", vlan: 4094 },
      { bridge: "ovs1", mac: "52:54:00:00:00:03", model: "virtio", virtualport: "openvswitch" },
    ],
  },
];
const disks = { bus: "virtio", secret: "6f1cd2a1-35cc-4b3c-9d7c-2d5ad6b50b5a", cephHosts: ["ceph1", "ceph2"] };
const vm = { name: "web01", uuid: "11111111-2222-4333-8444-555555555555", images: ["system_web01", "data_web01_0"] };

describe("a name", () => {
  for (const good of ["a", "web01", "0", "XML", "xmls", "a".repeat(80)]) {
    it(`may be ${good.slice(0, 10)}`, () => assert.equal(names.nameProblem(good), undefined));
  }
  for (const bad of ["", "xml", "web-01", "a_b", "a b", "a.b", "é", "a\n", "a/../b", "$(a)", "a'"]) {
    it(`must not be ${JSON.stringify(bad)}`, () => assert.match(names.nameProblem(bad) ?? "", /^must /));
  }

  it("tells a VM's data disks from those of a VM whose name begins alike", () => {
    assert.ok(names.isDataImage("web", "data_web_0") && names.isDataImage("web", "data_web_12"));
    for (const other of ["data_web01_0", "data_web_", "data_web_x", "system_web", "data_web_0_1"]) {
      assert.equal(names.isDataImage("web", other), false, other);
    }
  });
});

describe("a domain", () => {
  it("says typed settings, and they are read back from it", () => {
    for (const each of typed) assert.deepEqual(readDomain(domainElement(each)), each);
  });

  it("is read whoever wrote it: units, missing parts", () => {
    const memory = (text: string) => readDomain(parseXml(`<domain>${text}</domain>`, "test")).memory;
    assert.equal(memory("<memory>2097152</memory>"), 2048);
    assert.equal(memory('<memory unit="GiB">2</memory>'), 2048);
    assert.equal(memory('<memory unit="MB">1048576</memory>'), 1e6);
    assert.equal(readDomain(parseXml("<domain/>", "test")).vcpus, 1);
    assert.equal(readDomain(parseXml("<domain><vcpu placement='static'>3</vcpu></domain>", "test")).vcpus, 3);
  });

  it("gets the name first, the uuid, and the disks at the end of the devices", () => {
    const final = finalDomain(domainElement(typed[0] as Domain), vm, disks);
    assert.deepEqual(
      final.children.slice(0, 2).map((node) => [node.name, node.text]),
      [
        ["name", vm.name],
        ["uuid", vm.uuid],
      ],
    );
    const found = cluster
      .findAll(final, "disk")
      .map((disk) => [
        cluster.child(disk, "source")?.attrs["name"],
        cluster.child(disk, "target")?.attrs["dev"],
        cluster.findAll(disk, "host").map((host) => `${host.attrs["name"]}:${host.attrs["port"]}`),
      ]);
    assert.deepEqual(found, [
      ["rbd/system_web01", "vda", ["ceph1:6789", "ceph2:6789"]],
      ["rbd/data_web01_0", "vdb", ["ceph1:6789", "ceph2:6789"]],
    ]);
    assert.equal(cluster.findAll(final, "secret")[0]?.attrs["uuid"], disks.secret);
  });

  it("names the disks after their bus", () => {
    for (const [bus, first] of [
      ["virtio", "vda"],
      ["scsi", "sda"],
      ["sata", "sda"],
      ["usb", "sda"],
      ["ide", "hda"],
    ]) {
      const final = finalDomain(parseXml("<domain/>", "test"), vm, { ...disks, bus: bus ?? "" });
      assert.deepEqual(cluster.findAll(final, "target")[0]?.attrs, { dev: first, bus });
    }
  });

  it("is what it was when that is taken out again", () => {
    for (const each of typed) {
      const base = domainElement(each);
      assert.deepEqual(baseDomain(finalDomain(base, vm, disks), vm.name), base);
      const text = renderPretty(finalDomain(base, vm, disks));
      assert.equal(canonicalBase(text, vm.name), canonicalXml(base));
      assert.ok(sameDomain(base, { name: vm.name, baseXml: canonicalBase(text, vm.name) }));
    }
  });

  it("keeps the disks of others and whatever else a user gives", () => {
    const text = `<domain><name>x</name><uuid/><title>t</title><devices><disk type="file"><source file="/cd.iso"/></disk>
      <disk><source name="rbd/system_other"/></disk></devices><seclabel type="none"/></domain>`;
    const base = baseDomain(parseXml(text, "test"), vm.name);
    assert.deepEqual(
      base.children.map((node) => node.name),
      ["title", "devices", "seclabel"],
    );
    assert.deepEqual(baseDomain(finalDomain(base, vm, disks), vm.name), base);
    assert.equal(cluster.findAll(finalDomain(base, vm, disks), "disk").length, 4);
    for (const none of ["<domain/>", "<domain><devices/></domain>"]) {
      const final = renderPretty(finalDomain(parseXml(none, "test"), vm, disks));
      assert.ok(sameDomain(none, { name: vm.name, baseXml: canonicalBase(final, vm.name) }), none);
    }
  });

  it("differs from another in any setting", () => {
    const observed = { name: vm.name, baseXml: canonicalXml(domainElement(typed[0] as Domain)) };
    assert.ok(sameDomain(domainElement(typed[0] as Domain), observed));
    for (const more of [
      { memory: 1 },
      { vcpus: 9 },
      { machine: "pc" },
      { firmware: "bios" as const },
      { serialConsole: false },
      { guestAgent: true },
    ]) {
      assert.equal(
        sameDomain(domainElement({ ...(typed[0] as Domain), ...more }), observed),
        false,
        JSON.stringify(more),
      );
    }
  });

  it("has a uuid only when there is one", () => {
    const uuid = (text: string) => domainUuid(parseXml(`<domain>${text}</domain>`, "test"));
    assert.equal(uuid("<uuid> 11111111-2222-4333-8444-5555555555AA </uuid>"), "11111111-2222-4333-8444-5555555555aa");
    assert.equal(uuid("<uuid></uuid>"), undefined);
    assert.equal(uuid(""), undefined);
  });

  it("gives each interface a MAC that stays, of its own, and no multicast address", () => {
    assert.equal(defaultMac("web01", 0), defaultMac("web01", 0));
    const all = ["web01", "web02"].flatMap((name) => [0, 1, 2].map((index) => defaultMac(name, index)));
    assert.equal(new Set(all).size, 6);
    for (const mac of all) assert.match(mac, /^52:54:00(:[0-9a-f]{2}){3}$/);
  });
});

describe("a VM of the lab", () => {
  it("is observed as it was made by hand", () => {
    const found = inventory().images.get("system_fxrun")?.metadata ?? {};
    const base = canonicalBase(found["xml"] ?? "", "fxrun");
    assert.equal(base, canonicalBase(found["_base_xml"] ?? "", "fxrun"));
    assert.doesNotMatch(base, /<disk|<name|<uuid/);
    assert.ok(fixture("cib.xml").includes(names.configFile("fxrun")));
  });
});
