// The command line: what is written for vm-mgr runs with it, and a stack and it work on the same VMs.
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { runInNewContext } from "node:vm";
import { pulumiEnvironment } from "../../tools/env.mjs";
import { said } from "../said.ts";
import { constraints, eventually, imageMeta, metaAttribute, on, qemu, traces, tryOn } from "./support/cluster.ts";
import { CLI, going, onTerminal, ran, seapath, type Ended } from "./support/cli.ts";
import { TestStack } from "./support/stack.ts";
import { TICK, tick, tickXml } from "./support/vms.ts";

const VMS = ["clione", "clitwo", "clistack"];

/** What a substation's own script may look like: it knows nothing but vm-mgr. */
const SCRIPT = `
say() { echo "\\$ $*"; "$@" 2>>stderr; echo "exit $?"; }
say vm-mgr create -n clione --xml vm.xml -i ${TICK} --metadata owner=grid 'note=a b' --pinned-host node2 --priority 4 \\
  --stop-timeout 40 --add-crm-config-cmd 'location cliextra clione 10: node3' --pacemaker-meta resource-stickiness=50
say vm-mgr status -n clione
say vm-mgr create --name clione --xml vm.xml --image ${TICK}
say vm-mgr list_metadata -n clione
say vm-mgr get_metadata -n clione --metadata_name note
say vm-mgr set_metadata -n clione --metadata_name note --metadata_value "it's"
say vm-mgr get_metadata -n clione --metadata_name note
say vm-mgr get_metadata -n clione --metadata_name nothing
say vm-mgr set_metadata -n clione --metadata_name a-b --metadata_value 1
say vm-mgr stop -n clione
say vm-mgr status -n clione
say vm-mgr start --name clione
say vm-mgr stop --force --name clione
say vm-mgr start -n clione
say vm-mgr disable -n clione
say vm-mgr status -n clione
say vm-mgr start -n clione
say vm-mgr enable -n clione --nostart
say vm-mgr status -n clione
vm-mgr list | grep -x clione
say vm-mgr status -n nobody
say vm-mgr remove -n nobody
say vm-mgr status
say vm-mgr frobnicate -n clione
`;

const TRANSCRIPT = `
$ vm-mgr create -n clione --xml vm.xml -i ${TICK} --metadata owner=grid note=a b --pinned-host node2 --priority 4 --stop-timeout 40 --add-crm-config-cmd location cliextra clione 10: node3 --pacemaker-meta resource-stickiness=50
exit 0
$ vm-mgr status -n clione
Started
exit 0
$ vm-mgr create --name clione --xml vm.xml --image ${TICK}
exit 1
$ vm-mgr list_metadata -n clione
['note', 'owner', 'vm_name', 'xml']
exit 0
$ vm-mgr get_metadata -n clione --metadata_name note
a b
exit 0
$ vm-mgr set_metadata -n clione --metadata_name note --metadata_value it's
exit 0
$ vm-mgr get_metadata -n clione --metadata_name note
it's
exit 0
$ vm-mgr get_metadata -n clione --metadata_name nothing
exit 1
$ vm-mgr set_metadata -n clione --metadata_name a-b --metadata_value 1
exit 1
$ vm-mgr stop -n clione
exit 0
$ vm-mgr status -n clione
Stopped (disabled)
exit 0
$ vm-mgr start --name clione
exit 0
$ vm-mgr stop --force --name clione
exit 0
$ vm-mgr start -n clione
exit 0
$ vm-mgr disable -n clione
exit 0
$ vm-mgr status -n clione
Disabled
exit 0
$ vm-mgr start -n clione
exit 1
$ vm-mgr enable -n clione --nostart
exit 0
$ vm-mgr status -n clione
Stopped (disabled)
exit 0
clione
$ vm-mgr status -n nobody
Undefined
exit 0
$ vm-mgr remove -n nobody
exit 1
$ vm-mgr status
exit 2
$ vm-mgr frobnicate -n clione
exit 2
`;

const refused = async (asked: Promise<Ended>): Promise<string> => {
  const { code, stdout, stderr } = await asked;
  assert.deepEqual({ code, stdout }, { code: 1, stdout: "" });
  assert.doesNotMatch(stderr, /^\s+at /m);
  return stderr;
};
const done = async (asked: Promise<Ended>): Promise<string> => {
  const { code, stdout, stderr } = await asked;
  assert.equal(code, 0, stderr);
  return stdout;
};

