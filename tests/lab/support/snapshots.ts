/** VMs with two disks, examined from outside, and node programs that fail at a chosen point. */
import { createRequire } from "node:module";
import { exec } from "../../../lab/index.ts";
import type { Command, CommandResult, Runner } from "../../../provider/dist/transport/index.js";
import type { SnapshotSpec } from "../../../provider/dist/vmmgr/index.js";
import { on, tryOn } from "./cluster.ts";

export const vmmgr = createRequire(import.meta.url)(
  "../../../provider/dist/vmmgr/index.js",
) as typeof import("../../../provider/dist/vmmgr/index.js");

const { ConnectionError } = createRequire(import.meta.url)(
  "../../../provider/dist/transport/index.js",
) as typeof import("../../../provider/dist/transport/index.js");

export const system = (vm: string) => `system_${vm}`;
export const data = (vm: string) => `data_${vm}_0`;

/** Adds a data disk of 1 MiB to a VM with other tools; the guest does not have it, so only the test writes to it. */
export async function giveDisk(vm: string, image = data(vm), content = "first"): Promise<void> {
  await exec("node1", ["rbd", "import", "--no-progress", "-", image], { stdin: content.padEnd(1 << 20, ".") });
  await on("node1", "rbd", "group", "image", "add", vm, image);
}

/** Writes to the beginning of a data disk from outside. */
export async function write(image: string, content: string): Promise<void> {
  const script =
    'import rados, rbd, sys\nc = rados.Rados(conffile="/etc/ceph/ceph.conf")\nc.connect()\nio = c.open_ioctx("rbd")\nwith rbd.Image(io, sys.argv[1]) as i: i.write(sys.argv[2].encode(), 0)\nio.close()\nc.shutdown()';
  await on("node1", "/usr/bin/python3", "-I", "-c", script, image, content);
}

/** The first word on a disk that `write` wrote. */
export const content = async (image: string) =>
  /^\w+/.exec(await on("node1", "bash", "-c", 'rbd export --no-progress "$1" - | head -c 16', "bash", image))?.[0] ??
  "";

/** The counters on the tick guest's disk: boots, and total ticks. */
export async function ticks(vm: string): Promise<{ boots: number; total: number }> {
  const words = await on(
    "node1",
    "bash",
    "-c",
    'rbd export --no-progress "$1" - | dd bs=512 skip=1 count=1 status=none | od -An -tu4 -N16',
    "bash",
    system(vm),
  );
  const [, boots, , total] = words.split(/\s+/).map(Number);
  return { boots: boots ?? NaN, total: total ?? NaN };
}

/** The snapshots of an image as rbd lists them: name, and whether it is protected. */
export async function snaps(image: string): Promise<Record<string, boolean>> {
  const rows = JSON.parse(await on("node1", "rbd", "snap", "ls", image, "--format", "json")) as {
    name: string;
    protected: string | boolean;
  }[];
  return Object.fromEntries(rows.map((row) => [row.name, String(row.protected) === "true"]));
}

/** The metadata keys that snapshots and rollbacks left on the system image. */
export async function notes(vm: string): Promise<string[]> {
  const { text } = await tryOn("node1", "rbd", "image-meta", "list", system(vm), "--format", "json");
  return Object.keys(JSON.parse(text) as object)
    .filter((key) => key.startsWith("_seapath_snapshot") || key.startsWith("_seapath_rollback"))
    .sort();
}

export const snapshotSpec = (vm: string, name: string, more: Partial<SnapshotSpec> = {}): SnapshotSpec => ({
  vm,
  name,
  owner: "project/stack",
  quiesce: "auto",
  protect: false,
  freezeTimeout: 10,
  ...more,
});

/** Appends lines of Python to the definitions of the named node program, so that it fails at a point in the middle. */
export class PatchedRunner implements Runner {
  readonly #inner: Runner;
  readonly #program: string;
  readonly #lines: string;
  readonly #isLast: boolean;
  #broken = false;

  /** @param isLast block all calls after such a program has failed */
  constructor(inner: Runner, program: string, lines: string, isLast = false) {
    this.#inner = inner;
    this.#program = `the ${program} program`;
    this.#lines = lines;
    this.#isLast = isLast;
  }

  get node(): string | undefined {
    return this.#inner.node;
  }

  async run(command: Command): Promise<CommandResult> {
    if (this.#broken) throw new ConnectionError("node1", "the link broke (made by the test)", { beforeSend: false });
    if (command.label !== this.#program) return this.#inner.run(command);
    const stdin = String(command.stdin).replace(
      /\n(\w+\("[A-Za-z0-9+/=]*"\)\n)$/,
      (_, call: string) => `\n${this.#lines}\n${call}`,
    );
    try {
      return await this.#inner.run({ ...command, stdin });
    } catch (error) {
      this.#broken = this.#isLast;
      throw error;
    }
  }

  upload(...args: Parameters<Runner["upload"]>): Promise<string> {
    return this.#inner.upload(...args);
  }

  close(): void {
    this.#inner.close();
  }
}

/** One at a time, in the order of the disks' names, so that a failure always comes at the same point. */
export const ONE_BY_ONE = `
def everywhere(images, work):
    for disk in sorted(images, reverse=True):
        try:
            work(images[disk])
        except PoolError as error:
            raise Failure("disk", "%s: %s" % (disk, error)) from error
`;
