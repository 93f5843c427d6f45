// Errors in the words of the command line: its own options, vm-mgr's words, nothing of a program.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { optionOf, wordsOf } from "../../../sdk/dist/cli/words.js";
import { VERBS } from "../../../sdk/dist/cli/verbs.js";
import { cluster, inventory } from "../cluster/fixtures.ts";
import { lab } from "../resources/vm/vms.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");
const require = createRequire(import.meta.url);
const load = <T>(file: string) => require(`../../../provider/dist/${file}.js`) as T;
const { describeError } = load<typeof import("../../../provider/dist/errors.js")>("errors");
const { PROGRAM, speak } = load<typeof import("../../../provider/dist/words.js")>("words");
const vmmgr = load<typeof import("../../../provider/dist/vmmgr/index.js")>("vmmgr/index");
const { DomainRefused } =
  load<typeof import("../../../provider/dist/vmmgr/form/domain-xml.js")>("vmmgr/form/domain-xml");
const { CrmRefused } =
  load<typeof import("../../../provider/dist/vmmgr/form/crm-commands.js")>("vmmgr/form/crm-commands");
const { DiskRefused } = load<typeof import("../../../provider/dist/vmmgr/disk/errors.js")>("vmmgr/disk/errors");
const { judgedFile } =
  load<typeof import("../../../provider/dist/vmmgr/core/image-source.js")>("vmmgr/core/image-source");
const { takenRefusals } = load<typeof import("../../../provider/dist/vmmgr/relation/life.js")>("vmmgr/relation/life");
const { PurgeFailed } =
  load<typeof import("../../../provider/dist/vmmgr/snapshots/retention.js")>("vmmgr/snapshots/retention");
const { rollbackRefusals } = load<typeof import("../../../provider/dist/vmmgr/snapshots/rollback-state.js")>(
  "vmmgr/snapshots/rollback-state",
);
const { snapshotRefusals, vmRefusals } =
  load<typeof import("../../../provider/dist/vmmgr/snapshots/snapshot.js")>("vmmgr/snapshots/snapshot");
const { withMigration } =
  load<typeof import("../../../provider/dist/resources/vm/migration.js")>("resources/vm/migration");
const { specFromInputs } = load<typeof import("../../../provider/dist/resources/vm/given.js")>("resources/vm/given");
type Inventory = ReturnType<typeof inventory>;
type Refusals = InstanceType<typeof vmmgr.Refused>["refusals"];

/** What a verb prints of an error that is made while it runs. */
async function printed(name: string, failure: () => unknown): Promise<string> {
  const verb = VERBS.find((each) => each.name === name);
  assert.ok(verb, name);
  speak(wordsOf(verb));
  try {
    return describeError(await failure());
  } finally {
    speak(PROGRAM);
  }
}

const refused = (verb: string, refusals: Refusals, noun?: string) =>
  new vmmgr.Refused(verb, "fxrun", "node1", refusals, noun);
const ofVm =
  (spec: object, intent: "create" | "update" | "replace" = "create") =>
  () =>
    refused("create", vmmgr.clusterRefusals(inventory(), spec, intent));
const failed = (kind: string) => new cluster.ProgramError("node1", "snapshots", kind, "it went wrong");
const uuid = "11111111-2222-4333-8444-5555555555AA";

function withSnapshot(): Inventory {
  const lab = inventory();
  const image = lab.images.get("system_fxrun");
  assert.ok(image);
  image.snapshots = [{ id: 1, name: "nightly", size: 1, created: 1, protected: false }] as unknown as NonNullable<
    typeof image.snapshots
  >;
  return lab;
}

const colocation = vmmgr.colocationRelation({ vm: "fxrun", with: ["fxstop"], strong: false, apart: false });
function withConstraint(): Inventory {
  const lab = inventory();
  const [element] = colocation.elements;
  assert.ok(element);
  lab.cib.constraints.push({ ...element, attrs: { ...element.attrs, score: "1" } });
  lab.cib.ids.add(element.attrs["id"] ?? "");
  return lab;
}

function withVmdk(
  source: Parameters<typeof judgedFile>[1],
  more: { error?: string; unsaid?: undefined } = {},
): Refusals {
  const lab = inventory();
  const key = "path" in source ? cluster.localFileKey(source.path) : cluster.nodeFile(source.nodePath).key;
  lab.sources.set(key, {
    key,
    path: "/where/it/is",
    error: "it is an image of the format vmdk",
    unsaid: "vmdk",
    ...more,
  });
  return judgedFile(lab, source).refusals;
}

