// Provides the Pulumi CLI, by the first way that works: the user's own, this project's cache, the official download, a
// build from Go modules. If the Node language host is missing, tools/language-host replaces it.
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, linkSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { binFolder, cacheFolder, root } from "../env.mjs";
import { step, StepError } from "../steps.mjs";
import { buildFromModules } from "./pulumi-build.mjs";
import { download } from "./pulumi-download.mjs";

/** The version to download or build; go.mod in pulumi-cli/ says the same. */
export const VERSION = "v3.259.0";
const OLDEST = [3, 200];
const LANGUAGE_HOST = "pulumi-language-nodejs";

/** @param {string} name @returns {string | undefined} */
function onPath(name) {
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder && folder !== binFolder);
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
}

/** @param {string} program */
function versionOf(program) {
  try {
    const env = { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" };
    return execFileSync(program, ["version"], { encoding: "utf8", env, stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return undefined;
  }
}

/** The user's CLI, if it can run this project: recent enough, and with a language host. */
function usersOwn() {
  const program = onPath("pulumi");
  const version = program && versionOf(program);
  if (!program || !version) return undefined;
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
  const newEnough = major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
  const host = existsSync(join(dirname(program), LANGUAGE_HOST)) || onPath(LANGUAGE_HOST);
  return newEnough && host ? { program, version } : undefined;
}

/**
 * Puts the CLI into the cache, completely or not at all. If two processes do this at once, both get a complete one.
 * @param {string} cached
 * @param {(text: string) => void} say
 * @param {string} log
 */
async function fetchInto(cached, say, log) {
  const folder = `${cached}.${process.pid}`;
  mkdirSync(folder, { recursive: true });
  try {
    say(`downloads ${VERSION} from get.pulumi.com`);
    const refused = await download(VERSION, folder, log).then(
      () => undefined,
      (error) => /** @type {Error} */ (error),
    );
    if (refused) {
      say(`no download (${refused.message}); builds ${VERSION} from Go modules: four minutes on two cores, once`);
      await buildFromModules(VERSION, join(folder, "pulumi"), log, refused.message);
    }
    if (!existsSync(cached)) renameSync(folder, cached);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Puts the CLI and its plugins side by side in this checkout. The CLI looks for plugins beside its real file, so use a
 * hard link: a symbolic link would lead to the cache, which belongs to no checkout.
 * @param {string} cached
 */
function assemble(cached) {
  mkdirSync(binFolder, { recursive: true });
  const names = existsSync(join(cached, LANGUAGE_HOST)) ? ["pulumi", LANGUAGE_HOST] : ["pulumi"];
  for (const name of names) place(join(cached, name), join(binFolder, name));
  if (names.length === 1) {
    const host = join(root, "tools/language-host/main.mjs");
    writeFileSync(join(binFolder, LANGUAGE_HOST), `#!/bin/sh\nexec node '${host}' "$@"\n`, { mode: 0o755 });
  }
  const dynamic = "pulumi-resource-pulumi-nodejs";
  place(join(root, "node_modules/@pulumi/pulumi", dynamic), join(binFolder, dynamic));
}

/** @param {string} from @param {string} to */
function place(from, to) {
  const [wanted, present] = [from, to].map((file) => statSync(file, { throwIfNoEntry: false }));
  if (present && (present.ino === wanted?.ino || (present.size === wanted?.size && present.mtimeMs >= wanted.mtimeMs)))
    return;
  rmSync(to, { force: true });
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to); // on another file system
  }
}

/** Provides the CLI itself. It needs no npm packages, so it can start at once. */
export function pulumiCli(quiet = false) {
  return step(
    "Pulumi",
    async ({ say, done, log }) => {
      const own = usersOwn();
      if (own) {
        done(`${own.program}, ${own.version}`);
        return undefined;
      }
      const cached = join(cacheFolder, `pulumi-${VERSION}`);
      if (!existsSync(join(cached, "pulumi"))) {
        rmSync(cached, { recursive: true, force: true });
        await fetchInto(cached, say, log);
      }
      if (versionOf(join(cached, "pulumi")) !== VERSION) {
        throw new StepError(`${cached}/pulumi does not run`, `remove ${cached} and start again`);
      }
      done(`${VERSION}, in ${cached}`);
      return cached;
    },
    quiet,
  );
}

/**
 * Sets up the CLI for this checkout; needs npm's packages.
 * @param {string | undefined} cached the result of pulumiCli()
 */
export function pulumiForCheckout(cached) {
  if (cached) assemble(cached);
  else rmSync(binFolder, { recursive: true, force: true });
}
