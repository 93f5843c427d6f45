// What an image file is, by its first bytes: no word in it leads to another file. QEMU's own tool makes the images.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, relative as relativePath } from "node:path";
import { cluster } from "./fixtures.ts";

const { localFile, localFileProblem, nodeFile } = cluster;
type Format = Parameters<typeof nodeFile>[1];
const { programSource } = createRequire(import.meta.url)(
  "../../../provider/dist/cluster/program.js",
) as typeof import("../../../provider/dist/cluster/program.js");

const folder = mkdtempSync(join(tmpdir(), "seapath-images-"));
const at = (name: string) => join(folder, name);
const SECRET = at("secret");

function run(program: string, ...args: string[]): void {
  const done = spawnSync(program, args, { encoding: "utf8", cwd: folder });
  assert.equal(done.status, 0, `${program} ${args.join(" ")}: ${done.stderr}`);
}

const write = (name: string, content: string | Buffer) => (writeFileSync(at(name), content), at(name));

/** A file with other bytes at a place. */
function changed(name: string, from: string, ...edits: [offset: number, bytes: Buffer | string][]): string {
  const content = readFileSync(at(from));
  for (const [offset, bytes] of edits)
    content.set(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes, offset);
  return write(name, content);
}

const padded = (text: string | Buffer, size = 4096) =>
  Buffer.concat([Buffer.from(text as string), Buffer.alloc(size)]).subarray(0, size);

/** What the node says of files: of those on it, or of those whose beginning is sent. */
function asked(
  questions: object[],
): { error?: string; format?: string; virtualSize?: number | null; missing?: boolean }[] {
  const call = "json.dump([read_source(each) for each in json.load(sys.stdin)], sys.stdout)";
  const source = at("program.py");
  writeFileSync(source, `${programSource("inventory")}\n${call}\n`);
  const done = spawnSync("python3", ["-I", source], { input: JSON.stringify(questions), encoding: "utf8" });
  assert.equal(done.status, 0, done.stderr);
  return JSON.parse(done.stdout) as ReturnType<typeof asked>;
}

/** The same answer from the node's own file and from the bytes that are sent before a file is. */
async function judged(path: string, format?: Format) {
  const [there, here] = asked([nodeFile(path, format), await localFile(path, format)]);
  return { there, here };
}

