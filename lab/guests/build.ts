/** Builds the guests, once for each state of their recipes, and keeps them outside the lab. */
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
  /** A suitable domain XML, without disks. */
  xml: string;
  /** The name of its image on a node. */
  file: string;
  /** Whether it needs keys of the lab that it runs in. */
  seeded: boolean;
}

const source = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** The sources of a guest. A change to any of them triggers a rebuild. */
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
    // Guests of older recipes and leftovers of killed builds are useless.
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

/**
 * Builds them with this same code in the root of the lab's release, because they contain its programs, with this
 * machine's network.
 */
async function buildInRoot(): Promise<void> {
  const build = 'apt-get -q update && exec "$0" "$1"';
  const folders = [guestCache, dirname(sourceDir.replace(/\/$/, "")), process.execPath];
  mkdirSync(guestCache, { recursive: true });
  const words = inRoot(folders, ["bash", "-c", build, process.execPath, source("main.ts")]);
  await run([...apartMounts, ...words]);
}

/** All guests, built if necessary. */
export async function buildGuests(): Promise<Record<string, BuiltGuest>> {
  const names = Object.keys(recipes);
  const lacking = Object.entries(recipes).some(([name, { files }]) => !existsSync(folderOf(name, files)));
  if (lacking && !isOwnRoot) await buildInRoot();
  const built = await Promise.all(names.map(async (name) => [name, await buildGuest(name)] as const));
  return Object.fromEntries(built);
}
