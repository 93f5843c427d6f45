/** Image files on their way to a node: named by what is in them, so that none is sent twice. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { Runner } from "../transport/types";
import { ParseError } from "./errors";
import { runLong } from "./program";

/** Where uploads lie on a node. They are a cache: whoever needs the room may remove them. */
export const UPLOADS = "/var/lib/pulumi-seapath/uploads";

/** Makes the folder, and takes away the halves of files that runs have left which were killed more than a day ago. */
const PREPARE = `mkdir -p -- "$1" && find "$1" -maxdepth 1 -name "*.part" -mmin +1440 -delete`;

const hashes = new Map<string, Promise<string>>();

/** The SHA-256 of a local file; counted once for each version of the file that this process meets. */
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

/** The SHA-256 of a file on the node, or undefined where there is none. */
export async function remoteHash(runner: Runner, path: string): Promise<string | undefined> {
  const result = await runLong(runner, {
    argv: ["sha256sum", "--", path],
    okExitCodes: [0, 1],
    readOnly: true,
    timeoutMs: 30 * 60_000,
  });
  if (result.exitCode === 1) {
    if (/No such file or directory/.test(result.stderr)) return undefined;
    throw new ParseError("sha256sum", result.stderr.trim(), result.stderr);
  }
  return /^\\?([0-9a-f]{64}) /.exec(result.stdout)?.[1];
}

/**
 * Sees to it that a local file is on the node, whole: sent unless a file of that hash is there, and verified.
 * @returns its path on the node
 */
export async function ensureUploaded(
  runner: Runner,
  path: string,
  onProgress?: (percent: number) => void,
): Promise<string> {
  const hash = await localHash(path);
  const target = `${UPLOADS}/${hash}`;
  if ((await remoteHash(runner, target)) === hash) return target;
  await runner.run({ argv: ["sh", "-c", PREPARE, "sh", UPLOADS], label: `to prepare ${UPLOADS}` });
  await runner.upload(path, target, ({ sent, total }) => onProgress?.(Math.floor((sent / Math.max(total, 1)) * 100)));
  const arrived = await remoteHash(runner, target);
  if (arrived !== hash) {
    await runner.run({ argv: ["rm", "-f", "--", target] });
    throw new ParseError("SFTP", `${path} arrived with another hash (${arrived ?? "not at all"}, expected ${hash})`, "");
  }
  return target;
}
