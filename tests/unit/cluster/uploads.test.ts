// The image files that were sent to a node: what is noted of them, what goes for a new one, and what never goes.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { uploadLines } from "../../../sdk/dist/cli/uploads.js";
import { LocalRunner } from "./local.ts";
import { errors, requestOf } from "./runner.ts";
import type { Command, Runner } from "../../../provider/dist/transport/types.js";

const require = createRequire(import.meta.url);
const { runProgram } =
  require("../../../provider/dist/cluster/program.js") as typeof import("../../../provider/dist/cluster/program.js");
const { ensureUploaded, UPLOADS_BOUND } =
  require("../../../provider/dist/cluster/files.js") as typeof import("../../../provider/dist/cluster/files.js");
const { UploadError } = errors;
const UPLOADS = "/var/lib/pulumi-seapath/uploads";

const HOUR = 3600;
const now = () => Date.now() / 1000;
const hashOf = (text: string) => createHash("sha256").update(text).digest("hex");

describe("the files that were sent to a node", function () {
  this.timeout(120_000);
  let folder: string;
  beforeEach(() => (folder = join(mkdtempSync(join(tmpdir(), "uploads-")), "deep", "uploads")));
  afterEach(() => rmSync(join(folder, "../.."), { recursive: true }));

  const ask = (request: object) => runProgram(new LocalRunner(process.env), "uploads", { folder, ...request });
  const use = (name: string, origin = "debian.qcow2") => ask({ action: "use", name, origin });
  /** A file that was last used so many hours ago. */
  const put = (text: string, hours: number, origin?: string) => {
    mkdirSync(folder, { recursive: true });
    const name = hashOf(text);
    const marked = origin === undefined ? [] : [join(folder, `.${name}.used`)];
    writeFileSync(join(folder, name), text.padEnd(8192, text));
    for (const mark of marked) writeFileSync(mark, origin ?? "");
    for (const path of [join(folder, name), ...marked]) utimesSync(path, now() - hours * HOUR, now() - hours * HOUR);
    return name;
  };
  const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);
  const there = () =>
    readdirSync(folder)
      .filter((name) => !name.startsWith("."))
      .sort();
  const names = (rows: unknown) => (rows as { hash: string }[]).map(({ hash }) => hash);

  it("are noted when they are used, with the name that they had, and stay what they are", async () => {
    assert.deepEqual([await ask({ action: "list" }), await use(hashOf("none"))], [[], null]);
    const name = hashOf("a");
    writeFileSync(join(folder, name), "a");
    utimesSync(join(folder, name), 1000, 1000);
    const [before] = (await ask({ action: "list" })) as { used: number; inUse: boolean; origin: string }[];
    assert.deepEqual([before?.used, before?.inUse, before?.origin], [1000, false, ""]);
    assert.equal(await use(name, "it's\x1b[2J ü.qcow2\nmore"), name);
    const [after] = (await ask({ action: "list" })) as { used: number; inUse: boolean; origin: string; size: number }[];
    assert.ok(Math.abs((after?.used ?? 0) - now()) < 60);
    assert.deepEqual([after?.inUse, after?.origin, after?.size], [true, "it's\x1b[2J ü.qcow2", 1]);
    // An import looks whether it is written to meanwhile.
    assert.equal(readFileSync(join(folder, name), "utf8"), "a");
    assert.equal(statSync(join(folder, name)).mtimeMs, 1_000_000);
    writeFileSync(join(folder, name), "b");
    assert.equal(await use(name), hashOf("b"), "what is counted is what is there");
  });

  it("lie in folders that everybody may enter and their owner alone may list, whatever the umask", async () => {
    const umask = process.umask(0o077);
    try {
      assert.equal(await use(hashOf("none")), null);
      assert.deepEqual([modeOf(folder), modeOf(join(folder, ".."))], ["711", "711"]);
      // As an earlier release has made them; above one that has more in it nothing is changed.
      for (const path of [folder, join(folder, "..")]) chmodSync(path, 0o700);
      await use(hashOf("none"));
      assert.deepEqual([modeOf(folder), modeOf(join(folder, ".."))], ["711", "711"]);
      for (const path of [folder, join(folder, "..")]) chmodSync(path, 0o700);
      writeFileSync(join(folder, "..", "paper"), "");
      await use(hashOf("none"));
      assert.deepEqual([modeOf(folder), modeOf(join(folder, ".."))], ["711", "700"]);
    } finally {
      process.umask(umask);
    }
  });

  it("make room for a new one, those that were not used for longest first, and only as many as have to", async () => {
    const [old, older, newer] = [put("old", 5, "x"), put("older", 9), put("newer", 3, "y")];
    const room = (bytes: number, bound: number) => ask({ action: "makeRoom", bytes, bound });
    assert.deepEqual(await room(8192, 40_000), []);
    assert.deepEqual(names(await room(8192, 3 * 8192)), [older]);
    assert.deepEqual(there(), [newer, old].sort());
    assert.deepEqual(names(await room(8192, 100)), [old, newer]);
    assert.deepEqual(readdirSync(folder), []);
  });

  it("make room where the disk has none, whatever the bound is", async () => {
    const name = put("a", 2);
    assert.deepEqual(names(await ask({ action: "makeRoom", bytes: 2 ** 60, bound: 2 ** 62 })), [name]);
  });

  it("stay while a create may need them, and nothing else in the folder is touched", async () => {
    const [used, gone] = [put("used", 0.5, "x"), put("gone", 2)];
    const long = put("long", 48);
    await use(long); // of long ago, and asked for now
    const others = ["notes.txt", "a".repeat(63), "b".repeat(65), "C".repeat(64)];
    for (const name of others) writeFileSync(join(folder, name), "somebody's");
    mkdirSync(join(folder, "d".repeat(64)));
    symlinkSync("/etc/hostname", join(folder, "e".repeat(64)));
    const { removed, kept } = (await ask({ action: "empty" })) as { removed: unknown; kept: unknown };
    assert.deepEqual([names(removed), names(kept)], [[gone], [used, long]]);
    assert.deepEqual(there(), [used, long, ...others, "d".repeat(64), "e".repeat(64)].sort());
    assert.deepEqual(names(await ask({ action: "makeRoom", bytes: 2 ** 60, bound: 0 })), []);
  });

  it("are not kept for ever by a clock that was wrong", async () => {
    const name = put("future", -9000, "x");
    const [row] = (await ask({ action: "list" })) as { inUse: boolean; used: number }[];
    assert.deepEqual(
      [
        row?.inUse,
        uploadLines([{ node: "node1", files: [{ ...row, hash: name, origin: "", size: 1, bytes: 1 } as never] }])
          .length,
      ],
      [false, 1],
    );
    assert.deepEqual(names(((await ask({ action: "empty" })) as { removed: unknown }).removed), [name]);
  });

  it("are tidied: halves of more than a day, and marks without a file", async () => {
    const name = put("a", 2, "x");
    const part = (age: number, path: string) => {
      writeFileSync(join(folder, path), "");
      utimesSync(join(folder, path), now() - age * HOUR, now() - age * HOUR);
      return path;
    };
    part(25, `${name}.0123456789ab.part`);
    const young = part(2, `${name}.ba9876543210.part`);
    const strange = part(99, "mine.part");
    part(99, `.${hashOf("nobody")}.used`);
    await ask({ action: "makeRoom", bytes: 1, bound: 1 << 20 });
    assert.deepEqual(readdirSync(folder).sort(), [`.${name}.used`, name, young, strange].sort());
  });

  describe("by a create", () => {
    const path = () => join(folder, "../../image.raw");
    /** A node that has what was sent to it. */
    function node(onUpload: (sent: string) => void = () => undefined) {
      const asked: unknown[] = [];
      let sent = false;
      const runner = {
        node: "node1",
        run: (command: Command) => {
          const request = requestOf(command) as { action: string };
          asked.push(request);
          const ok = request.action === "use" ? (sent ? hashOf("data") : null) : [];
          return Promise.resolve({ node: "node1", exitCode: 0, stdout: JSON.stringify({ ok }), stderr: "" });
        },
        upload: (_: string, target: string) => {
          onUpload(target);
          sent = true;
          return Promise.resolve("node1");
        },
      } as unknown as Runner;
      return { asked, runner };
    }
    beforeEach(() => {
      mkdirSync(folder, { recursive: true });
      writeFileSync(path(), "data");
    });

    it("are sent once, with room made before", async () => {
      const targets: string[] = [];
      const { asked, runner } = node((target) => targets.push(target));
      const target = `${UPLOADS}/${hashOf("data")}`;
      assert.deepEqual([await ensureUploaded(runner, path()), await ensureUploaded(runner, path())], [target, target]);
      assert.deepEqual(targets, [target]);
      const used = { folder: UPLOADS, action: "use", name: hashOf("data"), origin: "image.raw" };
      assert.deepEqual(asked, [
        used,
        { folder: UPLOADS, action: "makeRoom", bytes: 4, bound: UPLOADS_BOUND },
        used,
        used,
      ]);
      assert.equal(existsSync(path()), true);
    });

    // Tried: the node has no room for an image that is sent → the error says how much, and which command shows and removes what was sent
    it("are named where there is no room, with the command that removes them", async () => {
      const full = node(() => {
        throw new UploadError(
          "node1",
          "/x",
          "No space left on device: /x has 1 MiB free and the file has 9 MiB",
          "Make room in /x there.",
        );
      });
      await assert.rejects(
        ensureUploaded(full.runner, path()),
        (error: Error & { hint?: string }) =>
          error.cause instanceof UploadError &&
          /to node1, as .*has 1 MiB free/.test(error.message) &&
          /`npx seapath uploads`.*--remove/.test(error.hint ?? ""),
      );
      const broken = node(() => {
        throw new UploadError("node1", "/x", "cannot write it: Failure");
      });
      await assert.rejects(
        ensureUploaded(broken.runner, path()),
        (error: Error & { hint?: string }) => error.cause instanceof UploadError && error.hint === undefined,
      );
    });
  });

  it("are printed a line each", () => {
    const file = { hash: "ab", origin: "debian.qcow2", size: 9, bytes: 3 << 20, used: 1_700_000_000, inUse: false };
    assert.deepEqual(
      uploadLines([
        { node: "node1", files: [file, { ...file, hash: "cd", origin: "", bytes: 30 << 20 }] },
        { node: "node10", files: [] },
      ]),
      [
        "node1   3.0 MiB  2023-11-14T22:13:20Z  debian.qcow2  ab",
        "node1  30.0 MiB  2023-11-14T22:13:20Z  ?             cd",
      ],
    );
    assert.deepEqual(uploadLines([]), []);
  });
});
