/** Which cluster is meant: options of the command line first, then the stack's configuration, then the environment. */
import { configureFrom } from "pulumi-seapath-provider";
import { UsageError, type Given, type OptionSpec } from "./grammar";
import { readStack, UnreadableStack, type StackConfig } from "./stack";

/** The options that every verb has. */
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

/** The key of the configuration that an option stands for: `private-key-file` is `privateKeyFile`. */
const keyOf = (option: string) => option.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

/** Which cluster is meant, and the keys of the configuration that say how it is reached. */
export interface Connection {
  /** One of `clusters`. */
  cluster?: string;
  settings: ReadonlyMap<string, string>;
}

/** Options that are no key of the configuration. */
const NO_KEY = ["verbose", "cluster", "stack"];

/** Keys of a stack that are about what a program does. */
const OF_PROGRAMS = ["planned", "outage"];

/** Of two that mean one thing, an option that has one does not take the other from the stack. */
const TWIN: Readonly<Record<string, string>> = { privateKeyFile: "privateKey", knownHostsFile: "knownHosts" };

/** What the options and the stack say of the cluster. @param node one of its nodes, which alone is to be asked */
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

/** The clusters, of which one has this node alone; what cannot be read is left for who reads it in earnest. */
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
 * The stack whose configuration counts, if there is one; which it is, is said.
 * @throws UnreadableStack when nothing else says where the cluster is
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

/** Settles which cluster the verbs are about. @returns the name of it, where it has one */
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

/** One host out of a list, by its name with or without user and port; a host that is not among them as it is. */
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
