/** The program that stands on a node in front of a key for previews: made here, because it knows programs by their text. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { programSource } from "./program";

const FOLDER = join(__dirname, "..", "..");

/** What a preview, a plan and the policies run. What else it may be asked for, the guard looks at by itself (`CHECKS` there). */
const PROGRAMS = ["inventory", "simulate", "capacity", "devices", "validate", "lacking"] as const;

export interface PreviewGuardOptions {
  /** Folders of the node with image files, whose format and size a preview may look at. */
  imageFolders: readonly string[];
}

/**
 * The text of the guard of this release.
 *
 * It is a Python program that is the forced command of a key (`command="…"` in `authorized_keys`), and does itself what sudo's
 * rules cannot: it tells programs apart that all come to the same `python3` on standard input.
 */
export function previewGuard({ imageFolders }: PreviewGuardOptions): string {
  const hashes = PROGRAMS.map(
    (name) => [createHash("sha256").update(programSource(name)).digest("hex"), name] as const,
  );
  const { version } = JSON.parse(readFileSync(join(FOLDER, "package.json"), "utf8")) as { version: string };
  // JSON of texts alone is Python as well.
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
