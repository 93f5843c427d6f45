/** Image files that disks are made of: what they are is judged on a node, by one program for those there and those here. */
import { access, constants, open, readlink, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { z } from "zod";
import { SeapathError } from "../errors";
import { checkedImage } from "./place";
import { programCommand, runLong } from "./program";
import type { Runner } from "../transport/types";

/** The formats of image files that are taken. */
export const IMAGE_FORMATS = ["raw", "qcow2", "vmdk", "vdi", "vhd", "vhdx"] as const;
export type ImageFormat = (typeof IMAGE_FORMATS)[number];

/** A file of which is asked what it is. */
export interface SourceQuestion {
  key: string;
  path: string;
  /** Said by the user; absent: raw or qcow2. */
  format?: ImageFormat;
  /** Of a file on this machine: its bytes, and its beginning and its end in base64. */
  size?: number;
  head?: string;
  tail?: string;
}

export const sourceSchema = z.union([
  z.object({ key: z.string(), path: z.string(), missing: z.literal(true) }),
  /** `unsaid`: the format that has to be said for it to be taken, where that is all. */
  z.object({ key: z.string(), path: z.string(), error: z.string(), unsaid: z.enum(IMAGE_FORMATS).optional() }),
  z.object({
    key: z.string(),
    path: z.string(),
    format: z.enum(IMAGE_FORMATS),
    /** QEMU's name of the format. */
    driver: z.string(),
    /** Bytes of the disk; null where that shows only once the file is on a node. */
    virtualSize: z.number().nullable(),
  }),
]);

/** An image file: what it is, or why it is not taken. */
export type SourceFile = z.infer<typeof sourceSchema>;

const key = (where: "here" | "node", path: string, format: ImageFormat | undefined) =>
  JSON.stringify([where, path, format ?? ""]);
const of = (where: "here" | "node", path: string, format: ImageFormat | undefined) => ({
  key: key(where, path, format),
  path,
  ...(format === undefined ? {} : { format }),
});

/** The question about a file on the node. */
export const nodeFile = (path: string, format?: ImageFormat): SourceQuestion => of("node", path, format);
/** The key of the question about a file on this machine. */
export const localFileKey = (path: string, format?: ImageFormat): string => key("here", path, format);

const HEAD_BYTES = 4096;
/** A VMDK has its description behind its header. */
const VMDK_HEAD_BYTES = 65_536;
const TAIL_BYTES = 512;

const KINDS: readonly [
  is: "isDirectory" | "isFIFO" | "isSocket" | "isBlockDevice" | "isCharacterDevice",
  words: string,
][] = [
  ["isDirectory", "a directory"],
  ["isFIFO", "a pipe"],
  ["isSocket", "a socket"],
  ["isBlockDevice", "a block device"],
  ["isCharacterDevice", "a device"],
];

/** Why there is nothing to read in a file of this machine, as a clause that names it; undefined when there is. */
export async function localFileProblem(path: string): Promise<string | undefined> {
  const named = resolve(path) === path ? path : `${path} (${resolve(path)})`;
  try {
    const facts = await stat(path);
    const kind = KINDS.find(([is]) => facts[is]());
    if (kind !== undefined) return `${named} is ${kind[1]} on this machine, and not a file`;
    await access(path, constants.R_OK);
    return facts.size === 0 ? `${named} is empty` : undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") {
      const target = await readlink(path).catch(() => undefined); // most are no links
      return `could not find file ${named} on this machine${target === undefined ? "" : `: it is a link to ${target}, which leads to no file`}`;
    }
    return code === "EACCES" || code === "EPERM"
      ? `${named} may not be read by who runs this: permission denied`
      : `${named} cannot be read: ${message}`;
  }
}

/** A file of this machine is not what it has to be any more. */
export class LocalFileError extends SeapathError {
  constructor(problem: string) {
    super("local-file", `Unable to read the image: ${problem}`);
  }
}

