// The copy of an image with its snapshots, by the commands, against tools of a pool that is a folder.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command, CommandResult, Runner } from "../../../provider/dist/transport/types.js";
import { withoutBindings } from "../../hidden.ts";

const { copyWithSnapshots, UnsafeName } = createRequire(import.meta.url)(
  "../../../provider/dist/cluster/index.js",
) as typeof import("../../../provider/dist/cluster/index.js");

/** `rbd` and `qemu-img`, as far as the program uses them: an image is a text, and a snapshot of it as well. */
const TOOL = `#!/usr/bin/python3 -SI
import json, os, sys
name, words = os.path.basename(sys.argv[0]), [word for word in sys.argv[1:] if not word.startswith("--no-progress")]
pool = os.environ["FAKE_POOL"]
place = lambda image: os.path.join(pool, image.rpartition("/")[2] + ".json")
def load(image): return json.load(open(place(image)))
def save(image, found): json.dump(found, open(place(image), "w"))
def snap(found, wanted):
    for each in found["snaps"]:
        if each["name"] == wanted: return each
    print("rbd: no snapshot " + wanted, file=sys.stderr); sys.exit(2)
def said(*parts): open(os.path.join(pool, "log"), "a").write(" ".join(parts) + "\\n")
if name == "qemu-img":
    source, target = words[-2:]
    image, _, at = source[4:].partition("@")
    found, new = load(image), load(target[4:])
    part = snap(found, at)
    assert new["size"] >= part["size"]
    new["data"] = part["data"]
    save(target[4:], new)
    said("whole", source)
    print("    (0.00/100%)\\r    (50.00/100%)\\r    (100.00/100%)")
    sys.exit(0)
words = words[2:]
image, _, at = words[-1].partition("@")
if words[0] == "snap" and words[1] == "ls":
    rows = load(words[2])["snaps"]
    print(json.dumps([{"name": r["name"], "size": r["size"], "protected": "true" if r["protected"] else "false", "timestamp": "Fri Nov 27 14:51:00 2026"} for r in rows]))
elif words[0] == "snap":
    found = load(image)
    if words[1] == "create": found["snaps"].append({"name": at, "size": found["size"], "data": found["data"], "protected": False})
    if words[1] == "rm": assert not snap(found, at)["protected"]; found["snaps"].remove(snap(found, at))
    if words[1] == "protect": snap(found, at)["protected"] = True
    save(image, found)
elif words[0] == "resize":
    found, size = load(words[-1]), int(words[words.index("--size") + 1][:-1])
    if size == found["size"]: print("rbd: new size is equal to original size", file=sys.stderr); sys.exit(22)
    found["size"] = size; save(words[-1], found)
elif words[0] == "info": print(json.dumps({"size": load(words[1])["size"]}))
elif words[0] == "export-diff":
    image, _, at = words[2].partition("@")
    print("Exporting image: 50% complete...", end="\\r", file=sys.stderr)
    if at == os.environ.get("FAKE_BREAK"): print("\\rrbd: export-diff error: (28) No space: 95% full", file=sys.stderr); sys.exit(28)
    found = snap(load(image), at)
    snap(load(image), words[1].partition("=")[2])
    sys.stdout.write(json.dumps({"from": words[1].partition("=")[2], "to": at, "size": found["size"], "data": found["data"]}))
    said(*words[:3])
elif words[0] == "import-diff":
    text = sys.stdin.read()
    if not text: print("rbd: failed to decode diff banner", file=sys.stderr); sys.exit(5)
    diff, found = json.loads(text), load(words[2])
    snap(found, diff["from"])
    found.update(size=diff["size"], data=diff["data"])
    found["snaps"].append({"name": diff["to"], "size": diff["size"], "data": diff["data"], "protected": False})
    save(words[2], found)
else: sys.exit("what is " + " ".join(words))
`;

interface Fake {
  size: number;
  data: string;
  snaps: { name: string; size: number; data: string; protected: boolean }[];
}

