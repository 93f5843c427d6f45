/**
 * Puts the layers together. One process serves all resources of a program, so each cluster has one link, one shared
 * inventory and one write queue here, at module level.
 */
import { Cluster } from "./cluster";
import { conceal, SeapathError } from "./errors";
import { changedSince, parsePlanned } from "./vmmgr";
import {
  clusterNames,
  createRunner,
  inCluster,
  LocalRunner,
  readSettings,
  settingsOfCluster,
  traced,
  type ConnectionSettings,
  type Runner,
} from "./transport";

type Get = (key: string) => string | undefined;

let configured: Get = () => undefined;
/** Where relative paths of the configuration start. */
let folder: string | undefined;
let isSecret = (_cluster: string | undefined): boolean => false;
/** By cluster name; undefined is the cluster of `seapath:hosts`. */
const current = new Map<string | undefined, { key: string; cluster: Cluster }>();

/**
 * Takes the stack's configuration. The engine may call a resource before this returns, so it only stores it.
 * @param secret whether a cluster's hosts are secret, so that no error names them; undefined keeps the earlier value
 * @param inFolder where relative paths start; undefined keeps the earlier value, which is the folder of the process
 */
export function configure(get: Get, secret = isSecret, inFolder = folder): void {
  configured = get;
  isSecret = secret;
  folder = inFolder;
}

/**
 * A cluster of the configuration. It connects on first use.
 * @param name one of `seapath:clusters`; without it the cluster of `seapath:hosts`
 * @throws SettingsError; UnknownCluster if the configuration has no cluster of that name
 */
export function currentCluster(name?: string): Cluster {
  const settings = settingsOf(name);
  const key = JSON.stringify([
    settings.hosts,
    settings.connectTimeoutMs,
    settings.maxChannels,
    settings.sudo,
    settings.nodeFolder,
  ]);
  const known = current.get(name);
  if (known?.key === key) return known.cluster;
  known?.cluster.runner.close();
  const cluster = new Cluster(traced(createRunner(settings), process.env));
  current.set(name, { key, cluster });
  return cluster;
}

/**
 * A runner for each single node of a cluster, as the configuration names them, for state that each node keeps itself.
 * The caller closes them.
 * @throws as `currentCluster`
 */
export function nodesOf(name?: string): { node: string; runner: Runner }[] {
  const settings = settingsOf(name);
  return settings.hosts.map((host) => ({
    node: host.address,
    runner: traced(createRunner({ ...settings, hosts: [host] }), process.env),
  }));
}

const watched = new WeakSet<Cluster>();

/**
 * A cluster of the configuration, for a program's resources. If the cluster has changed since the plan that the run was
 * given, `say` reports it once, with the first inventory.
 * @throws NotPlanned if the plan's version is invalid
 */
export function clusterOfProgram(name: string | undefined, say: (text: string) => void): Cluster {
  const get: Get = (key) => configured(`seapath:${key}`);
  // The setting of one run overrides that of the stack.
  const text = process.env["SEAPATH_PLANNED"] || get("planned");
  const planned = text ? parsePlanned(text, clusterNames(get)).get(name) : undefined;
  const cluster = currentCluster(name);
  if (planned !== undefined && !watched.has(cluster)) {
    watched.add(cluster);
    cluster.onFirstInventory(({ cib }) => {
      const changed = changedSince(cib, planned, name);
      if (changed !== undefined) say(changed);
    });
  }
  return cluster;
}

/**
 * Whether a run may stop VMs while the VMs they must stay apart from are not running.
 * @throws SeapathError if the setting is neither "refused" nor "allowed"
 */
export function outageAllowed(): boolean {
  const [source, text] = process.env["SEAPATH_OUTAGE"]
    ? ["SEAPATH_OUTAGE", process.env["SEAPATH_OUTAGE"]]
    : ["seapath:outage", configured("seapath:outage")];
  if (text !== undefined && text !== "" && text !== "refused" && text !== "allowed") {
    throw new SeapathError("settings", `${source} must be "refused" or "allowed", and is ${JSON.stringify(text)}`);
  }
  return text === "allowed";
}

function settingsOf(name: string | undefined): ConnectionSettings {
  const get: Get = (key) => configured(`seapath:${key}`);
  if (name !== undefined) {
    const own = settingsOfCluster(name, get, process.env);
    if (isSecret(name)) conceal(hostWords(own.get("hosts")));
    return inCluster(name, () => readSettings(own.get, own.env, folder));
  }
  if (isSecret(undefined)) conceal(hostWords(get("hosts")));
  try {
    return readSettings(get, process.env, folder);
  } catch (error) {
    const names = clusterNames(get);
    if (names.length === 0 || get("hosts") !== undefined || process.env["SEAPATH_HOSTS"]) throw error;
    throw new Error(
      `The configuration has several clusters and no seapath:hosts: say \`cluster: "${names.join('"` or `cluster: "')}"\` in each resource`,
      { cause: error },
    );
  }
}

/**
 * A list of hosts, plus the bare name or address in each, however it is written: an invalid entry must not leak either.
 */
const hostWords = (text = ""): string[] =>
  text.split(/[\s,"]+/).flatMap((word) => [
    word,
    word
      .replace(/^.*@/, "")
      .replace(/^\[([^\]]*)\]?(:\d*)?$/, "$1")
      .replace(/^([^:]+):\d*$/, "$1"),
  ]);

/** This machine in place of a cluster: for work on a saved CIB alone, with the local Pacemaker tools. */
export const noCluster = (): Cluster => new Cluster(new LocalRunner());

/** Closes the links of this process. */
export function close(): void {
  for (const { cluster } of current.values()) cluster.runner.close();
  current.clear();
}
