// Where this checkout keeps what is its own, and the environment in which Pulumi runs here: never the user's own
// Pulumi home, backend or passphrase.
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheOf, isApart, labFolder, named, releaseOf } from "../lab/release.mjs";

/** The root of the checkout. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Everything that is written at run time and is not npm's; git does not see it. */
export const stateFolder = join(root, ".pulumi-state");
export const logFolder = join(stateFolder, "logs");

/** The Pulumi CLI and its plugins, when they are not the user's own. */
export const binFolder = join(stateFolder, "bin");

/** npm's programs of this checkout: node 22 is among them. */
export const npmBin = join(root, "node_modules", ".bin");

/** What takes minutes to get and is the same for each checkout. */
export const cacheFolder = cacheOf(process.env, homedir());

/** What the lab that is meant writes for those who want to reach its nodes. */
export const labEnvironmentFile = () => join(labFolder(releaseOf(process.env), process.env), "env");

/** True when the user named a cluster: then no lab is made. */
export const ownCluster = Boolean(process.env.SEAPATH_HOSTS);

/** `SEAPATH_*` as the lab wrote them; nothing when there is no lab, or the user named a cluster.
 * @returns {Record<string, string>} */
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

/** The words that run a program where the addresses of the lab that is meant are: the lab may have a network of its own.
 * @param {string} node @param {string[]} argv @returns {string[]} */
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
  // A stack is about the VMs of one lab.
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
    // Compiled JavaScript is kept, which makes each start of Pulumi about a tenth shorter.
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(stateFolder, "node-cache"),
    // `npm run types` checks the programs; checking them again at every start would cost seconds each time.
    PULUMI_NODEJS_TRANSPILE_ONLY: process.env.PULUMI_NODEJS_TRANSPILE_ONLY ?? "true",
  };
}