describe("the copy of an image with its snapshots", function () {
  this.timeout(120_000);
  let folder: string;
  let environment: NodeJS.ProcessEnv;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "pool-"));
    for (const tool of ["rbd", "qemu-img"]) {
      writeFileSync(join(folder, tool), TOOL);
      chmodSync(join(folder, tool), 0o755);
    }
    environment = { ...process.env, PATH: `${folder}:${process.env["PATH"]}`, FAKE_POOL: folder };
    const snap = (name: string, size: number, guarded = false) => ({
      name,
      size,
      data: `as at ${name}`,
      protected: guarded,
    });
    put("system_a", {
      size: 4096,
      data: "now",
      snaps: [snap("old", 1024, true), snap("young", 2048), snap("clonebff", 4096)],
    });
    put("system_b", { size: 4096, data: "", snaps: [] });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const put = (image: string, fake: Fake) => writeFileSync(join(folder, `${image}.json`), JSON.stringify(fake));
  const look = (image: string) => JSON.parse(readFileSync(join(folder, `${image}.json`), "utf8")) as Fake;
  const log = () =>
    existsSync(join(folder, "log")) ? readFileSync(join(folder, "log"), "utf8").trim().split("\n") : [];

  /** Runs the program here, and fails as the transport does where it fails. */
  const runner = {
    node: "here",
    run: ({ argv, stdin, onStdout }: Command): Promise<CommandResult> =>
      new Promise((resolve, reject) => {
        const child = spawn("python3", argv.slice(1), { env: environment });
        let [stdout, stderr] = ["", ""];
        child.stdout.on("data", (chunk: Buffer) => {
          stdout += String(chunk);
          onStdout?.(String(chunk));
        });
        child.stderr.on("data", (chunk: Buffer) => (stderr += String(chunk)));
        child.on("close", (code) =>
          code === 0
            ? resolve({ node: "here", exitCode: 0, stdout, stderr })
            : reject(new Error(`exit ${code}: ${stderr}`)),
        );
        child.stdin.end(withoutBindings(String(stdin)));
      }),
  } as unknown as Runner;
  const copy = (more: object = {}, progress?: (percent: number) => void) =>
    copyWithSnapshots(
      runner,
      { from: "system_a", to: "system_b", snapshots: ["old", "young"], last: "clonebff", size: 0, ...more },
      progress,
    );

  it("has each with what it held, its size and its protection, the oldest copied whole and of the others what differs", async () => {
    const heard: number[] = [];
    await copy({ size: 8192 }, (percent) => heard.push(percent));
    const made = look("system_b");
    assert.deepEqual(made.snaps, look("system_a").snaps.slice(0, 2));
    assert.deepEqual([made.size, made.data], [8192, "as at clonebff"]);
    assert.deepEqual(log(), [
      "whole rbd:rbd/system_a@old",
      "export-diff --from-snap=old rbd/system_a@young",
      "export-diff --from-snap=young rbd/system_a@clonebff",
    ]);
    assert.equal(look("system_a").data, "now");
    assert.deepEqual(
      heard,
      [...heard].sort((a, b) => a - b),
    );
    assert.ok(heard.includes(50), heard.join());
  });

  for (const [snapshots, last, size] of [
    [["old", "young"], "young", 4096],
    [["young"], "clonebff", 2048],
    [[], "clonebff", 4096],
  ] as const) {
    it(`has ${snapshots.join(" and ") || "none"} where these are to come along, and what it held at ${last}`, async () => {
      put("system_b", { size, data: "", snaps: [] }); // as large as the first of them, or larger
      await copy({ snapshots, last });
      assert.deepEqual(
        [look("system_b").snaps.map(({ name }) => name), look("system_b").data],
        [snapshots, `as at ${last}`],
      );
    });
  }

  // Tried: a tool fails while a disk is copied with its snapshots → the copy fails with the tool's own words
  it("fails with the words of the tool that failed first, or with the snapshot that is gone", async () => {
    environment["FAKE_BREAK"] = "young";
    await assert.rejects(copy(), /rbd\/system_a@young: rbd: export-diff error: \(28\) No space: 95% full/);
    assert.deepEqual(
      look("system_b").snaps.map(({ name }) => name),
      ["old"],
    );
    await assert.rejects(copy({ snapshots: ["gone"] }), /system_a has no snapshot "gone" any more/);
  });

  it("gives the tools no name that is more than one", async () => {
    for (const more of [{ snapshots: ["a:conf=x"] }, { to: "system_b@x:y" }, { last: "a/b" }])
      await assert.rejects(copy(more), UnsafeName);
    assert.deepEqual(log(), []);
  });
});
