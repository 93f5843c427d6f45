/**
 * The program on a node that guards a key for previews. It is generated here because it recognizes programs by their
 * text.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { programSource } from "./program";

const FOLDER = join(__dirname, "..", "..");

/** The programs of a preview, a plan and the policies. The guard checks all other requests itself (`CHECKS` there). */
const PROGRAMS = ["inventory", "simulate", "capacity", "devices", "validate", "lacking"] as const;

export interface PreviewGuardOptions {
  /** Folders of the node with image files whose format and size a preview may read. */
  imageFolders: readonly string[];
}

/**
 * The text of this release's guard.
 *
 * It is a Python program and the forced command of a key (`command="…"` in `authorized_keys`). It does what sudo's
 * rules cannot: it tells programs apart that all run as the same `python3` on standard input.
 */
export function previewGuard({ imageFolders }: PreviewGuardOptions): string {
  const hashes = PROGRAMS.map(
    (name) => [createHash("sha256").update(programSource(name)).digest("hex"), name] as const,
  );
  const { version } = JSON.parse(readFileSync(join(FOLDER, "package.json"), "utf8")) as { version: string };
  // JSON that contains only strings is valid Python.
  const values = {
    RELEASE: JSON.stringify(version),
    PROGRAMS: `{\n${hashes.map(([hash, name]) => `    "${hash}": "${name}",\n`).join("")}}`,
    IMAGE_FOLDERS: JSON.stringify(imageFolders),
  };
  const text = readFileSync(join(FOLDER, "guard", "seapath_preview.py"), "utf8");
  return Object.entries(values).reduce(
    (made, [name, value]) => made.replace(new RegExp(`^${name} = .*$`, "m"), () => `${name} = ${value}`),
    text,
  );
}
