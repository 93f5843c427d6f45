/**
 * Pacemaker's tools from the root of another release, run with that root's loader and libraries: without chroot or root
 * privileges. `mmdebstrap --variant=extract --include=pacemaker,pacemaker-cli-utils trixie FOLDER` creates a root.
 */
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const TOOLS = ["crm_simulate", "crm_verify", "cibadmin", "crm_attribute", "crm_mon", "crm_diff"];

const found = (folder: string, pattern: RegExp): string => {
  const name = readdirSync(folder).find((each) => pattern.test(each));
  if (name === undefined) throw new Error(`${folder} has nothing like ${pattern}`);
  return join(folder, name);
};

/** Writes a program. */
export function program(path: string, lines: readonly string[]): void {
  writeFileSync(path, `#!/bin/sh\n${lines.join("\n")}\n`);
  chmodSync(path, 0o755);
}

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** Creates a folder with a root's tools, to put first in PATH. */
export function toolsOf(root: string, folder: string): string {
  const usr = join(resolve(root), "usr");
  const libraries = found(join(usr, "lib"), /-linux-gnu[a-z0-9]*$/);
  const loader = found(libraries, /^ld-linux.*\.so\.\d+$/);
  mkdirSync(folder, { recursive: true });
  for (const tool of TOOLS) {
    const run = [loader, "--argv0", tool, "--library-path", libraries, join(usr, "sbin", tool)].map(quoted).join(" ");
    program(join(folder, tool), [`PCMK_schema_directory=${quoted(join(usr, "share/pacemaker"))} exec ${run} "$@"`]);
  }
  return folder;
}
