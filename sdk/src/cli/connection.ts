/** Selects the cluster: command-line options first, then the stack's configuration, then the environment. */
import { configureFrom } from "pulumi-seapath-provider";
import { UsageError, type Given, type OptionSpec } from "./grammar";
import { readStack, UnreadableStack, type StackConfig } from "./stack";

/** Options of every verb. */
export const SHARED: readonly OptionSpec[] = [
  { name: "verbose", short: "v", takes: "flag", help: "say all that led to an error" },
  {
    name: "cluster",
    takes: "text",
    placeholder: "NAME",
    ours: true,
    help: "one of the clusters of the stack's seapath:clusters, or of SEAPATH_CLUSTERS, a JSON object of objects of settings",
  },
  {
    name: "stack",
    takes: "text",
    ours: true,
    help: "in a Pulumi project: the stack whose seapath: configuration counts; without it the selected one's",
  },
  {
    name: "hosts",
    takes: "text",
    placeholder: "HOST,…",
    ours: true,
    help: "the nodes, in the order in which they are tried (SEAPATH_HOSTS)",
  },
  { name: "user", takes: "text", ours: true, help: "whom to log in as (SEAPATH_USER)" },
  { name: "port", takes: "int", ours: true, help: "of sshd (SEAPATH_PORT)" },
  {
    name: "private-key-file",
    takes: "file",
    placeholder: "FILE",
    ours: true,
    help: "the SSH key (SEAPATH_PRIVATE_KEY_FILE)",
  },
  {
    name: "known-hosts-file",
    takes: "file",
    placeholder: "FILE",
    ours: true,
    help: "the known host keys (SEAPATH_KNOWN_HOSTS_FILE)",
  },
  {
    name: "ssh-config-file",
    takes: "file",
    placeholder: "FILE",
    ours: true,
    help: "in place of ~/.ssh/config (SEAPATH_SSH_CONFIG_FILE)",
  },
  { name: "jump", takes: "text", placeholder: "HOST,…", ours: true, help: "the jump hosts (SEAPATH_JUMP)" },
  { name: "sudo", takes: "flag", ours: true, help: "run everything through sudo -n (SEAPATH_SUDO=true)" },
  {
    name: "connect-timeout",
    takes: "text",
    placeholder: "SECONDS",
    ours: true,
    help: "until one node is logged in to (SEAPATH_CONNECT_TIMEOUT)",
  },
];

/** The configuration key of an option: `private-key-file` is `privateKeyFile`. */
const keyOf = (option: string) => option.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

/** The selected cluster, and the configuration keys for reaching it. */
export interface Connection {
  /** A name in `clusters`. */
  cluster?: string;
  settings: ReadonlyMap<string, string>;
}

/** Options that are not configuration keys. */
const NO_KEY = ["verbose", "cluster", "stack"];

/** Keys of a stack that only concern Pulumi programs. */
const OF_PROGRAMS = ["planned", "outage"];

/** Alternatives: an option for one overrides the other from the stack. */
const TWIN: Readonly<Record<string, string>> = { privateKeyFile: "privateKey", knownHostsFile: "knownHosts" };

/** Combines the options with the stack's settings. @param node one of its nodes; only this one is queried */
export function connectionOf(
  given: Given,
  env: NodeJS.ProcessEnv,
  node?: string,
  stack: ReadonlyMap<string, string> = new Map(),
): Connection {
  const cluster = given.find("cluster");
  if (cluster !== undefined && given.has("hosts"))
    throw new UsageError("argument --hosts: not allowed with argument --cluster");
  const settings = new Map(stack);
  for (const { name, takes } of SHARED) {
    if (NO_KEY.includes(name) || !given.has(name)) continue;
    const key = keyOf(name);
    settings.delete(TWIN[key] ?? key);
    settings.set(key, takes === "flag" ? "true" : given.get(name));
  }
  const clusters = settings.get("clusters") ?? env["SEAPATH_CLUSTERS"];
  if (clusters) settings.set("clusters", clusters);
  if (node !== undefined && cluster === undefined)
    settings.set("hosts", hostOf(node, settings.get("hosts") ?? env["SEAPATH_HOSTS"] ?? ""));
  if (node !== undefined && cluster !== undefined && clusters)
    settings.set("clusters", onlyNode(clusters, cluster, node));
  return cluster === undefined ? { settings } : { cluster, settings };
}

/** The clusters, with one reduced to this node. Invalid JSON stays as it is for the real parser to report. */
function onlyNode(clusters: string, cluster: string, node: string): string {
  let read: unknown;
  try {
    read = JSON.parse(clusters);
  } catch {
    return clusters;
  }
  const own = (read as Record<string, { hosts?: unknown } | undefined> | null)?.[cluster];
  if (typeof own !== "object") return clusters;
  const hosts = Array.isArray(own.hosts) ? own.hosts.join(",") : typeof own.hosts === "string" ? own.hosts : "";
  return JSON.stringify({ ...(read as object), [cluster]: { ...own, hosts: hostOf(node, hosts) } });
}

/**
 * The stack whose configuration applies, if any. Prints which one it is.
 * @throws UnreadableStack if nothing else locates the cluster
 */
export async function stackOf(
  given: Given,
  say: (text: string) => void,
  env: NodeJS.ProcessEnv = process.env,
): Promise<StackConfig | undefined> {
  try {
    const found = await readStack(given.find("stack"), given.find("cluster"), env);
    if (found === undefined) return undefined;
    const overridden = SHARED.filter(({ name }) => given.has(name)).map(({ name }) => keyOf(name));
    const used = [...found.settings.keys()]
      .filter((key) => !overridden.includes(key) && !OF_PROGRAMS.includes(key))
      .sort();
    if (used.length > 0)
      say(
        `${used.map((key) => `seapath:${key}`).join(", ")}: as stack "${found.stack}" has ${used.length === 1 ? "it" : "them"}`,
      );
    else if (given.has("stack")) say(`stack "${found.stack}" says nothing of a cluster`);
    return found;
  } catch (error) {
    const said =
      given.has("hosts") || Boolean(env["SEAPATH_HOSTS"]) || (given.has("cluster") && Boolean(env["SEAPATH_CLUSTERS"]));
    if (!(error instanceof UnreadableStack) || given.has("stack") || !said) throw error;
    say(`${error.message}. It is left out`);
    return undefined;
  }
}

/** Sets the cluster that the verbs work on. @returns its name, if it has one */
export function settleCluster(
  given: Given,
  stack?: StackConfig,
  env: NodeJS.ProcessEnv = process.env,
  node?: string,
): string | undefined {
  const { cluster, settings } = connectionOf(given, env, node, stack?.settings);
  const isSecret = () => stack?.secretHosts === true && !given.has("hosts");
  configureFrom((key) => settings.get(key.replace(/^seapath:/, "")), isSecret);
  return cluster;
}

/** Finds a host in a list by its name, with or without user and port. A name not in the list is returned unchanged. */
function hostOf(node: string, hosts: string): string {
  const bare = (host: string) =>
    host
      .trim()
      .replace(/^.*@/, "")
      .replace(/^\[(.*)\](:\d+)?$/, "$1")
      .replace(/^([^:]+):\d+$/, "$1");
  return (
    hosts
      .split(",")
      .find((host) => bare(host) === node || host.trim() === node)
      ?.trim() ?? node
  );
}