/** The question about a file on this machine. @throws LocalFileError */
export async function localFile(path: string, format?: ImageFormat): Promise<SourceQuestion> {
  const problem = await localFileProblem(path);
  if (problem !== undefined) throw new LocalFileError(problem);
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const read = async (position: number, length: number) => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
      return buffer.subarray(0, bytesRead);
    };
    const first = await read(0, HEAD_BYTES);
    const head = first.subarray(0, 4).toString("latin1") === "KDMV" ? await read(0, VMDK_HEAD_BYTES) : first;
    const tail = await read(Math.max(0, size - TAIL_BYTES), TAIL_BYTES);
    return { ...of("here", path, format), size, head: head.toString("base64"), tail: tail.toString("base64") };
  } finally {
    await file.close();
  }
}

const IMPORT_DEADLINE_MS = 4 * 3600_000;

/**
 * What an image is filled from: a file on the node that was judged, or another image, which may have `@snapshot` behind it.
 * `name` is what errors call the file, where that is not its path.
 */
export type ImportSource = { path: string; driver: string; asked?: ImageFormat; name?: string } | { image: string };

/**
 * Fills an RBD image, which is new and has the size. A file is judged again where it is read.
 * @param onProgress per cent, as qemu-img counts
 */
export async function importImage(
  runner: Runner,
  source: ImportSource,
  image: string,
  onProgress?: (percent: number) => void,
): Promise<void> {
  const options = {
    timeoutMs: IMPORT_DEADLINE_MS,
    label: `qemu-img convert to ${image}`,
    traceAs: "qemu-img",
    onStdout: perCent(onProgress),
  };
  const target = checkedImage(image);
  if ("image" in source) {
    const from = `rbd:rbd/${checkedImage(source.image)}`;
    await runLong(runner, {
      argv: [
        "qemu-img",
        "convert",
        "-p",
        "-W",
        "-n",
        "--target-is-zero",
        "-f",
        "raw",
        "-O",
        "raw",
        from,
        `rbd:rbd/${target}`,
      ],
      ...options,
    });
    return;
  }
  const { path, driver, asked, name } = source;
  const request = {
    path,
    driver,
    image: target,
    ...(asked === undefined ? {} : { format: asked }),
    ...(name === undefined ? {} : { name }),
  };
  await runner.run({ ...programCommand("import_image", request, IMPORT_DEADLINE_MS), ...options });
}

/** Reads the progress as qemu-img prints it. */
function perCent(onProgress?: (percent: number) => void): (chunk: string) => void {
  let last = -1;
  return (chunk) => {
    const match = /\((\d+)(?:\.\d+)?\/100%\)\s*$/.exec(chunk);
    if (match === null || Number(match[1]) === last) return;
    last = Number(match[1]);
    onProgress?.(last);
  };
}

/** A copy of an image that has snapshots as the other one has them. */
export interface SnapshotsCopy {
  from: string;
  /** An image that is new. */
  to: string;
  /** Those that come along, the oldest first; as they are protected there. */
  snapshots: readonly string[];
  /** What the copy is to hold in the end; it comes along where it is one of the others. */
  last: string;
  /** Bytes: made larger in the end where it has less. */
  size: number;
}

/**
 * Fills an RBD image with what another one has at each of its snapshots.
 * @param onProgress per cent of all of it
 * @throws UnsafeName
 */
export async function copyWithSnapshots(
  runner: Runner,
  copy: SnapshotsCopy,
  onProgress?: (percent: number) => void,
): Promise<void> {
  for (const snapshot of [...copy.snapshots, copy.last]) checkedImage(`${copy.from}@${snapshot}`);
  const request = { ...copy, to: checkedImage(copy.to) };
  const options = {
    label: `the copy of ${copy.from} with its snapshots to ${copy.to}`,
    traceAs: "rbd export-diff",
    onStdout: perCent(onProgress),
  };
  await runner.run({ ...programCommand("copy_image", request, IMPORT_DEADLINE_MS), ...options });
}
