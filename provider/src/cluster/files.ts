/** Image files on their way to a node, named by a hash of their content, so that none is sent twice. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, posix } from "node:path";
import { z } from "zod";
import { SeapathError } from "../errors";
import { UploadError } from "../transport/errors";
import { ownFolder, type Runner } from "../transport/types";
import { readAs } from "./answers";
import { ParseError } from "./errors";
import { LocalFileError, localFileProblem } from "./image-file";
import { runProgram } from "./program";

/** The folder of uploads on a node. They are a cache: anyone who needs the space may remove them. */
const uploadsOf = (runner: Runner): string => ownFolder(runner, "uploads");

/** The limit on their total size in bytes: to make room for a new file, the least recently used ones go. */
export const UPLOADS_BOUND = 20 * 1024 ** 3;

const hashes = new Map<string, Promise<string>>();

/** The SHA-256 of a local file, computed once for each version of the file that this process sees. */
export async function localHash(path: string): Promise<string> {
  const facts = await stat(path);
  const key = `${path}\0${facts.size}\0${facts.mtimeMs}`;
  let hash = hashes.get(key);
  if (hash === undefined) {
    hash = (async () => {
      const sum = createHash("sha256");
      for await (const chunk of createReadStream(path)) sum.update(chunk as Buffer);
      return sum.digest("hex");
    })();
    hashes.set(key, hash);
  }
  return hash;
}

/** A file that was uploaded to a node. */
export interface UploadedFile {
  /** SHA-256, which is its name there. */
  hash: string;
  /** Its name on the machine that last sent it; empty if unrecorded. */
  origin: string;
  /** Its size, and the bytes it occupies on disk: fewer if it is sparse. */
  size: number;
  bytes: number;
  /** When a create last asked for it, in seconds since 1970, UTC. */
  used: number;
  /** That was less than an hour ago, so it may still be needed and is not removed. */
  inUse: boolean;
}

const uploadedSchema = z.array(
  z.object({
    hash: z.string(),
    origin: z.string(),
    size: z.number(),
    bytes: z.number(),
    used: z.number(),
    inUse: z.boolean(),
  }),
);

const HASH_MS = 30 * 60_000;

const uploads = (
  runner: Runner,
  request: { action: string } & Record<string, unknown>,
  options: { readOnly?: boolean; timeoutMs?: number } = {},
) => runProgram(runner, "uploads", { folder: uploadsOf(runner), ...request }, options);

/**
 * Marks a file as used and computes its SHA-256 on the node; undefined if it is not there. The mark may be set twice,
 * and on another node.
 */
async function useUploaded(runner: Runner, hash: string, path: string): Promise<string | undefined> {
  const found = await uploads(
    runner,
    { action: "use", name: hash, origin: basename(path) },
    { readOnly: true, timeoutMs: HASH_MS },
  );
  return readAs(z.string().nullable(), found, "the uploads program") ?? undefined;
}

/** The files uploaded to a node, least recently used first. */
export async function listUploads(runner: Runner): Promise<UploadedFile[]> {
  return readAs(uploadedSchema, await uploads(runner, { action: "list" }, { readOnly: true }), "the uploads program");
}

/** Removes all files that are not in use. */
export async function removeUploads(runner: Runner): Promise<{ removed: UploadedFile[]; kept: UploadedFile[] }> {
  return readAs(
    z.object({ removed: uploadedSchema, kept: uploadedSchema }),
    await uploads(runner, { action: "empty" }),
    "the uploads program",
  );
}

/** A local file could not be sent. */
export class SendFailed extends SeapathError {
  constructor(path: string, cause: UploadError) {
    const { node, remotePath, reason } = cause;
    super("upload", `Unable to send ${path} to ${node}, as ${remotePath}: ${reason}`, { cause, ...hintOf(cause) });
  }
}

function hintOf({ reason, remotePath, hint }: UploadError): { hint?: string } {
  if (reason.startsWith("No space left")) {
    return {
      hint: "Make room there, or have seapath:nodeFolder name a folder that has it; `npx seapath uploads` shows the images that were sent, and with `--remove` removes them.",
    };
  }
  if (/permission denied/i.test(reason)) {
    return {
      hint: `The user that logs in has to be able to enter each folder of that path; \`namei -l ${posix.dirname(remotePath)}\` there shows which it cannot. seapath:nodeFolder names another place.`,
    };
  }
  return hint === undefined ? {} : { hint };
}

/**
 * Ensures that a complete, verified copy of a local file is on the node, and sends it unless a file with that hash is
 * there. Others make room for it, within the limit and the disk's space.
 * @returns its path on the node
 * @throws LocalFileError, SendFailed
 */
export async function ensureUploaded(
  runner: Runner,
  path: string,
  onProgress?: (percent: number) => void,
): Promise<string> {
  const problem = await localFileProblem(path);
  if (problem !== undefined) throw new LocalFileError(problem);
  const hash = await localHash(path);
  const target = `${uploadsOf(runner)}/${hash}`;
  if ((await useUploaded(runner, hash, path)) === hash) return target;
  const { size, blocks } = await stat(path);
  // A sparse file stays sparse.
  await uploads(runner, { action: "makeRoom", bytes: Math.min(size, blocks * 512), bound: UPLOADS_BOUND });
  try {
    await runner.upload(path, target, ({ sent, total }) => onProgress?.(Math.floor((sent / Math.max(total, 1)) * 100)));
  } catch (error) {
    throw error instanceof UploadError ? new SendFailed(path, error) : error;
  }
  const arrived = await useUploaded(runner, hash, path);
  if (arrived !== hash) {
    await runner.run({ argv: ["rm", "-f", "--", target] });
    throw new ParseError(
      "SFTP",
      `${path} arrived with another hash (${arrived ?? "not at all"}, expected ${hash})`,
      "",
    );
  }
  return target;
}
