// VMs that other tools made: refused, adopted, written down as a program, and let go of again.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { runInNewContext } from "node:vm";
import { pulumiEnvironment } from "../../tools/env.mjs";
import { constraints, eventually, imageMeta, metaAttribute, on, qemu, traces } from "./support/cluster.ts";
import { TestStack } from "./support/stack.ts";
import { tick, tickXml, TICK } from "./support/vms.ts";

const CLI = join(import.meta.dirname, "..", "..", "sdk", "bin", "seapath.js");
const UUID = "6a1d5b1e-0000-4000-8000-00000000abcd";

/** A VM as `vm-mgr create --preferred-host node2 --priority 4 --metadata owner=old` makes it, by the commands it runs. */
async function makeLikeVmMgr(vm: string): Promise<void> {
  const secret =
    (await on("node1", "virsh", "secret-list")).split(/\s+/).find((word) => /^[0-9a-f-]{36}$/.test(word)) ?? "";
  const disk = `<disk type="network" device="disk"><driver name="qemu" type="raw" cache="writeback"/><auth username="libvirt"><secret type="ceph" uuid="${secret}"/></auth><source protocol="rbd" name="rbd/system_${vm}"/><target dev="vda" bus="virtio"/></disk>`;
  const base = tickXml("", UUID);
  const xml = base
    .replace(/<uuid>.*<\/uuid>/, "")
    .replace(/<domain[^>]*>/, `$&\n<name>${vm}</name>\n<uuid>${UUID}</uuid>`)
    .replace("<devices>", `<devices>${disk}`);
  await on("node1", "rbd", "group", "create", vm);
  await on("node1", "qemu-img", "convert", "-W", "-f", "qcow2", "-O", "raw", TICK, `rbd:rbd/system_${vm}`);
  await on("node1", "rbd", "group", "image", "add", vm, `system_${vm}`);
  const metadata = {
    vm_name: vm,
    xml,
    _base_xml: base,
    _priority: "4",
    _preferred_host: "node2",
    _disk_bus: "virtio",
    owner: "old",
  };
  for (const [key, value] of Object.entries(metadata))
    await on("node1", "rbd", "image-meta", "set", `system_${vm}`, key, value);
  await on(
    "node1",
    "crm",
    "configure",
    "primitive",
    vm,
    "ocf:seapath:VirtualDomain",
    "params",
    `config=/etc/pacemaker/${vm}.xml`,
    "hypervisor=qemu:///system",
    "seapath=true",
    "force_stop=false",
    "migration_transport=ssh",
    "migration_user=root",
    "migration_downtime=0",
    "meta",
    "allow-migrate=false",
    "priority=4",
    "target-role=Started",
    "op",
    "start",
    "timeout=120",
    "op",
    "stop",
    "timeout=30",
    "op",
    "migrate_from",
    "timeout=60",
    "op",
    "migrate_to",
    "timeout=120",
    "op",
    "monitor",
    "timeout=60",
    "interval=10",
  );
  await on("node1", "crm", "resource", "move", vm, "node2");
  await eventually(
    () => qemu(vm),
    (found) => found.length === 1 && found.join().startsWith("node2:"),
  );
}

