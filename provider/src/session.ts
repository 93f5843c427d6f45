/**
 * The one place where the layers are put together. All kinds of resources of a program are served by one process, so
 * one link, one shared inventory and one queue of writes a cluster stand here, at module level.
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
let isSecret = (_cluster: string | undefined): boolean => false;
/** By the name of the cluster; the one of `seapath:hosts` has none. */
const current = new Map<string | undefined, { key: string; cluster: Cluster }>();

/**
 * Takes the stack's configuration. The engine may call a resource before this returns, so it only keeps it.
 * @param secret whether the hosts of a cluster are kept as a secret, so that no error names them; undefined: as it was said before
 */
export function configure(get: Get, secret = isSecret): void {
  configured = get;
  isSecret = secret;
}

/**
 * A cluster of the configuration. Nothing is connected before something is asked of it.
 * @param name one of `seapath:clusters`; without it the cluster of `seapath:hosts`
 * @throws SettingsError; UnknownCluster when the configuration has none of that name
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
 * Each node of a cluster by itself, as the configuration names them, for what every node has of its own. The caller closes them.
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
 * A cluster of the configuration, for a program's resources. When it is another than the plan was made of that the program
 * was told of, `say` hears of it with the first that is seen of it; once.
 * @throws NotPlanned when the plan's version is none
 */
export function clusterOfProgram(name: string | undefined, say: (text: string) => void): Cluster {
  const get: Get = (key) => configured(`seapath:${key}`);
  // What is said for one run counts more than what the stack keeps.
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
 * Whether a run may stop VMs while those that they are kept apart from do not run.
 * @throws SeapathError when it is neither said nor denied
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
    return inCluster(name, () => readSettings(own.get, own.env));
  }
  if (isSecret(undefined)) conceal(hostWords(get("hosts")));
  try {
    return readSettings(get, process.env);
  } catch (error) {
    const names = clusterNames(get);
    if (names.length === 0 || get("hosts") !== undefined || process.env["SEAPATH_HOSTS"]) throw error;
    throw new Error(
      `The configuration has several clusters and no seapath:hosts: say \`cluster: "${names.join('"` or `cluster: "')}"\` in each resource`,
      { cause: error },
    );
  }
}

/** A list of hosts, and the name or address in each, however it is written: what is wrong with it is not to be told either. */
const hostWords = (text = ""): string[] =>
  text.split(/[\s,"]+/).flatMap((word) => [
    word,
    word
      .replace(/^.*@/, "")
      .replace(/^\[([^\]]*)\]?(:\d*)?$/, "$1")
      .replace(/^([^:]+):\d*$/, "$1"),
  ]);

/** This machine in a cluster's stead: for what looks at a saved CIB alone, with Pacemaker's tools of this machine. */
export const noCluster = (): Cluster => new Cluster(new LocalRunner());

/** Ends the links of this process. */
export function close(): void {
  for (const { cluster } of current.values()) cluster.runner.close();
  current.clear();
}
