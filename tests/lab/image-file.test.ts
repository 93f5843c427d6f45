// Images whose makers have written the names of the node's files into them: on the node, sent there, for VMs and for disks.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import type { Runner } from "../../provider/dist/transport/index.js";
import { said } from "../said.ts";
import { nodes, on, traces } from "./support/cluster.ts";
import { clusterOn, labRunner } from "./support/failing.ts";
import { specOf } from "./support/vms.ts";

const require = createRequire(import.meta.url);
const { createDisk, createVm, removeVm, replaceVm } =
  require("../../provider/dist/vmmgr/index.js") as typeof import("../../provider/dist/vmmgr/index.js");
const VM = "strangeimage";
const FOLDER = "/var/lib/seapath/images/strange";
const make = (at: string) => `cd "$1" && qemu-img create -q -f qcow2 -b /etc/shadow -F raw backed.img &&
  truncate -s 1M outside && qemu-img create -q -f qcow2 -o data_file=outside,data_file_raw=on data.img 1M &&
  printf '# Disk DescriptorFile\\nversion=1\\nCID=1\\nparentCID=ffffffff\\ncreateType="monolithicFlat"\\nRW 2 FLAT "/etc/shadow" 0\\n' > flat.img &&
  qemu-img convert -O vmdk ${at} good.img && gzip -c good.img > packed.img`;

describe("an image of a stranger's", function () {
  this.timeout(180_000);
  let runner: Runner;
  const here = mkdtempSync(join(tmpdir(), "seapath-strange-"));
  before(async () => {
    runner = labRunner();
    for (const node of nodes()) await on(node, "sh", "-c", `mkdir -p "$1" && ${make("../tick.qcow2")}`, "sh", FOLDER);
    const tick = spawnSync("qemu-img", ["create", "-q", "-f", "raw", join(here, "blank"), "1M"]);
    assert.equal(tick.status, 0);
    const done = spawnSync("sh", ["-c", make("blank"), "sh", here], { encoding: "utf8" });
    assert.equal(done.status, 0, done.stderr);
    // Whole as far as its first bytes say.
    const cut =
      "head -c 1M /dev/urandom > noise && qemu-img convert -f raw -O qcow2 noise cut.img && truncate -s 512K cut.img";
    assert.equal(spawnSync("sh", ["-c", cut], { cwd: here }).status, 0);
  });
  after(async () => {
    await removeVm({ cluster: clusterOn(runner) }, VM);
    for (const node of nodes()) await on(node, "rm", "-r", FOLDER);
    rmSync(here, { recursive: true });
    runner.close();
  });

  const files: [name: string, says: RegExp, format?: "vmdk" | "qcow2"][] = [
    ["backed.img", /it is based on another file \(\/etc\/shadow\)/],
    ["data.img", /its data is in another file/],
    ["flat.img", /data is in other files/, "vmdk"],
    ["packed.img", /it is no disk image, but a gzip archive/],
  ];
  for (const [name, says, format] of files) {
    // Tried: an image names another file of the node, or is no disk → refused before anything was made, on the node and sent there
    it(`makes no VM and no disk: ${name}`, async () => {
      const context = { cluster: clusterOn(runner) };
      for (const source of [{ nodePath: `${FOLDER}/${name}` }, { path: join(here, name) }].map((each) => ({
        ...each,
        ...(format === undefined ? {} : { format }),
      }))) {
        for (const act of [createVm, replaceVm]) {
          const failure = await act(context, { ...specOf(VM), source }).then(
            () => undefined,
            (error: unknown) => error as Error,
          );
          said(failure);
          assert.match(String(failure), says);
          assert.match(String(failure), /Unable to create VM "strangeimage" on node\d: source\.(nodeP|p)ath/);
        }
      }
      assert.deepEqual(await traces(VM), []);
    });
  }

  // Tried: an image turns out to be damaged only once it was sent → the error names the file of this machine, not the copy on the node
  it("names the file that was sent, and not its copy on the node", async () => {
    const context = { cluster: clusterOn(runner) };
    const failure = await createVm(context, { ...specOf(VM), source: { path: join(here, "cut.img") } }).then(
      () => undefined,
      (error: unknown) => error as Error,
    );
    said(failure);
    assert.match(
      String(failure),
      /Unable to create VM "strangeimage" on node\d: source\.path: \/.*\/cut\.img: the image is damaged or truncated/,
    );
    assert.doesNotMatch(String(failure), /uploads/);
    assert.deepEqual(await traces(VM), []);
  });

  it("makes a VM, of a format that was said, with what is in it", async () => {
    const context = { cluster: clusterOn(runner) };
    const made = await createVm(context, { ...specOf(VM), source: { nodePath: `${FOLDER}/good.img`, format: "vmdk" } });
    assert.equal(made.status, "Started");
    for (const [name, says, format] of files) {
      const source = { path: join(here, name), ...(format === undefined ? {} : { format }) };
      await assert.rejects(
        createDisk(context, {
          vm: VM,
          index: 0,
          source,
          bus: "virtio",
          cache: "writeback",
          readOnly: false,
          retain: false,
        }),
        says,
      );
    }
    // What runs is lost to no image that is refused.
    await assert.rejects(
      replaceVm(context, { ...specOf(VM), source: { path: join(here, "backed.img") } }),
      /based on another file/,
    );
    assert.match(await on("node1", "rbd", "ls"), /^system_strangeimage$/m);
    assert.doesNotMatch(await on("node1", "rbd", "ls"), /^data_strangeimage/m);
  });
});
