/** Files that only their owner can read. */
import { randomUUID } from "node:crypto";
import { realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";

/**
 * Writes a file that only its owner may read. Replaces an existing file as a whole, so that a program that has it open
 * does not see the new content and its old mode does not persist. Writes directly to a device or pipe.
 */
export function writePrivate(path: string, text: string): void {
  const there = statSync(path, { throwIfNoEntry: false });
  if (there !== undefined && !there.isFile()) return writeFileSync(path, text);
  // Keep a link a link.
  const target = there === undefined ? path : realpathSync(path);
  const fresh = `${target}.${randomUUID()}`;
  try {
    writeFileSync(fresh, text, { mode: 0o600, flag: "wx" });
    renameSync(fresh, target);
  } finally {
    rmSync(fresh, { force: true });
  }
}
