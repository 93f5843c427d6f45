/** Files out of Debian's packages that are fetched and unpacked, never installed. */
import { existsSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";

import { LabError } from "../config.ts";
import { run } from "../run.ts";

/** Fetches packages into a folder and unpacks all of them into its folder `root`, whose path it gives. */
export async function unpack(folder: string, packages: readonly string[]): Promise<string> {
  const debs = join(folder, "debs");
  const root = join(folder, "root");
  for (const path of [debs, root]) mkdirSync(path, { recursive: true });
  // apt drops to a user of its own for downloads, who may not write here.
  await run(["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", ...packages], { cwd: debs });
  for (const deb of readdirSync(debs)) await run(["dpkg-deb", "-x", join(debs, deb), root]);
  // From Debian 13 on packages have all of their files below /usr, and an installed system has links.
  for (const name of ["bin", "sbin", "lib"].filter(
    (each) => !existsSync(join(root, each)) && existsSync(join(root, "usr", each)),
  )) {
    symlinkSync(`usr/${name}`, join(root, name));
  }
  return root;
}

/** The package of Debian's present kernel for virtual machines, which a meta-package names. */
export async function cloudKernel(): Promise<string> {
  const { stdout } = await run(["apt-cache", "depends", "linux-image-cloud-amd64"]);
  const name = /Depends: (linux-image-[0-9]\S*)/.exec(stdout)?.[1];
  if (name === undefined) throw new LabError('apt knows no linux-image-cloud-amd64: "apt-get update" first');
  return name;
}
