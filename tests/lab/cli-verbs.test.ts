// The rest of vm-mgr's verbs, by the words of a script that was written for it.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inGuest } from "../../lab/index.ts";
import { eventually, imageMeta, metaAttribute, on, qemu, traces, tryOn } from "./support/cluster.ts";
import { seapath } from "./support/cli.ts";
import { cibLines, remoteVm } from "./support/remote.ts";
import { TICK, tickXml } from "./support/vms.ts";

/** What was printed, and the exit code behind it where it is not 0. */
async function said(...words: string[]): Promise<string> {
  const { code, stdout } = await seapath(...words);
  return code === 0 ? stdout : `${stdout}exit ${code}`;
}

describe("the command line on several VMs", function () {
  this.timeout(180_000);
  const VMS = ["clisnap", "clinear", "clifar"];

  before(async () => {
    const folder = mkdtempSync(join(tmpdir(), "seapath-cli-"));
    writeFileSync(join(folder, "vm.xml"), tickXml());
    await Promise.all(VMS.map((vm) => seapath("remove", "-n", vm)));
    const origin = ["--priority", "7", "--metadata", "a=1", "--pacemaker-meta", "resource-stickiness=5"];
    const made = await Promise.all(
      VMS.map((vm) => seapath("create", "-n", vm, ...origin, "--xml", join(folder, "vm.xml"), "-i", `node:${TICK}`)),
    );
    for (const { code, stderr } of made) assert.equal(code, 0, stderr);
    rmSync(folder, { recursive: true });
  });
  after(async () => {
    await Promise.all(VMS.map((vm) => seapath("remove", "-n", vm)));
    for (const vm of VMS) assert.deepEqual(await traces(vm), []);
  });

  it("colocates them under the ids that vm-mgr gives, and takes that away", async () => {
    const words = ["-n", "clisnap", "clinear", "clifar"];
    assert.equal(await said("add_colocation", ...words), "");
    assert.equal(await said("add_colocation", ...words), "");
    assert.equal(await said("add_colocation", "--strong", "-n", "clinear", "clifar"), "");
    const constraints = () => on("node1", "cibadmin", "--query", "--scope", "constraints");
    assert.match(await constraints(), /id="colocation-clisnap-withclinear-clifar" score="700"/);
    assert.match(await constraints(), /id="colocation-strong-clinear-withclifar" score="INFINITY"/);
    assert.match(
      (await seapath("add_colocation", "-n", "clisnap", "nobody")).stderr,
      /resource: VM "nobody" does not exist/,
    );
    assert.match(
      (await seapath("add_colocation", "-n", "clisnap", "clisnap")).stderr,
      /resource: "clisnap" is named twice/,
    );
    assert.equal(await said("add_colocation", "-n", "clisnap"), "exit 2");
    // By this vm-mgr loses it.
    assert.equal(await said("disable", "-n", "clinear"), "");
    assert.doesNotMatch(await constraints(), /colocation-strong-clinear-withclifar/);
    assert.equal(await said("enable", "-n", "clinear"), "");
    assert.match(await constraints(), /id="colocation-strong-clinear-withclifar"/);
    assert.equal(await said("remove_colocation", ...words), "");
    assert.equal(await said("remove_colocation", ...words), "exit 1");
    assert.equal(await said("remove_colocation", "--strong", "-n", "clinear", "clifar"), "");
    assert.doesNotMatch(await constraints(), /colocation-[^"]*cli(snap|near)/);
  });

  it("clones one with all that it has, or without what is cleared", async () => {
    await said("remove", "-n", "clicopy");
    try {
      assert.equal(
        await said("clone", "-n", "clisnap", "--dst_name", "clicopy", "--metadata", "b=2", "--stop-timeout", "44"),
        "",
      );
      assert.equal(await said("status", "-n", "clicopy"), "Started\n");
      assert.deepEqual(
        [await metaAttribute("clicopy", "priority"), await metaAttribute("clicopy", "resource-stickiness")],
        ["7", "5"],
      );
      assert.equal(await said("list_metadata", "-n", "clicopy"), "['a', 'b', 'vm_name', 'xml']\n");
      const uuid = async (vm: string) => /<uuid>(.*)<\/uuid>/.exec(await imageMeta(vm, "xml"))?.[1];
      assert.notEqual(await uuid("clicopy"), await uuid("clisnap"));
      const again = ["clone", "-n", "clisnap", "--dst_name", "clicopy"];
      assert.match((await seapath(...again)).stderr, /--dst_name: "clicopy" already exists/);
      assert.equal(await said(...again, "--force", "--disable", "--clear-pacemaker-meta"), "");
      assert.equal(await said("status", "-n", "clicopy"), "Disabled\n");
      assert.equal((await tryOn("node1", "rbd", "image-meta", "get", "system_clicopy", "_pacemaker_meta")).exitCode, 2);
      assert.match(
        (await seapath("clone", "-n", "nobody", "--dst_name", "cliother")).stderr,
        /--name: VM "nobody" does not exist/,
      );
    } finally {
      await said("remove", "-n", "clicopy");
    }
    assert.deepEqual(await traces("clicopy"), []);
  });
});

describe("the command line on disks and snapshots", function () {
  this.timeout(180_000);
  const n = ["-n", "clidisks"];
  const onDisk = async (image: string) =>
    (JSON.parse(await on("node1", "rbd", "snap", "ls", image, "--format", "json")) as { name: string }[]).map(
      ({ name }) => name,
    );

  after(async () => {
    await seapath("remove", ...n);
    assert.deepEqual(await traces("clidisks"), []);
  });

  it("makes a VM with data disks, all of it or nothing", async () => {
    const folder = mkdtempSync(join(tmpdir(), "seapath-cli-"));
    writeFileSync(join(folder, "vm.xml"), tickXml());
    await seapath("remove", ...n);
    const create = [
      "create",
      ...n,
      "--xml",
      join(folder, "vm.xml"),
      "-i",
      `node:${TICK}`,
      "--additional-disk",
      `node:${TICK}`,
    ];
    assert.match(
      (await seapath(...create, "--additional-disk", "node:/nowhere")).stderr,
      /--additional-disk: \/nowhere: there is no such file/,
    );
    assert.deepEqual(await traces("clidisks"), []);
    assert.equal(await said(...create), "");
    rmSync(folder, { recursive: true });
    assert.equal(await imageMeta("clidisks", "_additional_disks"), "1");
    const [place] = await qemu("clidisks");
    assert.match(await on(place?.split(":")[0] ?? "", "virsh", "domblklist", "clidisks"), /vdb +rbd\/data_clidisks_0/);
  });

  // Tried: `create` of a VM with a bridge or a file that no node has → refused before anything is made
  it("refuses a VM with a bridge or a file that no node has, and says which nodes lack it where one has", async () => {
    const folder = mkdtempSync(join(tmpdir(), "seapath-cli-"));
    const path = "/var/lib/seapath/images/clineeds.iso";
    const create = async (device: string, ...more: string[]) => {
      writeFileSync(join(folder, "vm.xml"), tickXml(device));
      return seapath("create", "-n", "clineeds", "--xml", join(folder, "vm.xml"), "-i", `node:${TICK}`, ...more);
    };
    const cdrom = `<disk type="file" device="cdrom"><source file="${path}"/><target dev="sdx"/><readonly/></disk>`;
    await seapath("remove", "-n", "clineeds");
    try {
      for (const more of [[], ["--additional-disk", `node:${TICK}`], ["--force"]]) {
        const bridge = await create('<interface type="bridge"><source bridge="nosuchbridge"/></interface>', ...more);
        assert.deepEqual(
          [bridge.code, bridge.stderr],
          [
            1,
            'Unable to create VM "clineeds" on node1: --xml: there is no bridge "nosuchbridge" on node1, node2 or node3\n  → Nothing was changed.\n'.replace(
              "node1",
              /on (node\d)/.exec(bridge.stderr)?.[1] ?? "",
            ),
          ],
        );
        assert.match(
          (await create(cdrom, ...more)).stderr,
          /--xml: there is no file "\/var\/lib\/seapath\/images\/clineeds\.iso" \(<disk>\) on node1, node2 or node3\n/,
        );
        assert.deepEqual(await traces("clineeds"), []);
      }
      await on("node2", "cp", TICK, path);
      const made = await create(cdrom, "--nostart", "--pinned-host", "node2");
      assert.deepEqual([made.code, made.stderr], [0, ""]);
      await seapath("remove", "-n", "clineeds");
      const some = await create(cdrom, "--nostart");
      assert.deepEqual(
        [some.code, some.stderr],
        [0, `clineeds: there is no file "${path}" (<disk>) on node1 or node3: it cannot be started there\n`],
      );
    } finally {
      await seapath("remove", "-n", "clineeds");
      await on("node2", "rm", "-f", path);
      rmSync(folder, { recursive: true });
    }
  });

  it("takes, lists, purges, goes back to and removes snapshots of all of them", async () => {
    for (const name of ["one", "two"]) assert.equal(await said("create_snapshot", ...n, "--snap_name", name), "");
    assert.equal(await said("create_snapshot", ...n, "--snap_name", "held", "--protect"), "");
    assert.deepEqual(await onDisk("data_clidisks_0"), ["one", "two", "held"]);
    assert.equal(await said("list_snapshots", ...n), "['one', 'two', 'held']\n");
    assert.match(
      (await seapath("create_snapshot", ...n, "--snap_name", "a-b")).stderr,
      /--snap_name: must have letters and digits only/,
    );
    assert.equal(await said("create_snapshot", ...n, "--snap_name", "one"), "exit 1");
    assert.equal(await said("purge", ...n, "--number", "1"), "");
    assert.equal(await said("purge", ...n, "--date", "31/02/2026 00:00:00"), "exit 2");
    assert.equal((await seapath("purge", ...n)).stderr, "clidisks: held stays: it is protected\n");
    assert.deepEqual(await onDisk("data_clidisks_0"), ["held"]);
    assert.equal(await said("stop", ...n), "");
    assert.equal(await said("rollback", ...n, "--snap_name", "held"), "");
    assert.equal(await said("status", ...n), "Stopped (disabled)\n");
    assert.equal(await said("remove_snapshot", ...n, "--snap_name", "held"), "");
    assert.equal(await said("remove_snapshot", ...n, "--snap_name", "held"), "exit 1");
    assert.deepEqual([await onDisk("system_clidisks"), await onDisk("data_clidisks_0")], [[], []]);
  });
});

describe("the command line on a guest node", function () {
  this.timeout(180_000);
  const LAST = 231;
  const vm = "cliremote";

  after(async () => {
    await seapath("remove", "-n", vm);
    assert.deepEqual(await traces(vm), []);
  });

  it("makes a VM one, and takes that away while it runs on", async () => {
    const { source, xml } = remoteVm(LAST) as { source: { nodePath: string }; xml: string };
    const folder = mkdtempSync(join(tmpdir(), "seapath-cli-"));
    writeFileSync(join(folder, "vm.xml"), xml);
    await seapath("remove", "-n", vm);
    assert.equal(await said("create", "-n", vm, "--xml", join(folder, "vm.xml"), "-i", `node:${source.nodePath}`), "");
    rmSync(folder, { recursive: true });
    const pid = await qemu(vm);
    await eventually(
      () => inGuest(`10.99.0.${LAST}`, "true", { ok: true, seconds: 8 }),
      ({ exitCode }) => exitCode === 0,
    );
    const add = [
      "add_pacemaker_remote",
      "-n",
      vm,
      "--remote_name",
      "cliinside",
      "--remote_address",
      `10.99.0.${LAST}`,
      "--remote_timeout",
      "40",
    ];
    assert.match(
      (await seapath(...add.map((word) => (word === "cliinside" ? "cli-inside" : word)))).stderr,
      /--remote_name: must have letters and digits only/,
    );
    assert.equal(await said(...add), "");
    assert.match(await on("node1", "crm_mon", "-1"), /GuestOnline:.*cliinside/);
    assert.deepEqual(
      [await metaAttribute(vm, "remote-connect-timeout"), await imageMeta(vm, "_remote_node")],
      ["40", "cliinside"],
    );
    assert.equal(await said("remove_pacemaker_remote", "-n", vm), "");
    assert.deepEqual(await cibLines("cliinside"), []);
    assert.equal(await said("remove_pacemaker_remote", "-n", vm), "exit 1");
    assert.deepEqual(await qemu(vm), pid);
  });
});
