import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { inventory } from "../../cluster/fixtures.ts";

const require = createRequire(import.meta.url);
const { foreignImageRefusals, sharedImageNotices } =
  require("../../../../provider/dist/vmmgr/vm/foreign-images.js") as typeof import("../../../../provider/dist/vmmgr/vm/foreign-images.js");

const disk = (source: string, more = "", type = "network") =>
  `<disk type="${type}" device="disk">${source}<target dev="vdb"/>${more}</disk>`;
const rbd = (name: string) => `<source protocol="rbd" name="${name}"/>`;
const domain = (...devices: string[]) => `<domain><devices>${devices.join("")}</devices></domain>`;
const refused = (xml: string, change: (lab: ReturnType<typeof inventory>) => void = () => undefined) => {
  const lab = inventory();
  change(lab);
  return foreignImageRefusals(lab, { name: "web01", xml }).map(({ property, reason }) => `${property}: ${reason}`);
};
const stored = (vm: string, xml: string) => (lab: ReturnType<typeof inventory>) => {
  lab.images.set(`system_${vm}`, { name: `system_${vm}`, size: 1, metadata: { vm_name: vm, xml } });
};

describe("images of others in a VM's XML", () => {
  it("are none where it names its own, or none", () => {
    assert.deepEqual(
      refused(
        domain(disk(rbd("rbd/system_web01")), disk(rbd("rbd/data_web01_3")), disk('<source file="/iso"/>', "", "file")),
      ),
      [],
    );
    assert.deepEqual(refused("<domain"), []);
  });

  const ways: [string, string][] = [
    ["a network disk", domain(disk(rbd("rbd/system_fxrun")))],
    ["a network disk, with more slashes than needed", domain(disk(rbd("//rbd//system_fxrun")))],
    [
      "a copy that is under way",
      domain(disk('<source file="/a"/>', `<mirror>${rbd("rbd/system_fxrun")}</mirror>`, "file")),
    ],
    ["a mapped image", domain(disk('<source dev="/dev/rbd/rbd/system_fxrun"/>', "", "block"))],
    ["a volume of a pool", domain(disk('<source pool="rbd" volume="system_fxrun"/>', "", "volume"))],
    ["variables of the firmware", `<domain><os><nvram>${rbd("rbd/system_fxrun")}</nvram></os></domain>`],
    [
      "QEMU's arguments",
      `<domain xmlns:q="http://libvirt.org/schemas/domain/qemu/1.0"><q:commandline><q:arg value="-drive"/><q:arg value="file=rbd:rbd/system_fxrun:id=libvirt"/></q:commandline></domain>`,
    ],
    [
      "QEMU's arguments as JSON",
      `<domain><qemu:commandline xmlns:qemu="u"><qemu:arg value='{"driver":"rbd","pool":"rbd","image":"system_fxrun"}'/></qemu:commandline></domain>`,
    ],
  ];
  for (const [what, xml] of ways) {
    it(`are refused with the name of the VM that has them: ${what}`, () => {
      assert.match(
        refused(xml).join(),
        /^xml: (disk vdb|os\/nvram|qemu:commandline) is rbd\/system_fxrun, the system disk of VM "fxrun", and both would write to it/,
      );
    });
  }

  it("are refused where they are nobody's, or where nobody can tell", () => {
    assert.match(refused(domain(disk(rbd("rbd/golden")))).join(), /is rbd\/golden, an RBD image that is not its own/);
    assert.match(
      refused(domain(disk(rbd("other/system_web01")))).join(),
      /is other\/system_web01, an RBD image that is not its own/,
    );
    assert.match(
      refused(domain(disk('<source dev="/dev/rbd0"/>', "", "block"))).join(),
      /is \/dev\/rbd0, an RBD image that is not its own/,
    );
    assert.match(refused(domain(disk(rbd("rbd/data_fxrun_0")))).join(), /the data disk of VM "fxrun"/);
  });

  it("may be read, which is said", () => {
    for (const xml of [
      domain(disk(rbd("rbd/system_fxrun"), "<readonly/>")),
      domain(disk(rbd("rbd/system_fxrun@gold"))),
      domain(disk('<source file="/a"/>', `<backingStore>${rbd("rbd/system_fxrun")}</backingStore>`, "file")),
    ]) {
      assert.deepEqual(refused(xml), []);
      assert.match(
        sharedImageNotices({ name: "web01", xml }).join(),
        /disk vdb is rbd\/system_fxrun(@gold)?, the system disk of VM "fxrun"; it only reads it/,
      );
    }
  });

  it("may be shared where both sides say so", () => {
    const shared = domain(disk(rbd("rbd/quorum"), "<shareable/>"));
    assert.deepEqual(refused(shared), []);
    assert.deepEqual(refused(shared, stored("peer", shared)), []);
    assert.match(
      refused(shared, stored("peer", domain(disk(rbd("rbd/quorum"))))).join(),
      /and VM "peer" does not have it as <shareable\/>/,
    );
    assert.match(refused(shared, stored("peer", "<domain rbd/quorum")).join(), /and VM "peer" does not have it/);
    const system = domain(disk(rbd("rbd/system_peer"), "<shareable/>"));
    assert.match(
      refused(system, stored("peer", domain(disk(rbd("rbd/system_peer"))))).join(),
      /and VM "peer" does not have it/,
    );
    assert.deepEqual(refused(system, stored("peer", domain(disk(rbd("rbd/system_peer"), "<shareable/>")))), []);
    assert.match(refused(system).join(), /and VM "peer" does not have it/, "one that is not made yet");
    assert.match(sharedImageNotices({ name: "web01", xml: shared }).join(), /it shares it/);
  });
});