describe("an image file", function () {
  this.timeout(60_000);
  before(() => {
    writeFileSync(SECRET, "root:secret of the node\n".padEnd(65_536, "x"));
    const make = (name: string, format: string, ...options: string[]) =>
      run("qemu-img", "create", "-q", "-f", format, ...options, at(name), "1M");
    make("good.qcow2", "qcow2");
    make("old.qcow2", "qcow2", "-o", "compat=0.10");
    make("good.vdi", "vdi");
    make("good.vhdx", "vhdx");
    make("good.vhd", "vpc");
    make("fixed.vhd", "vpc", "-o", "subformat=fixed");
    make("good.vmdk", "vmdk");
    make("stream.vmdk", "vmdk", "-o", "subformat=streamOptimized");
    make("flat.vmdk", "vmdk", "-o", "subformat=monolithicFlat");
    write("boot.raw", Buffer.concat([padded("\xeb\x3c\x90", 510), Buffer.from([0x55, 0xaa]), Buffer.alloc(512)]));
    run("qemu-img", "create", "-q", "-f", "qcow2", "-b", SECRET, "-F", "raw", at("backed.qcow2"));
    run(
      "qemu-img",
      "create",
      "-q",
      "-f",
      "qcow2",
      "-o",
      `data_file=${at("outside.raw")},data_file_raw=on`,
      at("data.qcow2"),
      "1M",
    );
    // A data file that is somebody's: only the name in the image has to be another.
    run("qemu-img", "amend", "-f", "qcow2", "-o", "compat=1.1", at("good.qcow2"));
  });
  after(() => rmSync(folder, { recursive: true }));

  const good: [name: string, format: Format, is: string, size: number | null][] = [
    ["good.qcow2", undefined, "qcow2", 1 << 20],
    ["old.qcow2", undefined, "qcow2", 1 << 20],
    ["good.qcow2", "qcow2", "qcow2", 1 << 20],
    ["boot.raw", undefined, "raw", 1024],
    ["boot.raw", "raw", "raw", 1024],
    ["good.vdi", "vdi", "vdi", 1 << 20],
    ["good.vhdx", "vhdx", "vhdx", null],
    ["good.vmdk", "vmdk", "vmdk", 1 << 20],
    ["stream.vmdk", "vmdk", "vmdk", 1 << 20],
    ["good.vhd", "vhd", "vhd", null],
    ["fixed.vhd", "vhd", "vhd", null],
    // Whatever it begins with: a guest may have written that there.
    ["good.qcow2", "raw", "raw", null],
    ["backed.qcow2", "raw", "raw", null],
  ];
  for (const [name, format, is, size] of good) {
    it(`is taken: ${name} as ${format ?? "what it is"}`, async () => {
      const { there, here } = await judged(at(name), format);
      assert.equal(there?.error ?? here?.error, undefined);
      assert.deepEqual([there?.format, here?.format], [is, is]);
      if (size !== null) assert.deepEqual([there?.virtualSize, here?.virtualSize], [size, size]);
    });
  }

  const bad: [what: string, file: () => string, says: RegExp, format?: Format][] = [
    [
      "qcow2 with a backing file",
      () => at("backed.qcow2"),
      /^it is based on another file \(.*secret\); give a whole image/,
    ],
    ["qcow2 with its data in another file", () => at("data.qcow2"), /^its data is in another file/],
    [
      "qcow2 with its data in another file, said to be qcow2",
      () => at("data.qcow2"),
      /^its data is in another file/,
      "qcow2",
    ],
    [
      "encrypted qcow2",
      () => changed("crypt.qcow2", "good.qcow2", [32, Buffer.from([0, 0, 0, 2])]),
      /^it is encrypted/,
    ],
    [
      "qcow2 of the future",
      () => changed("future.qcow2", "good.qcow2", [72, Buffer.from([0x80])]),
      /features that are not known here/,
    ],
    [
      "qcow of version 1",
      () => changed("old.qcow", "good.qcow2", [4, Buffer.from([0, 0, 0, 1])]),
      /qcow2 of version 1/,
    ],
    [
      "a qcow2 that ends within its header",
      () => write("short.qcow2", Buffer.from("QFI\xfb\x00\x00\x00\x03", "latin1")),
      /ends within its header/,
    ],
    ["VMDK of which nobody said so", () => at("good.vmdk"), /^it is an image of the format vmdk$/],
    ["VMDK with FLAT extents", () => at("flat.vmdk"), /data is in other files/, "vmdk"],
    [
      "VMDK whose header says nothing, so that its lines count",
      () => changed("lines.vmdk", "good.vmdk", [12, Buffer.alloc(8)]),
      /data is in other files/,
      "vmdk",
    ],
    [
      "VMDK with FLAT in a sparse one",
      () =>
        changed("kind.vmdk", "good.vmdk", [
          readFileSync(at("good.vmdk")).indexOf("monolithicSparse"),
          'monolithicFlat"#',
        ]),
      /its data is in other files \(it is monolithicFlat/,
      "vmdk",
    ],
    [
      "VMDK with a parent",
      () => changed("child.vmdk", "good.vmdk", [1000, `\nparentFileNameHint="${SECRET}"\n`]),
      /based on another file/,
      "vmdk",
    ],
    [
      "a VDI that is a difference",
      () => changed("child.vdi", "good.vdi", [0x4c, Buffer.from([4])]),
      /based on another file/,
      "vdi",
    ],
    [
      "a VHD that is a difference",
      () => changed("child.vhd", "good.vhd", [63, Buffer.from([4])]),
      /based on another file/,
      "vhd",
    ],
    ["a VDI said to be qcow2", () => at("good.vdi"), /^it is an image of the format vdi, not qcow2/, "qcow2"],
    ["a raw one said to be qcow2", () => at("boot.raw"), /^it is no image of the format qcow2/, "qcow2"],
    ["QED", () => write("x.qed", padded("QED\0")), /the format QED; make a qcow2 of it/],
    ["gzip", () => write("x.gz", padded(Buffer.from([0x1f, 0x8b, 8]))), /^it is no disk image, but a gzip archive/],
    ["xz", () => write("x.xz", padded(Buffer.from("\xfd7zXZ\0", "latin1"))), /but an xz archive/],
    ["zip", () => write("x.zip", padded("PK\x03\x04")), /but a zip archive/],
    ["zstd", () => write("x.zst", padded(Buffer.from([0x28, 0xb5, 0x2f, 0xfd]))), /but a zstd archive/],
    ["tar", () => (run("tar", "-cf", at("x.tar"), "secret"), at("x.tar")), /but a tar archive/],
    [
      "an HTML page called .qcow2",
      () => write("page.qcow2", "\n<!DOCTYPE html><html><body>404</body></html>"),
      /but an HTML page/,
    ],
    ["a text", () => write("note.img", "404: not found\n"), /but a text/],
    [
      "a pointer of Git LFS",
      () => write("lfs.qcow2", "version https://git-lfs.github.com/spec/v1\n"),
      /but a pointer of Git LFS/,
    ],
  ];
  for (const [what, file, says, format] of bad) {
    it(`is refused: ${what}`, async () => {
      const { there, here } = await judged(file(), format);
      assert.match(there?.error ?? "", says);
      assert.match(here?.error ?? "", says);
    });
  }

  it("is neither a folder, nor what could block", () => {
    run("mkfifo", at("pipe"));
    const answers = asked([nodeFile(folder), nodeFile(at("pipe")), nodeFile("/dev/zero"), nodeFile(at("nowhere"))]);
    assert.deepEqual(
      answers.map(({ error, missing }) => error ?? missing),
      [...Array<string>(3).fill("it is neither a file nor a block device"), true],
    );
  });

  it("is not empty, on the node or here, whatever it is said to be", async () => {
    const path = write("empty.raw", "");
    for (const answer of asked([nodeFile(path), nodeFile(path, "raw")])) assert.equal(answer.error, "it is empty");
    await assert.rejects(localFile(path, "raw"), { message: `Unable to read the image: ${path} is empty` });
  });

  // Tried: `path` names a folder, a pipe, or a file that is not there or may not be read → told before anything is asked of the cluster, naming it and what it is
  it("of this machine is a file that can be read, and what it is else is said", async () => {
    run("mkfifo", at("here-pipe"));
    write("closed.raw", "x");
    chmodSync(at("closed.raw"), 0);
    symlinkSync("nowhere.qcow2", at("broken"));
    const relative = relativePath(process.cwd(), at("gone.qcow2"));
    const said: [string, string][] = [
      [folder, `${folder} is a directory on this machine, and not a file`],
      [at("here-pipe"), `${at("here-pipe")} is a pipe on this machine, and not a file`],
      ["/dev/null", "/dev/null is a device on this machine, and not a file"],
      [at("gone.qcow2"), `could not find file ${at("gone.qcow2")} on this machine`],
      [relative, `could not find file ${relative} (${at("gone.qcow2")}) on this machine`],
      [
        at("broken"),
        `could not find file ${at("broken")} on this machine: it is a link to nowhere.qcow2, which leads to no file`,
      ],
      [at("good.qcow2/x"), `could not find file ${at("good.qcow2/x")} on this machine`],
      ...(process.getuid?.() === 0
        ? []
        : [
            [at("closed.raw"), `${at("closed.raw")} may not be read by who runs this: permission denied`] as [
              string,
              string,
            ],
          ]),
    ];
    for (const [path, problem] of said) {
      assert.equal(await localFileProblem(path), problem);
      await assert.rejects(localFile(path), { code: "local-file", message: `Unable to read the image: ${problem}` });
    }
    assert.equal(await localFileProblem(at("good.qcow2")), undefined);
  });

  it("is judged again where it is imported, and QEMU is not begun for another one", () => {
    const bin = at("bin");
    run("mkdir", "-p", bin);
    writeFileSync(
      join(bin, "qemu-img"),
      `#!/bin/sh\necho "$@" >> ${at("called")}\n[ -n "$TOUCH" ] && echo more >> "$TOUCH"\nexit 0\n`,
      { mode: 0o755 },
    );
    writeFileSync(at("importing.py"), `${programSource("import_image")}\nmain(sys.argv[1])\n`);
    const imported = (name: string, driver: string, format?: string, touch = "", called?: string) => {
      const request = Buffer.from(
        JSON.stringify({
          path: at(name),
          driver,
          image: "system_x",
          ...(called === undefined ? {} : { name: called }),
          ...(format === undefined ? {} : { format }),
        }),
      ).toString("base64");
      const done = spawnSync("python3", ["-I", at("importing.py"), request], {
        encoding: "utf8",
        env: { PATH: `${bin}:${process.env["PATH"]}`, TOUCH: touch },
      });
      return [done.status, done.stderr.trim()];
    };
    assert.deepEqual(imported("good.qcow2", "qcow2"), [0, ""]);
    assert.match(
      readFileSync(at("called"), "utf8"),
      /^convert -p -W -n --target-is-zero -f qcow2 -O raw \/proc\/self\/fd\/\d+ rbd:rbd\/system_x\n$/,
    );
    assert.match(String(imported("backed.qcow2", "qcow2")), /^1,.*based on another file/);
    assert.match(String(imported("boot.raw", "qcow2")), /^1,.*it is another one than it was: raw/);
    assert.match(String(imported("nowhere", "raw")), /^1,.*No such file/);
    // What was sent is told by the name that it has for its user.
    assert.match(
      String(imported("backed.qcow2", "qcow2", undefined, "", "./mine.qcow2")),
      /^1,\.\/mine\.qcow2: it is based on another file/,
    );
    assert.equal(
      imported("nowhere", "raw", undefined, "", "./mine.qcow2")[1],
      "./mine.qcow2: No such file or directory",
    );
    assert.equal(readFileSync(at("called"), "utf8").split("\n").length, 2);
    run("cp", "good.qcow2", "moving.qcow2");
    assert.match(
      String(imported("moving.qcow2", "qcow2", undefined, at("moving.qcow2"))),
      /^1,.*it was written to while it was read/,
    );
  });
});
