// A stack beside backup_restore: what a full and an incremental backup do to the cluster, by the commands that they run, and a restore.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seapath } from "./support/cli.ts";
import { constraints, eventually, metaAttribute, on, qemu, traces, tryOn } from "./support/cluster.ts";
import { content, data, snaps, system, write } from "./support/snapshots.ts";
import { TestStack, type Vms } from "./support/stack.ts";
import { tick } from "./support/vms.ts";

const VM = "backedup";
const IMAGES = [system(VM), data(VM)];
const FOLDER = "/root/backedup";
const [FULL, INCREMENT, LATER] = ["202611270200", "202611280200", "202611290200"] as const;
const name = `$ref:${VM}.name`;
const vm: Vms = {
  [VM]: tick({ preferredHost: "node2", priority: 4, metadata: { owner: "grid" } }),
  logs: { $kind: "Disk", vm: name, size: "1MiB" },
};
const snap = (more = {}) => ({ $kind: "Snapshot", vm: name, quiesce: "none", $after: ["logs"], ...more });
const tidy = (more = {}) => ({ $kind: "SnapshotRetention", vm: name, purgeAll: true, ...more });
const rbd = (...words: string[]) => on("node1", "rbd", ...words);

/** The newest snapshot of an image, as backup_restore finds it. */
const latest = async (image: string) => Object.keys(await snaps(image)).at(-1) ?? "";

