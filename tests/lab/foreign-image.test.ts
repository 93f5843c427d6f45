// A VM's XML, taken for a second VM: the first one's disk stays its own.
import assert from "node:assert/strict";
import { on, qemu, traces } from "./support/cluster.ts";
import { TestStack } from "./support/stack.ts";
import { TICK, tick } from "./support/vms.ts";

describe("the XML of one VM for another one", function () {
  this.timeout(240_000);
  let stack: TestStack;
  before(async () => {
    stack = await TestStack.make("foreignimage");
    await stack.up({ xmlfirst: tick() });
  });
  after(() => stack.destroy());

  // Tried: `virsh dumpxml` of one VM is the `xml` of another → refused in the preview, with the name of the first
  it("is refused in the preview, with the first one's name, and in an up that has none", async () => {
    const [place = ""] = await qemu("xmlfirst");
    const dumped = await on(place.split(":")[0] ?? "", "virsh", "dumpxml", "xmlfirst");
    const xml = dumped
      .replace(/<uuid>.*<\/uuid>/, "")
      .replace(/<name>.*<\/name>/, "<name>xmlsecond</name>")
      .replace('dev="vda" bus="virtio"', 'dev="sda" bus="scsi"')
      .replace("dev='vda' bus='virtio'", "dev='sda' bus='scsi'");
    const vms = { xmlfirst: tick(), xmlsecond: { source: { nodePath: TICK }, xml } };
    for (const run of ["preview", "up"] as const) {
      assert.match(
        await stack.failing(run, vms),
        /has a problem: property xml: disk sda is rbd\/system_xmlfirst, the system disk of VM "xmlfirst", and both would write to it/s,
      );
    }
    assert.deepEqual(await traces("xmlsecond"), []);
    const { watchers } = JSON.parse(await on("node1", "rbd", "status", "--format", "json", "system_xmlfirst")) as {
      watchers: unknown[];
    };
    assert.equal(watchers.length, 1);
  });

  it("is taken where it only reads that disk, which the preview says", async () => {
    const readonly =
      '<disk type="network" device="disk"><driver name="qemu" type="raw"/><source protocol="rbd" name="rbd/system_xmlfirst"/><target dev="vdz" bus="virtio"/><readonly/></disk>';
    const { text } = await stack.preview({
      xmlfirst: tick(),
      xmlsecond: {
        source: { nodePath: TICK },
        xml: `<domain type="qemu"><memory unit="MiB">4</memory><vcpu>1</vcpu><os><type machine="pc">hvm</type></os><devices>${readonly}</devices></domain>`,
      },
    });
    assert.match(
      text,
      /VM "xmlsecond": disk vdz is rbd\/system_xmlfirst, the system disk of VM "xmlfirst"; it only reads it/,
    );
  });
});