describe("adopting", function () {
  this.timeout(180_000);
  let stack: TestStack;
  let pid: string[];

  before(async () => {
    stack = await TestStack.make("adopt");
    await makeLikeVmMgr("oldone");
    pid = await qemu("oldone");
    assert.match(pid.join(), /^node2:\d+$/);
  });
  after(async () => {
    await stack.destroy();
    assert.deepEqual(await traces("oldone"), []);
  });

  // Tried: there is a VM of that name already → refused, with what it is
  it("is not done by itself: an existing VM is refused, by name, with what it is", async () => {
    const text = await stack.failing("preview", { oldone: { source: { nodePath: TICK }, xml: tickXml("", UUID) } });
    assert.match(text, /"oldone" already exists: the cluster has a VM of this name \(enabled\).*adopt: true/s);
  });

  it("shows what it would change, property by property, and leaves the rest alone", async () => {
    const vm = { adopt: true, xml: tickXml("", UUID), preferredHost: "node2", priority: 6, metadata: { owner: "new" } };
    const { text } = await stack.preview({ oldone: vm });
    assert.match(
      text,
      /VM "oldone" is adopted, and changed in place:\n\s+priority: 4 => 6\n\s+metadata\.owner: "old" => "new"\n/,
    );
  });

  it("is what `seapath adopt` writes: a program with nothing to change", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [CLI, "adopt", "oldone"], {
      env: pulumiEnvironment(),
    });
    assert.match(
      stdout,
      /^import \* as seapath from "pulumi-seapath";\n\nexport const oldone = new seapath\.Vm\("oldone", \{\n {2}adopt: true,/,
    );
    const literal = stdout.slice(stdout.indexOf("{", stdout.indexOf("new seapath")), stdout.lastIndexOf(")"));
    const inputs = runInNewContext(`(${literal})`) as Record<string, unknown>;
    assert.equal(inputs["priority"], 4);
    const { text } = await stack.preview({ oldone: inputs });
    assert.match(text, /VM "oldone" is adopted as it is: nothing of it changes/);
    await stack.up({ oldone: inputs });
    assert.deepEqual(await qemu("oldone"), pid);
    assert.deepEqual((await stack.preview({ oldone: inputs }, { refresh: true })).changes, { same: 2 });
    assert.ok((await constraints("oldone")).includes("cli-prefer-oldone"));
    const changed = { ...inputs, priority: 7, metadata: { owner: "new" } };
    await stack.up({ oldone: changed });
    assert.equal(await metaAttribute("oldone", "priority"), "7");
    assert.equal(await imageMeta("oldone", "owner"), "new");
    assert.deepEqual(await qemu("oldone"), pid);
  });

  it("says so when there is no such VM", async () => {
    const failed = await promisify(execFile)(process.execPath, [CLI, "adopt", "nobody"], {
      env: pulumiEnvironment(),
    }).catch((error: unknown) => error as { code: number; stderr: string });
    assert.deepEqual(
      { code: (failed as { code: number }).code, stderr: failed.stderr },
      { code: 1, stderr: "Unable to adopt nobody: the VM does not exist: it is not on the cluster\n" },
    );
    assert.match(
      await stack.failing("up", {
        oldone: tick({ adopt: true, source: undefined, xml: undefined }),
        ghost: tick({ adopt: true, source: undefined }),
      }),
      /there is no VM "ghost" to adopt/,
    );
  });

  it("moves a VM from one resource to another without touching its disk", async () => {
    await stack.up({ oldone: { adopt: true, xml: tickXml("", UUID), preferredHost: "node2" } });
    const { text } = await stack.up({
      another: { name: "oldone", adopt: true, xml: tickXml("", UUID), preferredHost: "node2" },
    });
    assert.match(text, /VM "oldone" stays: another resource of this program has it now/);
    assert.deepEqual(await stack.recorded(), ["another"]);
    assert.deepEqual(await qemu("oldone"), pid);
  });

  it("lets no two resources of a program have one VM", async () => {
    const vm = { adopt: true, xml: tickXml("", UUID), preferredHost: "node2" };
    const text = await stack.failing("up", {
      another: { name: "oldone", ...vm },
      third: tick({ name: "twice" }),
      fourth: tick({ name: "twice" }),
    });
    assert.match(text, /VM "twice" belongs to another resource of this program|"twice".*(ImageExists|exists)/s);
    await stack.up({ another: { name: "oldone", ...vm } });
    assert.deepEqual(await traces("twice"), []);
    assert.deepEqual(await qemu("oldone"), pid);
  });

  // Tried: the run ends before it could record a VM → the next `up` of the same stack takes it up again; another is told whose it is
  it("takes a VM of this stack up again when the state lost track of it, and says whose it is to others", async () => {
    await stack.forget("another");
    const vm = { xml: tickXml("", UUID), preferredHost: "node2", source: { nodePath: TICK } };
    const other = await TestStack.make("adoptother");
    assert.match(await other.failing("preview", { oldone: vm }), /"oldone" already exists: .*made by labtest\/adopt/s);
    const { text } = await stack.up({ oldone: vm });
    assert.match(text, /VM "oldone" is adopted as it is/);
    assert.deepEqual(await qemu("oldone"), pid);
  });

  it("leaves a VM that is let go of (`retainOnDelete`) as one that works", async () => {
    await stack.up({ oldone: { xml: tickXml("", UUID), preferredHost: "node2", adopt: true, $retain: true } });
    await stack.up({});
    assert.deepEqual(await stack.recorded(), []);
    assert.deepEqual(await qemu("oldone"), pid);
    await on("node1", "crm", "resource", "stop", "oldone");
    await eventually(
      () => qemu("oldone"),
      (found) => found.length === 0,
    );
    await stack.up({ oldone: { xml: tickXml("", UUID), preferredHost: "node2", adopt: true } });
  });
});