// The verb, what fails, and what is printed.
const table: [verb: string, failure: () => unknown, says: string | RegExp][] = [
  [
    "create",
    ofVm({ name: "fxrun" }),
    /^Unable to create VM "fxrun" on node1: --name: "fxrun" already exists: the cluster has a VM of this name \(enabled\)\. Choose another name, or remove it first, as --force does\n {2}→ Nothing was changed\.$/,
  ],
  ["clone", ofVm({ name: "fxrun" }), /--dst_name: "fxrun" already exists: .* as --force does/],
  [
    "create",
    ofVm({ name: "web01", pinnedHost: "node9" }),
    /--pinned-host: "node9" is not a valid hypervisor: .*; it must be one of node1, node2, node3/,
  ],
  ["create", ofVm({ name: "web01", preferredHost: "node9" }), /--preferred-host: "node9" is not a valid hypervisor/],
  [
    "create",
    ofVm({ name: "web01", xml: `<domain><uuid>${uuid}</uuid></domain>` }),
    /--xml: the uuid .* is already used by VM "fxrun"; give another, or none/,
  ],
  ["create", ofVm({ name: "9web" }), /--name: must begin with a letter/],
  [
    "create",
    ofVm({ name: "web01", liveMigration: true, xml: '<domain><devices><hostdev type="pci"/></devices></domain>' }),
    /--enable-live-migration: must not be true for a VM with a device/,
  ],
  [
    "create",
    ofVm({ name: "web01", systemSize: 1, source: { nodePath: "/nowhere" } }),
    /--image: \/nowhere: there is no such file on node1/,
  ],
  [
    "create",
    ofVm({
      name: "web01",
      xml: '<domain><devices><disk><source protocol="rbd" name="rbd/system_fxrun"/></disk></devices></domain>',
    }),
    /--xml: disk .* others are given to it by --additional-disk\. What/,
  ],
  [
    "create",
    () => refused("create", [{ property: "disks", reason: "/nowhere: there is no such file" }]),
    /--additional-disk: \/nowhere/,
  ],
  [
    "create",
    () => refused("create", withVmdk({ path: "./mine.img" })),
    'Unable to create VM "fxrun" on node1: --image: ./mine.img: it is an image of the format vmdk; say so (--image-format vmdk), or make a qcow2 of it\n  → Nothing was changed.',
  ],
  [
    "create",
    () => refused("create", withVmdk({ nodePath: "/var/lib/pulumi-seapath/uploads/0a1b", sentFrom: "./mine.img" })),
    /--image: \.\/mine\.img: it is an image of the format vmdk; say so/,
  ],
  [
    "create",
    () =>
      refused(
        "create",
        withVmdk(
          { nodePath: "/var/lib/pulumi-seapath/uploads/0a1b", sentFrom: "./mine.img" },
          { error: "Could not open '/where/it/is': no", unsaid: undefined },
        ),
      ),
    /--image: \.\/mine\.img: Could not open '\.\/mine\.img': no\n/,
  ],
  [
    "create",
    () => new DiskRefused("create", "data_web01_0", "node1", withVmdk({ path: "./mine.img" })),
    /^Unable to create disk "data_web01_0" on node1: --additional-disk: \.\/mine\.img: .*\(--image-format vmdk\)/,
  ],
  [
    "clone",
    ofVm({ name: "web01", source: { vm: "nobody", mode: "copy" } }),
    /--name: VM "nobody" does not exist: it is not on the cluster/,
  ],
  [
    "clone",
    ofVm({ name: "web01", source: { vm: "web01", mode: "copy" } }),
    /--name: .*source and destination cannot have the same name/,
  ],
  [
    "clone",
    () => {
      const lab = inventory();
      lab.freeBytes = 0;
      return refused(
        "create",
        vmmgr.clusterRefusals(lab, { name: "web01", source: { vm: "fxrun", mode: "copy" } }, "create"),
      );
    },
    /Ceph has 0 left; --linked shares them/,
  ],
  [
    "create",
    () => new DomainRefused("no machine"),
    /→ Correct the file of --xml; the words after the colon are libvirt's own\.$/,
  ],
  ["create", () => new CrmRefused("save x", "must not"), /→ Look at `--add-crm-config-cmd`, and at `_crm_config_cmd`/],
  [
    "create",
    () => new vmmgr.ChangeFailed("Unable", "importing", new Error("no"), ["an image"]),
    /→ The same command, run again, takes up what was left; `seapath remove` removes it\.$/,
  ],
  // To remove the VM would be too much of a remedy.
  [
    "rollback",
    () => new vmmgr.ChangeFailed("Unable", "rolling", new Error("no"), ["a disk"]),
    /→ The same command, run again, takes up what was left\.$/,
  ],
  [
    "create",
    () => new cluster.CibConflict("no"),
    /; the same command, run again, goes on, once it has looked again\.$/,
  ],
  [
    "create",
    async () =>
      specFromInputs("create", {
        name: "a b",
        source: { path: "/nowhere.img" },
        xml: "<domain/>",
        pacemaker: { meta: { priority: "1" } },
      }).catch((error: unknown) => error),
    /^Unable to create VM "a b": --name: must have .*no spaces or special chars.*--pacemaker-meta priority: is set by `--priority`; use that; --image: could not find file \/nowhere\.img on this machine\n/,
  ],
  [
    "create",
    async () =>
      specFromInputs("create", { name: "a", source: { path: "/etc/hosts" }, xml: "<domain/>" }, [
        { path: "/etc" },
      ]).catch((error: unknown) => error),
    /^Unable to create VM "a": --additional-disk: \/etc is a directory on this machine, and not a file\n/,
  ],
  [
    "start",
    () => new vmmgr.NoSuchVm("start", "nobody", "node1"),
    'Unable to start VM "nobody" on node1: it does not exist: it is not on the cluster',
  ],
  [
    "create_snapshot",
    () => refused("create", vmRefusals(inventory(), "nobody")),
    /: --name: VM "nobody" does not exist: it is not on the cluster/,
  ],
  [
    "create_snapshot",
    () => refused("create", snapshotRefusals(withSnapshot(), { vm: "fxrun", name: "nightly" })),
    /: --snap_name: snapshot "nightly" of VM "fxrun" already exists on image system_fxrun: .* or remove it first \(`seapath remove_snapshot`\)/,
  ],
  [
    "rollback",
    () => refused("roll back", rollbackRefusals(withSnapshot(), "fxrun", "weekly")),
    /: --snap_name: snapshot "weekly" of VM "fxrun" does not exist on any disk/,
  ],
  [
    "purge",
    () => new PurgeFailed("fxrun", "node1", failed("busy")),
    /→ What has been removed is gone; the same command, run again, goes on\.$/,
  ],
  [
    "add_colocation",
    () =>
      refused(
        "create",
        takenRefusals(withConstraint(), colocation, { noun: "colocation", owners: [], ids: [] }),
        "colocation",
      ),
    /: --name: the cluster has a constraint "colocation-fxrun-withfxstop" already, .*`crm configure edit`/,
  ],
  [
    "add-to-cluster",
    () => {
      try {
        return vmmgr.importDomainXml("<domain><devices><disk/><disk/></devices></domain>", "old", "node1");
      } catch (error) {
        return error;
      }
    },
    /its disks: it has more than one disk \(2\)/,
  ],
];