describe("the command line", function () {
  this.timeout(180_000);
  let folder: string;
  const file = (name: string) => join(folder, name);

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "seapath-cli-"));
    writeFileSync(file("vm.xml"), tickXml());
    writeFileSync(file("vm-mgr"), `#!/bin/sh\nexec '${process.execPath}' '${CLI}' "$@"\n`);
    chmodSync(file("vm-mgr"), 0o755);
    for (const vm of VMS) await seapath("remove", "-n", vm);
  });
  after(async () => {
    for (const vm of VMS) await seapath("remove", "-n", vm);
    rmSync(folder, { recursive: true });
    for (const vm of VMS) assert.deepEqual(await traces(vm), []);
  });

  it("runs a script that was written for vm-mgr, with the same words and exit codes", async () => {
    const path = `${folder}${delimiter}${pulumiEnvironment()["PATH"]}`;
    const { stdout } = await ran("bash", ["--norc", "-c", `cd '${folder}'\n${SCRIPT}`], { PATH: path });
    assert.equal(stdout.trim(), TRANSCRIPT.trim());
    // Disabling and enabling again has lost nothing that anyone made.
    assert.deepEqual((await constraints("clione")).sort(), ["cliextra", "nodes-only-clione", "pin-clione-onnode2"]);
    assert.equal(await metaAttribute("clione", "priority"), "4");
    assert.equal(await metaAttribute("clione", "resource-stickiness"), "50");
    assert.equal(await metaAttribute("clione", "target-role"), "Stopped");
    assert.equal(await imageMeta("clione", "_stop_timeout"), "40");
  });

  it("forces a stop of a guest that does not listen", async () => {
    await done(seapath("start", "-n", "clione"));
    const [pid] = await qemu("clione");
    assert.match(pid ?? "", /^node2:/);
    // A guest that is suspended hears no power button.
    await on("node2", "virsh", "suspend", "clione");
    await done(seapath("stop", "-f", "-n", "clione"));
    assert.deepEqual(await qemu("clione"), []);
    assert.equal(await done(seapath("status", "-n", "clione")), "Stopped (disabled)\n");
    assert.equal(
      (await tryOn("node1", "crm_resource", "--resource", "clione", "--locate")).text,
      "resource clione is NOT running",
    );
  });

  it("makes with --force in place of an existing VM, only when the new one can be made", async () => {
    const uuid = "6a1d5b1e-0000-4000-8000-0000000c1101";
    writeFileSync(file("uuid.xml"), tickXml("", uuid));
    const create = (...more: string[]) =>
      seapath("create", "-n", "clione", "--xml", file("uuid.xml"), "-i", `node:${TICK}`, "--force", ...more);
    const text = await refused(create("--pinned-host", "node9"));
    assert.match(text, /--pinned-host: "node9" is not a valid hypervisor: the cluster has no node "node9"/);
    assert.equal(await imageMeta("clione", "owner"), "grid");
    const migrating = await create("--disable", "--enable-live-migration", "--migration-user", "nosuchuser");
    assert.equal(migrating.code, 0, migrating.stderr);
    assert.match(
      migrating.stderr,
      /VM "clione": --enable-live-migration cannot work as nosuchuser, so that a move stops it .*: the nodes let each other in as root; have that as --migration-user/,
    );
    assert.equal(await imageMeta("clione", "_migration_user"), "nosuchuser");
    assert.equal(await done(seapath("status", "-n", "clione")), "Disabled\n");
    await done(create("--metadata", "again=yes"));
    assert.equal(await done(seapath("status", "-n", "clione")), "Started\n");
    assert.match(await imageMeta("clione", "xml"), new RegExp(`<uuid>${uuid}</uuid>`));
  });

  it("sends an image of this machine, and says why it does not take one", async () => {
    writeFileSync(file("tick.qcow2"), Buffer.from(await on("node1", "base64", "-w0", TICK), "base64"));
    await done(seapath("create", "-n", "clitwo", "--xml", file("vm.xml"), "--image", file("tick.qcow2"), "--nostart"));
    assert.equal(await done(seapath("status", "-n", "clitwo")), "Stopped (disabled)\n");
    await done(seapath("remove", "-n", "clitwo"));
    const create = (image: string) => seapath("create", "-n", "clitwo", "--xml", file("vm.xml"), "--image", image);
    assert.match(
      await refused(create(file("none.qcow2"))),
      /none\.qcow2: there is no such file on this machine; the node's is taken\n.*--image: .*there is no such file on node/s,
    );
    assert.match(
      await refused(create("none.qcow2")),
      /^Unable to create VM "clitwo": --image: could not find file none\.qcow2 \(\/.*none\.qcow2\) on this machine/,
    );
    const directory = await refused(create(file(".")));
    assert.match(
      directory,
      /^Unable to create VM "clitwo": --image: .* is a directory on this machine, and not a file\n/,
    );
    // Of a file that was sent, too, its user hears by the name that it has here, and by the option.
    writeFileSync(file("text.img"), "404: not found\n");
    const text = await refused(create(file("text.img")));
    assert.match(text, /--image: .*text\.img: it is no disk image, but a text/);
    assert.doesNotMatch(text, /uploads/);
    assert.deepEqual(await traces("clitwo"), []);
  });

  it("prints JSON where it is asked for", async () => {
    const status = JSON.parse(await done(seapath("status", "-n", "clione", "--json"))) as Record<string, unknown>;
    const [place] = await qemu("clione");
    assert.deepEqual(status, { name: "clione", status: "Started", node: place?.split(":")[0], enabled: true });
    const list = JSON.parse(await done(seapath("list", "--json", "--enabled"))) as { name: string }[];
    assert.deepEqual(
      list.filter(({ name }) => name === "clione"),
      [status],
    );
    const long = JSON.parse(await done(seapath("list", "--long", "--json"))) as { name: string }[];
    const size = Number(
      (JSON.parse(await on("node1", "rbd", "info", "--format", "json", "system_clione")) as { size: number }).size,
    );
    assert.deepEqual(
      long.filter(({ name }) => name === "clione"),
      [{ ...status, vcpus: 1, memory: 4, disks: [{ image: "system_clione", size }] }],
    );
    const cluster = JSON.parse(await done(seapath("cluster", "--json"))) as {
      nodes: { name: string; vcpus: number }[];
      machines: number;
      oddMachines: boolean;
      versions: Record<string, string>;
    };
    assert.deepEqual(
      cluster.nodes.map(({ name }) => name),
      ["node1", "node2", "node3"],
    );
    assert.deepEqual([cluster.machines, cluster.oddMachines], [3, true]);
    assert.match(await done(seapath("cluster")), /^machines: 3$/m);
    assert.equal(cluster.nodes[1]?.vcpus, Number(await on("node2", "nproc", "--all")));
    assert.match(await on("node1", "corosync", "-v"), new RegExp(cluster.versions["corosync"] ?? "nothing"));
  });

  it("goes on with --watch, and prints what changes", async () => {
    const watch = going("status", "-n", "clione", "--watch", "--interval", "0.2");
    try {
      await eventually(
        () => Promise.resolve(watch.text()),
        (text) => text === "Started\n",
      );
      await on("node1", "crm", "resource", "stop", "clione");
      const text = await eventually(
        () => Promise.resolve(watch.text()),
        (seen) => seen.endsWith("Stopped (disabled)\n"),
      );
      assert.match(text, /^Started\n(Stopping\n)?(Stopped\n)?Stopped \(disabled\)\n$/);
    } finally {
      await watch.stop();
    }
  });

  it("opens the console where the VM runs, on a terminal only", async () => {
    await on("node1", "crm", "resource", "start", "clione");
    await eventually(
      () => qemu("clione"),
      (found) => found.length === 1,
    );
    assert.match(await refused(seapath("console", "clione")), /standard input and output must be a terminal/);
    const { code, stdout } = await onTerminal([["....", "\u001d"]], "console", "clione", "--ssh-user", "root");
    assert.match(stdout, /Connected to domain 'clione'.*\.\.\.\./s);
    assert.equal(code, 0);
  });

  it("makes a VM that a stack adopts without a change, and works on one that a stack has made", async () => {
    const stack = await TestStack.make("clistack");
    try {
      const program = await done(seapath("adopt", "clione"));
      const literal = program.slice(program.indexOf("{", program.indexOf("new seapath")), program.lastIndexOf(")"));
      const inputs = runInNewContext(`(${literal})`) as Record<string, unknown>;
      const pid = await qemu("clione");
      const vms = { clione: inputs, clistack: tick({ metadata: { owner: "stack" } }) };
      assert.match((await stack.preview(vms)).text, /VM "clione" is adopted as it is: nothing of it changes/);
      await stack.up(vms);
      assert.deepEqual(await qemu("clione"), pid);
      await done(seapath("stop", "-n", "clistack"));
      await done(seapath("set_metadata", "-n", "clistack", "--metadata_name", "owner", "--metadata_value", "cli"));
      const { text } = await stack.preview(vms, { refresh: true });
      assert.match(text, /started\s*: false => true/);
      assert.match(text, /owner\s*: "cli" => "stack"/);
      await stack.refresh();
      await stack.up(vms);
      assert.equal(await done(seapath("status", "-n", "clistack")), "Started\n");
    } finally {
      await stack.destroy();
    }
  });
});

