/** Files that nobody else reads. */
import { randomUUID } from "node:crypto";
import { realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";

/**
 * Writes a file that its owner alone may read. One that is there is replaced as a whole: whoever has it open does not see what is
 * new, and its mode does not stay. A device or a pipe is written to.
 */
export function writePrivate(path: string, text: string): void {
  const there = statSync(path, { throwIfNoEntry: false });
  if (there !== undefined && !there.isFile()) return writeFileSync(path, text);
  // A link stays one.
  const target = there === undefined ? path : realpathSync(path);
  const fresh = `${target}.${randomUUID()}`;
  try {
    writeFileSync(fresh, text, { mode: 0o600, flag: "wx" });
    renameSync(fresh, target);
  } finally {
    rmSync(fresh, { force: true });
  }
}