/** What only a program has. */
const PROGRAMS = /adopt: true|pulumi (up|refresh|destroy|config|preview)|seapath\.[A-Z]|`\w+: /;

describe("errors on the command line", function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), "seapath-words-"));
  after(() => rmSync(folder, { recursive: true }));

  for (const [index, [verb, failure, says]] of table.entries()) {
    it(`are in its own words: ${verb} (${index + 1}: ${String(says).slice(0, 60)}…)`, async () => {
      const text = await printed(verb, failure);
      if (typeof says === "string") assert.equal(text, says);
      else assert.match(text, says);
      assert.doesNotMatch(text, PROGRAMS);
    });
  }

  it("say of live migration what a program's VM says, and have its user from the nodes where nobody names one", async () => {
    const make = VERBS.find(({ name }) => name === "create");
    assert.ok(make);
    const asked = { name: "web01", liveMigration: true };
    const said: string[] = [];
    const of = (inputs: Record<string, unknown>, lets: (user: string) => string | undefined) =>
      withMigration(lab(undefined, undefined, lets).cluster, {}, inputs, inputs, (text) => void said.push(text));
    assert.equal((await of(asked, () => "libvirtadmin"))["migrationUser"], "libvirtadmin");
    assert.deepEqual(said.splice(0), []);
    assert.equal((await of({ ...asked, migrationUser: "ops" }, () => "libvirtadmin"))["migrationUser"], "ops");
    const [program = ""] = said.splice(0);
    speak(wordsOf(make));
    try {
      await of({ ...asked, migrationUser: "ops" }, () => "libvirtadmin");
    } finally {
      speak(PROGRAM);
    }
    assert.match(program, /^VM "web01": liveMigration cannot work as ops, .* have that as migrationUser$/);
    assert.equal(
      said[0],
      program.replace("liveMigration", "--enable-live-migration").replace("migrationUser", "--migration-user"),
    );
  });

  it("are in a program's words as long as the command line does not speak", () => {
    const error = ofVm({ name: "fxrun" })();
    assert.match(describeError(error), /: name: "fxrun" already exists: .*take it over with `adopt: true`/);
    assert.match(
      describeError(refused("create", withVmdk({ path: "./mine.img" }))),
      /source\.path: \.\/mine\.img: .*; say so \(`format: "vmdk"`\)/,
    );
  });

  it("name each input of a VM by an option that the verb has", () => {
    const verb = VERBS.find(({ name }) => name === "create");
    const options = verb?.options.map(({ name }) => `--${name}`) ?? [];
    for (const property of [
      "source.path",
      "xml",
      "name",
      "systemDisk.bus",
      "disks",
      "pinnedHost",
      "liveMigration",
      "crmConfigCommands[1]",
      "metadata.a",
      "pacemaker.params.b",
      "stopTimeout",
      "priority",
      "enabled",
      "started",
    ]) {
      assert.ok(options.includes(optionOf(property).split(" ")[0] ?? ""), `${property}: ${optionOf(property)}`);
    }
    assert.equal(optionOf("the cluster"), "the cluster");
  });

  it("name the option by which the name was given, where a verb has two", () => {
    const verb = VERBS.find(({ name }) => name === "add-to-cluster");
    assert.ok(verb);
    const asked = (...options: string[]) => wordsOf(verb, { has: (option) => options.includes(option) }).input("name");
    assert.deepEqual([asked(), asked("image"), asked("new-name", "force")], ["--name", "--name", "--new-name"]);
  });

  it("have no words of a program below what only programs call", () => {
    // Only a seapath.Metadata and a seapath.GuestResource meet these.
    const programsOnly = ["vmmgr/keys/index.ts", "vmmgr/guest/service.ts"];
    const source = join(ROOT, "provider", "src");
    const files = ["api", "cluster", "vmmgr"].flatMap((layer) =>
      readdirSync(join(source, layer), { recursive: true, encoding: "utf8" }).map((file) => join(source, layer, file)),
    );
    const found = files
      .filter((file) => file.endsWith(".ts"))
      .flatMap((file) => {
        const code = readFileSync(file, "utf8")
          .split("\n")
          .filter((line) => !/^\s*(\*|\/\*|\/\/)/.test(line));
        return code
          .filter((line) => /adopt: true\\?`|pulumi (up|refresh|destroy)|seapath\.[A-Z]/.test(line))
          .map(() => relative(source, file));
      });
    assert.deepEqual([...new Set(found)].sort(), programsOnly.sort());
  });

  // Tried: `--image` or `--xml` is a directory, empty, or not there → exit code 1 before any node is asked, with the option, the file and what it is
  it("name a file of this machine and what it is, before a node is asked", () => {
    const [xml, empty] = [join(folder, "vm.xml"), join(folder, "empty")];
    writeFileSync(xml, "<domain/>");
    writeFileSync(empty, "");
    const create = (...words: string[]) => {
      const done = spawnSync(
        process.execPath,
        [join(ROOT, "sdk", "bin", "seapath.js"), "create", "-n", "web01", ...words],
        { encoding: "utf8", cwd: folder, env: { PATH: process.env["PATH"] } },
      );
      assert.equal(done.status, 1, done.stderr);
      return done.stderr;
    };
    assert.equal(
      create("--xml", xml, "--image", folder),
      `Unable to create VM "web01": --image: ${folder} is a directory on this machine, and not a file\n  → Nothing was changed.\n`,
    );
    assert.match(create("--xml", "vm.xml", "--image", "empty"), new RegExp(`--image: empty \\(${empty}\\) is empty\n`));
    assert.equal(
      create("--xml", folder, "--image", xml),
      `Unable to read the file of --xml: ${folder} is a directory on this machine, and not a file\n`,
    );
    assert.equal(
      create("--xml", "gone.xml", "--image", xml),
      `Unable to read the file of --xml: could not find file gone.xml (${join(folder, "gone.xml")}) on this machine\n`,
    );
    // The node may have a file of that name, which nobody meant.
    const broken = join(folder, "broken.qcow2");
    symlinkSync("moved away.qcow2", broken);
    assert.equal(
      create("--xml", xml, "--image", broken),
      `Unable to create VM "web01": --image: could not find file ${broken} on this machine: it is a link to moved away.qcow2, which leads to no file\n  → Nothing was changed.\n`,
    );
    assert.match(
      create("--xml", xml, "--image", xml, "--additional-disk", broken),
      /^Unable to create VM "web01": --additional-disk: could not find file .*broken\.qcow2 on this machine: it is a link/,
    );
    assert.equal(create("--xml", empty, "--image", xml), `Unable to read the file of --xml: ${empty} is empty\n`);
  });
});
