// What a VM goes through beside its plain life: disabled, failed, cut off half-way, moved, made of a local image.
import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readLab } from "../../../lab/index.ts";
import { constraints, eventually, imageMeta, nodes, on, qemu, traces, tryOn } from "../support/cluster.ts";
import { labRunner } from "../support/failing.ts";
import { TestStack } from "../support/stack.ts";
import { tick, tickXml, TICK } from "../support/vms.ts";

const require = createRequire(import.meta.url);
const { changeStorage } =
  require("../../../provider/dist/cluster/index.js") as typeof import("../../../provider/dist/cluster/index.js");

describe("states of a VM", function () {
  this.timeout(180_000);
  let stack: TestStack;

  before(async () => {
    stack = await TestStack.make("states");
  });
  after(async () => {
    await stack.destroy();
    for (const vm of ["alpha", "beta", "upl", "cut", "bad"]) assert.deepEqual(await traces(vm), [], vm);
  });

  it("keeps the constraints of others through an update, a disable and an enable", async () => {
    await stack.up({ alpha: tick(), beta: tick() });
    await on("node1", "crm", "configure", "colocation", "others", "200:", "alpha", "beta");
    await on("node1", "crm", "configure", "location", "alikes", "alpha", "50:", "node3");
    await on("node1", "crm_resource", "--ban", "--resource", "alpha", "--node", "node2");
    const own = ["alikes", "cli-ban-alpha-on-node2", "nodes-only-alpha", "others"];
    await stack.up({ alpha: tick({ priority: 3, preferredHost: "node1" }), beta: tick() });
    assert.deepEqual((await constraints("alpha")).sort(), [...own, "cli-prefer-alpha"].sort());
    const disabled = { alpha: tick({ enabled: false }), beta: tick() };
    await stack.up(disabled);
    assert.deepEqual(await constraints("alpha"), []);
    assert.deepEqual(await qemu("alpha"), []);
    assert.match(await on("node1", "rbd", "ls"), /system_alpha/);
    assert.deepEqual((await stack.preview(disabled, { refresh: true })).changes, { same: 3 });
    await stack.up({ alpha: tick(), beta: tick() });
    const back = await constraints("alpha");
    for (const id of ["alikes", "nodes-only-alpha", "others"])
      assert.ok(back.includes(id), `${id} among ${back.join(", ")}`);
    assert.notEqual(
      (await tryOn("node1", "rbd", "image-meta", "get", "system_alpha", "_parked_constraints")).exitCode,
      0,
    );
  });

  it("is stopped and started by `started`, and its disk stays", async () => {
    await stack.up({ alpha: tick({ started: false }) });
    assert.deepEqual(await qemu("alpha"), []);
    assert.match(await on("node1", "crm", "status", "inactive"), /alpha\s.*Stopped \(disabled\)/);
    await stack.up({ alpha: tick() });
    const [running = ""] = await qemu("alpha");
    assert.equal(((await stack.outputs())["nodes"]?.value as Record<string, string>)["alpha"], running.split(":")[0]);
  });

  // Tried: a disk is to be made smaller → refused in the preview
  it("grows its disk, and never makes it smaller", async () => {
    const pid = await qemu("alpha");
    await stack.up({ alpha: tick({ systemDisk: { size: "8MiB" } }) });
    assert.match(await on("node1", "rbd", "info", "system_alpha"), /size 8 MiB/);
    // The guest that runs has been told, and was not restarted.
    assert.deepEqual(await qemu("alpha"), pid);
    assert.match(
      await on(pid.join().split(":")[0] ?? "", "virsh", "domblkinfo", "alpha", "vda"),
      /Capacity:\s+8388608/,
    );
    const text = await stack.failing("preview", { alpha: tick({ systemDisk: { size: "4MiB" } }) });
    assert.match(text, /systemDisk\.size.*never made smaller/s);
  });

  it("is made of an image on this machine, which is sent once", async () => {
    const path = join(mkdtempSync(join(tmpdir(), "seapath ")), "it's an image.qcow2");
    copyFileSync(readLab().guests["tick"]?.qcow2 ?? "", path);
    await stack.up({ upl: tick({ source: { path } }) });
    const uploads = (
      await Promise.all(nodes().map((node) => tryOn(node, "ls", "/var/lib/pulumi-seapath/uploads")))
    ).map(({ text }) => text);
    assert.match(uploads.join(), /[0-9a-f]{64}/);
    await stack.up({});
    const stamps = () =>
      Promise.all(nodes().map((node) => tryOn(node, "sh", "-c", "stat -c '%n %y' /var/lib/pulumi-seapath/uploads/*")));
    const sent = (await stamps()).map(({ text }) => text);
    await stack.up({ upl: tick({ source: { path } }) });
    assert.deepEqual(
      (await stamps()).map(({ text }) => text),
      sent,
    );
    assert.equal((await qemu("upl")).length, 1);
  });

  it("takes up a create that was cut off: an image that is whole stays, another is thrown away", async () => {
    const runner = labRunner();
    const half = async (phase: string) => {
      await changeStorage(runner, [
        { op: "createImage", image: "system_cut", size: 1 << 20 },
        {
          op: "setMetadata",
          image: "system_cut",
          set: { vm_name: "cut", _seapath_create: `${phase} test`, _priority: "4" },
        },
        { op: "createGroup", group: "cut" },
        { op: "addToGroup", group: "cut", image: "system_cut" },
      ]);
      return on("node1", "rbd", "info", "system_cut").then((info) => /\bid: (\w+)/.exec(info)?.[1]);
    };
    try {
      const importing = await half("importing");
      await stack.up({ cut: tick() });
      assert.notEqual(/\bid: (\w+)/.exec(await on("node1", "rbd", "info", "system_cut"))?.[1], importing);
      assert.equal((await qemu("cut")).length, 1);
      await stack.up({});
      const imported = await half("imported");
      await stack.up({ cut: tick() });
      assert.equal(/\bid: (\w+)/.exec(await on("node1", "rbd", "info", "system_cut"))?.[1], imported);
      assert.notEqual((await tryOn("node1", "rbd", "image-meta", "get", "system_cut", "_seapath_create")).exitCode, 0);
      await stack.up({});
    } finally {
      runner.close();
    }
  });

  // Tried: no node can start the VM → an error with the agent's reasons and libvirt's own from the nodes' logs, nothing is left
  it("fails with what Pacemaker and the logs say when no node can start it, and leaves nothing", async () => {
    // Not known before: libvirt takes the domain, every node has the file, and only QEMU finds that it is none of its kind.
    const broken =
      '<disk type="file" device="cdrom"><driver name="qemu" type="qcow2"/><source file="/etc/hostname"/><target dev="hdc" bus="ide"/><readonly/></disk>';
    const text = await stack.failing("up", { bad: { source: { nodePath: TICK }, xml: tickXml(broken) } });
    assert.match(
      text,
      /Unable to create VM "bad" on node\d: waiting until it is started: Pacemaker could not start it on any node: node\d: /,
    );
    assert.match(
      text,
      /The log \(\/var\/log\/pacemaker\/pacemaker\.log on node\d[^)]*\) says: [^\n]*Image is not in qcow2 format/,
    );
    assert.match(text, /More is in \/var\/log\/pacemaker\/pacemaker\.log on node\d/);
    assert.deepEqual(await traces("bad"), []);
    assert.deepEqual(await stack.recorded(), []);
  });

  // Tried: libvirt does not take the domain → refused before anything is done, with libvirt's words
  it("says libvirt's own words of a domain that it does not take, and leaves nothing", async () => {
    const wrong =
      '<interface type="bridge"><source bridge="br0"/><model type="virtio"/><mac address="no mac"/></interface>';
    const text = await stack.failing("up", { bad: { source: { nodePath: TICK }, xml: tickXml(wrong) } });
    assert.match(text, /xml.* is no domain that libvirt on node\d takes: XML document failed to validate/);
    assert.deepEqual(await traces("bad"), []);
  });

  // Tried: the cluster is in maintenance → the wait ends with what was last seen, nothing is left
  it("says what it last saw when the deadline is over, and leaves nothing", async () => {
    const unmanaged = { meta: { "is-managed": "false" } };
    const text = await stack.failing("up", {
      bad: tick({ pacemaker: unmanaged, timeouts: { create: 4, update: 4, delete: 4 } }),
    });
    assert.match(text, /waited \d+ s for started; last seen: .*unmanaged/);
    await eventually(
      () => traces("bad"),
      (left) => left.length === 0,
    );
    assert.deepEqual(await traces("bad"), []);
  });

  it("puts in what its crm commands make, together with itself", async () => {
    const commands = ["location fromcommand alpha 33: node2"];
    await stack.up({ alpha: tick({ crmConfigCommands: commands }) });
    assert.ok((await constraints("alpha")).includes("fromcommand"));
    assert.equal(await imageMeta("alpha", "_crm_config_cmd"), commands[0]);
    assert.deepEqual(
      (await stack.preview({ alpha: tick({ crmConfigCommands: commands }) }, { refresh: true })).changes,
      { same: 2 },
    );
    assert.match(
      (await stack.up({ alpha: tick() })).text,
      /what the crm command "location fromcommand alpha 33: node2" made stays in the CIB/,
    );
    const text = await stack.failing("up", {
      alpha: tick({ crmConfigCommands: commands }),
      bad: tick({ crmConfigCommands: ["location broken nobody 1: node1"] }),
    });
    assert.match(text, /Unable to create VM "bad" on node\d: telling Pacemaker of it: .*nobody/s);
    assert.deepEqual(await traces("bad"), []);
  });

  it("has no secret in the state or in what is printed", async () => {
    const state = await stack.state();
    assert.doesNotMatch(state, /PRIVATE KEY|10\.99\.0\.1/);
  });
});