describe("taking a libvirt VM into the cluster", function () {
  this.timeout(180_000);
  const DISK = "/var/lib/seapath/images/clisource.qcow2";
  const HOST = "10.99.0.12";
  const take = (...more: string[]) =>
    seapath("add-to-cluster", "-n", "cli-source", "--new-name", "clitaken", "--node", HOST, ...more);

  before(async () => {
    await seapath("remove", "-n", "clitaken");
    const disk = `<disk type="file" device="disk"><driver name="qemu" type="qcow2"/><source file="${DISK}"/><target dev="vda" bus="virtio"/></disk>`;
    const xml = tickXml(disk).replace(/(<domain[^>]*>)/, "$1<name>cli-source</name>");
    await on("node2", "cp", TICK, DISK);
    await on("node2", "sh", "-c", `echo ${Buffer.from(xml).toString("base64")} | base64 -d > /tmp/cli-source.xml`);
    await on("node2", "virsh", "define", "/tmp/cli-source.xml");
    await on("node2", "virsh", "start", "cli-source");
  });
  after(async () => {
    await seapath("remove", "-n", "clitaken");
    await tryOn("node2", "virsh", "destroy", "cli-source");
    await tryOn("node2", "virsh", "undefine", "cli-source");
    await on("node2", "rm", "-f", DISK, "/tmp/cli-source.xml");
    await on("node2", "sh", "-c", "rm -f /var/lib/pulumi-seapath/set-aside/cli-source.*.xml");
    assert.deepEqual(await traces("clitaken"), []);
  });

  it("refuses before the VM is shut down what can be known to fail", async () => {
    const before = await qemu("cli-source");
    assert.match(
      await refused(take("--pinned-host", "node9")),
      /--pinned-host: "node9" is not a valid hypervisor: the cluster has no node "node9"/,
    );
    assert.match(
      await refused(seapath("add-to-cluster", "-n", "cli-source", "--node", HOST)),
      /--name: must have letters and digits only/,
    );
    assert.match(
      await refused(seapath("add-to-cluster", "-n", "cli-source", "--node", "10.99.0.11")),
      /it does not exist in libvirt there/,
    );
    assert.deepEqual(await qemu("cli-source"), before);
  });

  // Tried: the node has no room for the definition of a VM that is taken in → refused while its guest still runs
  it("refuses before the VM is shut down where its definition could not be kept", async () => {
    const before = await qemu("cli-source");
    await on("node2", "sh", "-c", "mkdir -p /srv/clifull && mount -t tmpfs -o size=64k tmpfs /srv/clifull");
    try {
      const words = ["add-to-cluster", "-n", "cli-source", "--new-name", "clitaken", "--node", HOST];
      const { code, stderr } = await ran(
        process.execPath,
        [CLI, ...words],
        { SEAPATH_NODE_FOLDER: "/srv/clifull/ours" },
        tmpdir(),
      );
      assert.equal(code, 1, stderr);
      said(stderr);
      assert.match(
        stderr,
        /it is kept in \/srv\/clifull\/ours\/set-aside of that node, where \d+ KiB are free; .*seapath:nodeFolder/,
      );
      assert.deepEqual(await qemu("cli-source"), before);
    } finally {
      await on("node2", "sh", "-c", "umount /srv/clifull && rmdir /srv/clifull");
    }
  });

  it("puts everything back when the VM of the cluster cannot be made", async () => {
    const text = await refused(take("--add-crm-config-cmd", "location broken nobody 1: node1"));
    assert.match(text, /giving it to Pacemaker: /);
    assert.deepEqual(await traces("clitaken"), []);
    assert.match(await on("node2", "virsh", "list", "--name", "--persistent"), /^cli-source$/m);
  });

  it("takes it in whole, and leaves its disk and its definition on the node", async () => {
    await done(take("--pinned-host", "node2"));
    assert.equal(await done(seapath("status", "-n", "clitaken")), "Started\n");
    assert.doesNotMatch(await on("node2", "virsh", "list", "--all", "--name"), /^cli-source$/m);
    await on("node2", "test", "-s", DISK);
    assert.match(
      await on("node2", "sh", "-c", "cat /var/lib/pulumi-seapath/set-aside/cli-source.*.xml"),
      /<name>cli-source<\/name>/,
    );
    // The guest has found what it had written: it boots for the second time.
    const boots = async () =>
      (
        await on(
          "node1",
          "sh",
          "-c",
          "rbd export --no-progress system_clitaken - | dd bs=512 skip=1 count=1 2>/dev/null | od -An -tu4 -j4 -N4",
        )
      ).trim();
    assert.ok(Number(await eventually(boots, (seen) => Number(seen) >= 2)) >= 2);
  });
});
