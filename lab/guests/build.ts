/** The guests: built once for each state of their recipes, and kept outside of the lab. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { guestCache, sourceDir } from "../config.ts";
import { apartMounts, inRoot, isOwnRoot } from "../root.ts";
import { run } from "../run.ts";
import { buildRemote } from "./remote.ts";
import { buildTick } from "./tick.ts";
import { buildTiny } from "./tiny.ts";

export interface BuiltGuest {
  raw: string;
  qcow2: string;
  /** A domain XML that suits it, without disks. */
  xml: string;
  /** The name of its image on a node. */
  file: string;
  /** It needs keys of the lab that it runs in. */
  seeded: boolean;
}

const source = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** What a guest is made of; all of it counts for whether a built one is still right. */
const recipes: Record<
  string,
  { files: string[]; seeded?: boolean; build: (work: string, raw: string) => Promise<void> }
> = {
  tick: { files: ["tick.S", "tick.ts"], build: (work, raw) => buildTick(source("tick.S"), work, raw) },
  tiny: {
    files: ["tiny-init", "tiny.ts", "initramfs.ts", "debs.ts"],
    build: (work, raw) => buildTiny(source("tiny-init"), work, raw),
  },
  remote: {
    files: ["remote-init", "remote-boot", "remote.ts", "remote-layout.ts", "remote-root.ts", "initramfs.ts", "debs.ts"],
    seeded: true,
    build: (work, raw) => buildRemote(source("remote-init"), source("remote-boot"), work, raw),
  },
};

function hashOf(files: string[]): string {
  const hash = createHash("sha256");
  for (const file of files) hash.update(readFileSync(source(file)));
  return hash.digest("hex").slice(0, 12);
}

const folderOf = (name: string, files: string[]): string => join(guestCache, `${name}-${hashOf(files)}`);

async function buildGuest(name: string): Promise<BuiltGuest> {
  const recipe = recipes[name];
  if (recipe === undefined) throw new Error(`no guest ${name}`);
  const folder = folderOf(name, recipe.files);
  if (!existsSync(folder)) {
    mkdirSync(guestCache, { recursive: true });
    const work = mkdtempSync(join(guestCache, `.${name}-`));
    try {
      const made = join(work, "made");
      mkdirSync(made);
      await recipe.build(work, join(made, `${name}.raw`));
      await run([
        "qemu-img",
        "convert",
        "-f",
        "raw",
        "-O",
        "qcow2",
        join(made, `${name}.raw`),
        join(made, `${name}.qcow2`),
      ]);
      renameSync(made, folder);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
    // Those of older recipes, and of builds that were killed, are of no more use.
    for (const other of readdirSync(guestCache)) {
      const stale = other.startsWith(`${name}-`) || other.startsWith(`.${name}-`);
      if (stale && join(guestCache, other) !== folder)
        rmSync(join(guestCache, other), { recursive: true, force: true });
    }
  }
  const image = (format: string): string => join(folder, `${name}.${format}`);
  return {
    raw: image("raw"),
    qcow2: image("qcow2"),
    xml: source(`${name}.xml`),
    file: `${name}.qcow2`,
    seeded: recipe.seeded ?? false,
  };
}

/** Builds them by this same code in the root of the lab's release, of whose programs they have some, with this machine's network. */
async function buildInRoot(): Promise<void> {
  const build = 'apt-get -q update && exec "$0" "$1"';
  const folders = [guestCache, dirname(sourceDir.replace(/\/$/, "")), process.execPath];
  mkdirSync(guestCache, { recursive: true });
  const words = inRoot(folders, ["bash", "-c", build, process.execPath, source("main.ts")]);
  await run([...apartMounts, ...words]);
}

/** All guests, built where they are not yet. */
export async function buildGuests(): Promise<Record<string, BuiltGuest>> {
  const names = Object.keys(recipes);
  const lacking = Object.entries(recipes).some(([name, { files }]) => !existsSync(folderOf(name, files)));
  if (lacking && !isOwnRoot) await buildInRoot();
  const built = await Promise.all(names.map(async (name) => [name, await buildGuest(name)] as const));
  return Object.fromEntries(built);
}
