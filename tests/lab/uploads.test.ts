// Image files that were sent to the nodes, by the command line: where they lie, what they take, and how they go.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pulumiEnvironment } from "../../tools/env.mjs";
import { said } from "../said.ts";
import { nodes, on, traces, tryOn } from "./support/cluster.ts";
import { CLI, ran, seapath } from "./support/cli.ts";
import { dropUser, hardenedSudoers, makeUser } from "./support/users.ts";
import { tickXml } from "./support/vms.ts";

const VM = "upsparse";
const FOLDER = "/var/lib/pulumi-seapath/uploads";

describe("images that were sent to the nodes", function () {
  this.timeout(180_000);
  let folder: string;
  let hash: string;
  const image = () => join(folder, "it's sparse.raw");
  const listed = async () => (await seapath("uploads")).stdout.split("\n").filter((line) => line.includes(hash));

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "seapath-uploads-"));
    writeFileSync(join(folder, "vm.xml"), tickXml());
    const file = openSync(image(), "w");
    ftruncateSync(file, 32 << 20);
    writeSync(file, Buffer.alloc(4096, `sparse ${Date.now()} `), 0, 4096, 16 << 20);
    closeSync(file);
    hash = createHash("sha256").update(readFileSync(image())).digest("hex");
    const { code, stderr } = await seapath(
      "create",
      "-n",
      VM,
      "--xml",
      join(folder, "vm.xml"),
      "-i",
      image(),
      "--image-format",
      "raw",
      "--nostart",
    );
    assert.equal(code, 0, stderr);
  });
  after(async () => {
    await seapath("remove", "-n", VM);
    for (const node of nodes()) await tryOn(node, "rm", "-f", `${FOLDER}/${hash}`, `${FOLDER}/.${hash}.used`);
    rmSync(folder, { recursive: true });
    assert.deepEqual(await traces(VM), []);
  });

  it("lie in their folder under their hash, as sparse as they were, and in the list with their name", async () => {
    const lines = await listed();
    assert.ok(lines.length > 0);
    assert.match(lines[0] ?? "", /^\S+ +0\.\d MiB {2}\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ +it's sparse\.raw +[0-9a-f]{64}$/);
    const found = (
      await Promise.all(nodes().map((node) => tryOn(node, "stat", "-c", "%s %b", `${FOLDER}/${hash}`)))
    ).filter(({ exitCode }) => exitCode === 0);
    assert.ok(found.length > 0);
    for (const { text } of found) {
      const [size, blocks] = text.trim().split(" ").map(Number);
      assert.equal(size, 32 << 20);
      assert.ok((blocks ?? 0) * 512 < 1 << 20, text);
    }
    assert.equal(await on("node1", "sh", "-c", `rbd export --no-progress system_${VM} - | sha256sum`), `${hash}  -`);
  });

  it("stay while a create may need them, and go afterwards when that is asked", async () => {
    const kept = await seapath("uploads", "--remove");
    assert.equal(kept.code, 0, kept.stderr);
    assert.match(kept.stderr, /: it's sparse\.raw stays: a create asked for it less than an hour ago/);
    assert.ok((await listed()).length > 0);
    for (const node of nodes()) await tryOn(node, "touch", "-c", "-d", "2 hours ago", `${FOLDER}/.${hash}.used`);
    const gone = await seapath("uploads", "--remove", "--json");
    assert.equal(gone.code, 0, gone.stderr);
    const answer = JSON.parse(gone.stdout) as { node: string; files: { hash: string }[]; kept: { hash: string }[] }[];
    assert.ok(
      answer.some(({ files }) => files.some((file) => file.hash === hash)),
      gone.stdout,
    );
    assert.deepEqual(await listed(), []);
  });

  describe("by a user who is root by sudo, on nodes that SEAPATH's playbooks have hardened", () => {
    const USER = "upsops";
    const BASE = "/srv/upstest";
    const environment = (place: string) => ({ SEAPATH_USER: USER, SEAPATH_SUDO: "true", SEAPATH_NODE_FOLDER: place });
    const create = (place: string) =>
      ran(
        process.execPath,
        [
          CLI,
          "create",
          "-n",
          "upssudo",
          "--xml",
          join(folder, "vm.xml"),
          "-i",
          image(),
          "--image-format",
          "raw",
          "--nostart",
        ],
        environment(place),
        tmpdir(),
      );
    const each = (script: string, ...words: string[]) =>
      Promise.all(nodes().map((node) => on(node, "sh", "-c", script, "sh", ...words)));
    const modes = async (...paths: string[]) =>
      (await each(`stat -c '%n %U %a' "$@" 2>/dev/null || true`, ...paths)).find((text) => text !== "")?.split("\n") ??
      [];

    before(async () => {
      for (const node of nodes()) await makeUser(node, USER, { sudoers: hardenedSudoers(USER) });
    });
    after(async () => {
      await seapath("remove", "-n", "upssudo");
      await each(`umount ${BASE}/full 2>/dev/null; rm -rf ${BASE}`);
      for (const node of nodes()) await dropUser(node, USER);
      assert.deepEqual(await traces("upssudo"), []);
    });

    // Tried: root's umask is 0077 and the user of SFTP is another one → the folder can be entered by it, and read by root alone
    it("lie where the settings say, in folders that user can enter whatever umask sudo has", async () => {
      const { code, stderr } = await create(`${BASE}/deep/ours`);
      assert.equal(code, 0, stderr);
      const [, deep, ...ours] = await modes(
        BASE,
        `${BASE}/deep`,
        `${BASE}/deep/ours`,
        `${BASE}/deep/ours/uploads`,
        `${BASE}/deep/ours/uploads/${hash}`,
      );
      assert.deepEqual(
        [deep, ...ours],
        [
          `${BASE}/deep root 711`,
          `${BASE}/deep/ours root 711`,
          `${BASE}/deep/ours/uploads root 711`,
          `${BASE}/deep/ours/uploads/${hash} root 600`,
        ],
      );
      assert.equal(
        await on("node1", "sh", "-c", "rbd export --no-progress system_upssudo - | sha256sum"),
        `${hash}  -`,
      );
      const list = await ran(process.execPath, [CLI, "uploads", "--json"], environment(`${BASE}/deep/ours`), tmpdir());
      assert.match(list.stdout, new RegExp(hash));
    });

    // Tried: the user of SFTP cannot enter the folder → said, with how to see which one it is, and the setting that names another
    it("go into folders that were made before under such a umask, and not into somebody else's", async () => {
      await seapath("remove", "-n", "upssudo");
      await each(`umask 77; mkdir -p ${BASE}/before/uploads ${BASE}/theirs/papers`);
      const { code, stderr } = await create(`${BASE}/before`);
      assert.equal(code, 0, stderr);
      assert.deepEqual(await modes(`${BASE}/before`, `${BASE}/before/uploads`), [
        `${BASE}/before root 711`,
        `${BASE}/before/uploads root 711`,
      ]);
      await seapath("remove", "-n", "upssudo");
      const refused = await create(`${BASE}/theirs`);
      assert.equal(refused.code, 1, refused.stdout);
      said(refused.stderr);
      assert.match(
        refused.stderr,
        new RegExp(`Unable to send .*permission denied[^]*namei -l ${BASE}/theirs/uploads[^]*nodeFolder`, "i"),
      );
      assert.deepEqual([...new Set(await modes(`${BASE}/theirs`))], [`${BASE}/theirs root 700`]);
      assert.deepEqual(await traces("upssudo"), []);
    });

    // Tried: the upload folder has less room than the image takes → refused before a byte is sent, with the setting that names another
    it("are not begun where they have no room", async () => {
      await each(
        `mkdir -p ${BASE}/full && mount -t tmpfs -o size=64k,mode=755 tmpfs ${BASE}/full && mkdir -p ${BASE}/full/ours/uploads && head -c 100000 /dev/zero > ${BASE}/full/fill 2>/dev/null; true`,
      );
      const refused = await create(`${BASE}/full/ours`);
      assert.equal(refused.code, 1, refused.stdout);
      said(refused.stderr);
      assert.match(refused.stderr, /No space left on device[^]*nodeFolder/);
      assert.deepEqual(await traces("upssudo"), []);
    });
  });

  // Tried: a node of --hosts is out of reach while the images are listed → the others are listed, that one is named, exit code 1
  it("are listed of the nodes that answer, and the others are named", async () => {
    const { code, stdout, stderr } = await seapath(
      "uploads",
      "--hosts",
      `${pulumiEnvironment()["SEAPATH_HOSTS"]},192.0.2.1`,
      "--connect-timeout",
      "3",
      "--json",
    );
    assert.equal(code, 1, stderr);
    assert.match(stderr, /192\.0\.2\.1: what it has is not known: /);
    assert.ok(
      (JSON.parse(stdout) as { unreachable?: string }[]).some(({ unreachable }) => unreachable === undefined),
      stderr,
    );
  });
});