describe("a stack beside backup_restore", function () {
  this.timeout(240_000);
  let stack: TestStack;
  let metadata: Record<string, string>;

  before(async () => {
    await on("node1", "mkdir", "-p", FOLDER);
    stack = await TestStack.make("backedup");
    await stack.up({ ...vm, before: snap(), held: snap({ protect: true }) });
    await write(data(VM), "first");
  });
  after(async () => {
    await on("node1", "rm", "-rf", FOLDER);
    await stack.destroy();
    assert.deepEqual(await traces(VM), []);
  });

  // Tried: a full backup of backup_restore purged a program's Snapshot → drift in a refresh and a preview, which name it; the next `up --refresh` takes another
  it("shows as drift what a full backup purged, and says that it was that", async () => {
    for (const image of IMAGES) {
      await tryOn("node1", "rbd", "snap", "purge", "--no-progress", image);
      await rbd("snap", "create", "--no-progress", `${image}@${FULL}`);
      await on(
        "node1",
        "qemu-img",
        "convert",
        "-f",
        "raw",
        "-O",
        "qcow2",
        `rbd:rbd/${image}@${FULL}`,
        `${FOLDER}/${image}_${FULL}.qcow2`,
      );
    }
    assert.deepEqual(await snaps(data(VM)), { held: true, [FULL]: false }, "a protected one stays");
    const asked = { ...vm, before: snap(), held: snap({ protect: true }) };
    const why =
      /snapshot "before" of VM "backedup" is gone from all disks\. A full backup of backup_restore is the likely cause: .*has 202611270200 of such a backup/;
    const { text, changes } = await stack.preview(asked);
    assert.match(text, why);
    assert.deepEqual(changes, { same: 5 });
    assert.match(await stack.refresh(), why);
    assert.doesNotMatch(await stack.state(), /@before/);
    const again = await stack.preview(asked);
    assert.deepEqual(again.changes, { create: 1, same: 4 });
    assert.match(
      again.text,
      /snapshot "before" of VM "backedup" comes after 202611270200 of backup_restore, whose next incremental backup counts from the newest snapshot/,
    );
  });

  it("keeps what an incremental backup counts from, in a retention as on the command line", async () => {
    const held = { ...vm, held: snap({ protect: true }) };
    await rbd("snap", "create", "--no-progress", `${data(VM)}@other`);
    const { text } = await stack.preview({ ...held, tidy: tidy({ includeProtected: true, includeOthers: true }) });
    assert.match(
      text,
      /the retention removes other \(\S+Z\); keeps held .*: it belongs to .*; 202611270200 \(\S+Z\): it is one of backup_restore's, whose incremental backups may need it/,
    );
    await stack.up({ ...held, tidy: tidy() });
    assert.deepEqual(Object.keys(await snaps(data(VM))), ["held", FULL, "other"]);
    await stack.up({ ...held, tidy: tidy({ includeOthers: true }) });
    assert.deepEqual(Object.keys(await snaps(data(VM))), ["held", FULL]);
    await stack.up(held);
    // The command line takes what vm-mgr's purge would take, whoever made it, but breaks no chain of backups.
    await rbd("snap", "create", "--no-progress", `${data(VM)}@other`);
    const purged = await seapath("purge", "-n", VM);
    assert.equal(purged.code, 0);
    assert.match(purged.stderr, /backedup: 202611270200 stays: it is one of backup_restore's/);
    assert.doesNotMatch(purged.stderr, /other/);
    assert.deepEqual(Object.keys(await snaps(data(VM))), ["held", FULL]);
  });

  it("could not be restored from a backup that counts from a snapshot of a program, which is why it is warned", async () => {
    const made = await seapath("create_snapshot", "-n", VM, "--snap_name", "between", "--quiesce", "none");
    assert.match(made.stderr, /snapshot "between" of VM "backedup" comes after 202611270200 of backup_restore/);
    assert.equal(await latest(data(VM)), "between");
    await rbd("snap", "create", "--no-progress", `${data(VM)}@${LATER}`);
    await rbd(
      "export-diff",
      "--no-progress",
      "--from-snap",
      "between",
      `${data(VM)}@${LATER}`,
      `${FOLDER}/broken.diff`,
    );
    try {
      await rbd("create", "--size", "1M", "backedupscratch");
      await rbd("snap", "create", "--no-progress", `backedupscratch@${FULL}`);
      const { exitCode, text } = await tryOn(
        "node1",
        "rbd",
        "import-diff",
        "--no-progress",
        `${FOLDER}/broken.diff`,
        "backedupscratch",
      );
      assert.ok(exitCode !== 0);
      assert.match(text, /start snapshot 'between' does not exist/);
    } finally {
      await tryOn("node1", "rbd", "snap", "purge", "--no-progress", "backedupscratch");
      await tryOn("node1", "rbd", "rm", "--no-progress", "backedupscratch");
      await rbd("snap", "rm", "--no-progress", `${data(VM)}@${LATER}`);
      await on("node1", "rm", "-f", `${FOLDER}/broken.diff`);
    }
    assert.equal((await seapath("remove_snapshot", "-n", VM, "--snap_name", "between")).code, 0);
    assert.equal(await latest(data(VM)), FULL);
  });

  it("is healed by an `up` after a restore, with the bytes, the settings and the owner of the backup", async () => {
    await write(data(VM), "second");
    for (const image of IMAGES) {
      await rbd("snap", "create", "--no-progress", `${image}@${INCREMENT}`);
      await rbd(
        "export-diff",
        "--no-progress",
        "--from-snap",
        FULL,
        `${image}@${INCREMENT}`,
        `${FOLDER}/${image}_${FULL}_${INCREMENT}.diff`,
      );
    }
    metadata = JSON.parse(await rbd("image-meta", "list", system(VM), "--format", "json")) as Record<string, string>;
    await write(data(VM), "third");

    // restore_vm.sh: `vm-mgr create --force --disable` of the full backup, the diffs, each key of the metadata, `vm-mgr enable`.
    const folder = mkdtempSync(join(tmpdir(), "seapath-restore-"));
    writeFileSync(join(folder, "vm.xml"), (metadata["xml"] ?? "").replace(/<disk .*?<\/disk>/gs, ""));
    const disks = [
      "-i",
      `node:${FOLDER}/${system(VM)}_${FULL}.qcow2`,
      "--additional-disk",
      `node:${FOLDER}/${data(VM)}_${FULL}.qcow2`,
    ];
    const made = await seapath("create", "-n", VM, "--force", "--disable", "--xml", join(folder, "vm.xml"), ...disks);
    rmSync(folder, { recursive: true });
    assert.equal(made.code, 0, made.stderr);
    for (const image of IMAGES) {
      await rbd("snap", "create", "--no-progress", `${image}@${FULL}`);
      await rbd("import-diff", "--no-progress", `${FOLDER}/${image}_${FULL}_${INCREMENT}.diff`, image);
    }
    for (const [key, value] of Object.entries(metadata)) await rbd("image-meta", "set", system(VM), key, value);
    assert.equal((await seapath("enable", "-n", VM)).code, 0);
    assert.equal(await content(data(VM)), "second");

    const asked = { ...vm, held: snap({ protect: true }) };
    const said = await stack.refresh();
    assert.match(said, /snapshot "held" of VM "backedup" is gone from all disks/);
    await stack.up(asked);
    assert.deepEqual((await stack.preview(asked, { refresh: true })).changes, { same: 4 });
    assert.equal(await content(data(VM)), "second");
    assert.deepEqual(
      (
        await eventually(
          () => qemu(VM),
          (found) => found.length === 1,
        )
      ).length,
      1,
    );
    assert.equal(await metaAttribute(VM, "priority"), "4");
    assert.deepEqual((await constraints(VM)).sort(), [`cli-prefer-${VM}`, `nodes-only-${VM}`]);
  });
});
