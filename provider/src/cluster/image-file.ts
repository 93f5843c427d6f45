/** Image files as sources of disks. One program on a node judges both its own files and those of this machine. */
import { access, constants, open, readlink, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { z } from "zod";
import { SeapathError } from "../errors";
import { checkedImage } from "./place";
import { programCommand, runLong } from "./program";
import type { Runner } from "../transport/types";

/** The accepted formats of image files. */
export const IMAGE_FORMATS = ["raw", "qcow2", "vmdk", "vdi", "vhd", "vhdx"] as const;
export type ImageFormat = (typeof IMAGE_FORMATS)[number];

/** A file to identify. */
export interface SourceQuestion {
  key: string;
  path: string;
  /** As the user declared it; absent: raw or qcow2. */
  format?: ImageFormat;
  /** For a local file: its size in bytes, and its beginning and end in base64. */
  size?: number;
  head?: string;
  tail?: string;
}

export const sourceSchema = z.union([
  z.object({ key: z.string(), path: z.string(), missing: z.literal(true) }),
  /** `unsaid`: the format that the user must declare, if that is the only problem. */
  z.object({ key: z.string(), path: z.string(), error: z.string(), unsaid: z.enum(IMAGE_FORMATS).optional() }),
  z.object({
    key: z.string(),
    path: z.string(),
    format: z.enum(IMAGE_FORMATS),
    /** QEMU's name of the format. */
    driver: z.string(),
    /** The disk's size in bytes; null if that is only known once the file is on a node. */
    virtualSize: z.number().nullable(),
  }),
]);

/** An image file: its properties, or the reason for rejecting it. */
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
/** The key of the question about a local file. */
export const localFileKey = (path: string, format?: ImageFormat): string => key("here", path, format);

const HEAD_BYTES = 4096;
/** In a VMDK, the description follows the header. */
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

/** Why a local file is unreadable, as a clause that names it; undefined if it is readable. */
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
      const target = await readlink(path).catch(() => undefined); // most files are not links
      return `could not find file ${named} on this machine${target === undefined ? "" : `: it is a link to ${target}, which leads to no file`}`;
    }
    return code === "EACCES" || code === "EPERM"
      ? `${named} may not be read by who runs this: permission denied`
      : `${named} cannot be read: ${message}`;
  }
}

/** A local file no longer has the required properties. */
export class LocalFileError extends SeapathError {
  constructor(problem: string) {
    super("local-file", `Unable to read the image: ${problem}`);
  }
}

/** The question about a local file. @throws LocalFileError */
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
 * The source of an image: a file on the node that was judged, or another image, optionally with `@snapshot`. Errors
 * call the file `name` instead of its path.
 */
export type ImportSource = { path: string; driver: string; asked?: ImageFormat; name?: string } | { image: string };

/**
 * Fills a new RBD image of the right size. A file is judged again where it is read.
 * @param onProgress per cent, as reported by qemu-img
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

/** Parses qemu-img's progress output. */
function perCent(onProgress?: (percent: number) => void): (chunk: string) => void {
  let last = -1;
  return (chunk) => {
    const match = /\((\d+)(?:\.\d+)?\/100%\)\s*$/.exec(chunk);
    if (match === null || Number(match[1]) === last) return;
    last = Number(match[1]);
    onProgress?.(last);
  };
}

/** A copy of an image including its snapshots. */
export interface SnapshotsCopy {
  from: string;
  /** A new image. */
  to: string;
  /** The snapshots to copy, oldest first, protected as in the original. */
  snapshots: readonly string[];
  /** The snapshot with the content that the copy ends up with; copied as a snapshot only if it is one of the others. */
  last: string;
  /** Bytes: a smaller copy is enlarged at the end. */
  size: number;
}

/**
 * Fills an RBD image with the content of another one at each of its snapshots.
 * @param onProgress per cent of the total
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
