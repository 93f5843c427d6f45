// Where this checkout keeps its own files, and the environment in which Pulumi runs here: never the user's own Pulumi
// home, backend or passphrase.
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheOf, isApart, labFolder, named, releaseOf } from "../lab/release.mjs";

/** The root of the checkout. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Everything written at run time other than npm's files; ignored by git. */
export const stateFolder = join(root, ".pulumi-state");
export const logFolder = join(stateFolder, "logs");

/** The Pulumi CLI and its plugins, unless the user's own are used. */
export const binFolder = join(stateFolder, "bin");

/** This checkout's npm programs; node 22 is among them. */
export const npmBin = join(root, "node_modules", ".bin");

/** Things that take minutes to get and are the same for every checkout. */
export const cacheFolder = cacheOf(process.env, homedir());

/** The file where the selected lab says how to reach its nodes. */
export const labEnvironmentFile = () => join(labFolder(releaseOf(process.env), process.env), "env");

/** True if the user named a cluster; then no lab is created. */
export const ownCluster = Boolean(process.env.SEAPATH_HOSTS);

/**
 * `SEAPATH_*` as the lab wrote them; empty if there is no lab, or the user named a cluster.
 * @returns {Record<string, string>}
 */
export function labEnvironment() {
  const file = labEnvironmentFile();
  if (ownCluster || !existsSync(file)) return {};
  /** @type {Record<string, string>} */
  const found = {};
  for (const line of readFileSync(file, "utf8").split("\n")) {
    const match = /^\s*(?:export\s+)?([A-Z_]+)=(.*?)\s*$/.exec(line);
    if (match?.[1]) found[match[1]] = (match[2] ?? "").replace(/^(["'])(.*)\1$/, "$2");
  }
  return found;
}

/**
 * The command that runs a program where the selected lab's addresses are reachable: the lab may have a network of its
 * own.
 * @param {string} node
 * @param {string[]} argv
 * @returns {string[]}
 */
export function withinLab(node, argv) {
  const apart = !ownCluster && isApart(releaseOf(process.env)) && existsSync(labEnvironmentFile());
  return apart ? [node, join(root, "lab/cli.ts"), "within", ...argv] : argv;
}

/** PATH with this checkout's programs first.
 * @returns {string} */
export function searchPath() {
  const own = [binFolder, npmBin];
  const rest = (process.env.PATH ?? "").split(delimiter).filter((folder) => !own.includes(folder));
  return [...own.filter(existsSync), ...rest].join(delimiter);
}

/** The whole environment for the Pulumi CLI, its programs and the tests.
 * @returns {Record<string, string>} */
export function pulumiEnvironment() {
  const home = join(stateFolder, "home");
  // A stack belongs to one lab.
  const backend = join(stateFolder, named("backend", releaseOf(process.env)));
  mkdirSync(home, { recursive: true });
  mkdirSync(backend, { recursive: true });
  const inherited = /** @type {Record<string, string>} */ (
    Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== undefined))
  );
  return {
    ...inherited,
    ...labEnvironment(),
    PATH: searchPath(),
    PULUMI_HOME: home,
    PULUMI_BACKEND_URL: `file://${backend}`,
    PULUMI_CONFIG_PASSPHRASE: process.env.PULUMI_CONFIG_PASSPHRASE ?? "seapath-demo",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    // Keep compiled JavaScript, which makes each start of Pulumi about 10% faster.
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(stateFolder, "node-cache"),
    // `npm run types` checks the programs; checking them again at every start would cost seconds.
    PULUMI_NODEJS_TRANSPILE_ONLY: process.env.PULUMI_NODEJS_TRANSPILE_ONLY ?? "true",
  };
}
