import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join, posix, resolve } from "node:path";
import { checkWaysIn, expandHome, loadCredentials, type Credentials } from "./credentials";
import { NoHosts, SettingsError } from "../errors";
import { checkUser, parseHosts, parsePort, splitList, type HostAddress } from "./hosts";
import { Resolver } from "./resolve";
import { SshConfig } from "./sshconfig";
import { NODE_FOLDER } from "../types";

/**
 * How to reach a cluster. This comes from the stack's configuration or the environment, never from resource inputs,
 * which end up in the state.
 *
 * @example
 * // pulumi config set seapath:hosts node1,node2,node3
 * // pulumi config set seapath:privateKeyFile ~/.ssh/cluster
 * const settings = readSettings((key) => config.get(key), process.env);
 */
export interface ConnectionSettings extends Credentials {
  /** The nodes, in the order to try them. `seapath:hosts`, SEAPATH_HOSTS */
  hosts: readonly HostAddress[];
  /** Lines of known_hosts. `seapath:knownHosts`, SEAPATH_KNOWN_HOSTS */
  knownHosts?: string;
  /**
   * The known_hosts files. `seapath:knownHostsFile`, SEAPATH_KNOWN_HOSTS_FILE
   * @default ~/.ssh/known_hosts and /etc/ssh/ssh_known_hosts, unless `knownHosts` is given
   */
  knownHostsFiles: readonly { path: string; optional: boolean }[];
  /** Trusted host key fingerprints, for all hosts or for one. `seapath:hostKeyFingerprints` */
  fingerprints: readonly { host?: string; fingerprint: string }[];
  /** Run every program through `sudo -n` if the user is not root. `seapath:sudo`, SEAPATH_SUDO @default false */
  sudo: boolean;
  /**
   * The nodes' folder for uploaded images and domains set aside. `seapath:nodeFolder`, SEAPATH_NODE_FOLDER
   * @default /var/lib/pulumi-seapath
   */
  nodeFolder: string;
  /** How long the login to one node may take. `seapath:connectTimeout` is in seconds. @default 10000 */
  connectTimeoutMs: number;
  /** Programs that run at once over one connection; sshd's own limit, MaxSessions, is 10. @default 8 */
  maxChannels: number;
}

/** The environment variable of each key. */
export const ENVIRONMENT_VARIABLES = {
  hosts: "SEAPATH_HOSTS",
  user: "SEAPATH_USER",
  port: "SEAPATH_PORT",
  privateKey: "SEAPATH_PRIVATE_KEY",
  privateKeyFile: "SEAPATH_PRIVATE_KEY_FILE",
  passphrase: "SEAPATH_PASSPHRASE",
  agent: "SEAPATH_AGENT",
  knownHosts: "SEAPATH_KNOWN_HOSTS",
  knownHostsFile: "SEAPATH_KNOWN_HOSTS_FILE",
  connectTimeout: "SEAPATH_CONNECT_TIMEOUT",
  maxChannels: "SEAPATH_MAX_CHANNELS",
  password: "SEAPATH_PASSWORD",
  sshConfigFile: "SEAPATH_SSH_CONFIG_FILE",
  jump: "SEAPATH_JUMP",
  sudo: "SEAPATH_SUDO",
  nodeFolder: "SEAPATH_NODE_FOLDER",
  hostKeyFingerprints: "SEAPATH_HOST_KEY_FINGERPRINTS",
} as const;
type Key = keyof typeof ENVIRONMENT_VARIABLES;

/**
 * Reads the settings. The stack's configuration overrides the environment, which overrides ~/.ssh/config.
 *
 * @param get returns a setting by its key without the namespace
 * @param folder the folder that relative paths start from. @default the folder of the process
 * @throws SettingsError that names the wrong key
 */
export function readSettings(
  get: (key: string) => string | undefined,
  env: NodeJS.ProcessEnv,
  folder = process.cwd(),
): ConnectionSettings {
  const read = (key: Key) => nonEmpty(get(key)) ?? nonEmpty(env[ENVIRONMENT_VARIABLES[key]]);
  // Two alternative keys come from the same place: a file in the configuration beats a text in the environment.
  const pair = (first: Key, second: Key): [string | undefined, string | undefined] => {
    const configured = [nonEmpty(get(first)), nonEmpty(get(second))] as const;
    if (configured[0] !== undefined || configured[1] !== undefined) return [...configured];
    return [nonEmpty(env[ENVIRONMENT_VARIABLES[first]]), nonEmpty(env[ENVIRONMENT_VARIABLES[second]])];
  };
  const home = nonEmpty(env.HOME) ?? homedir();
  const path = (text: string | undefined) =>
    text === undefined || text.toLowerCase() === "none" ? text : resolve(folder, expandHome(text, home));

  const [user, port] = [read("user"), read("port")];
  const specs = parseHosts("hosts", read("hosts") ?? "");
  if (specs.length === 0) {
    throw new NoHosts("hosts", "Run `pulumi config set seapath:hosts node1,node2,node3`, or set SEAPATH_HOSTS.");
  }

  const [privateKey, privateKeyFile] = pair("privateKey", "privateKeyFile");
  const [agent, passphrase, password, ambientAgent] = [
    path(read("agent")),
    read("passphrase"),
    read("password"),
    nonEmpty(env.SSH_AUTH_SOCK),
  ];
  const [knownHosts, hostsFile] = pair("knownHosts", "knownHostsFile");
  const knownHostsFile = path(hostsFile);
  const hosts = new Resolver({
    home,
    sshConfig: loadSshConfig(path(read("sshConfigFile")), home),
    ...(user !== undefined && { user: checkUser("user", user) }),
    ...(port !== undefined && { port: parsePort("port", port) }),
    jump: read("jump"),
    // A key or known_hosts file in the settings replaces those of ~/.ssh/config.
    identities: privateKey === undefined && privateKeyFile === undefined,
    knownHosts: knownHosts === undefined && knownHostsFile === undefined,
    passphrase,
    env,
  }).resolveAll(specs);
  const credentials = loadCredentials({
    privateKey,
    privateKeyFile,
    passphrase,
    agent,
    ambientAgent,
    password,
    home,
    folder,
  });
  for (const host of hosts) checkWaysIn(host, credentials);

  return {
    ...credentials,
    hosts,
    fingerprints: splitList("hostKeyFingerprints", read("hostKeyFingerprints") ?? "").map(parseFingerprint),
    sudo: readBoolean("sudo", read("sudo") ?? "false"),
    nodeFolder: readFolder("nodeFolder", read("nodeFolder") ?? NODE_FOLDER),
    ...(knownHosts !== undefined && { knownHosts }),
    knownHostsFiles: knownHostsFiles(knownHosts, knownHostsFile, home),
    connectTimeoutMs: Math.round(readNumber("connectTimeout", read("connectTimeout") ?? "10", 0.1, 600) * 1000),
    maxChannels: Math.floor(readNumber("maxChannels", read("maxChannels") ?? "8", 1, 64)),
  };
}

function knownHostsFiles(text: string | undefined, file: string | undefined, home: string) {
  if (file !== undefined) return [{ path: file, optional: false }];
  if (text !== undefined) return [];
  return [join(home, ".ssh", "known_hosts"), "/etc/ssh/ssh_known_hosts"].map((path) => ({ path, optional: true }));
}

function loadSshConfig(file: string | undefined, home: string): SshConfig {
  if (file === "none") return SshConfig.none;
  const path = file ?? join(home, ".ssh", "config");
  return file === undefined && !existsSync(path) ? SshConfig.none : SshConfig.load(path, home);
}

function parseFingerprint(text: string): { host?: string; fingerprint: string } {
  const [, host, fingerprint] = /^(?:([^=]+)=)?(SHA256:[A-Za-z0-9+/]{43})=?$/.exec(text) ?? [];
  if (fingerprint === undefined) {
    throw new SettingsError(
      "hostKeyFingerprints",
      `has ${JSON.stringify(text)}, which is not SHA256:… or host=SHA256:…`,
      "`ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` on the node prints it.",
    );
  }
  return { ...(host !== undefined && { host }), fingerprint };
}

function readBoolean(key: Key, text: string): boolean {
  if (text !== "true" && text !== "false")
    throw new SettingsError(key, `is ${JSON.stringify(text)}, not true or false`);
  return text === "true";
}

/** A dedicated folder on a node. It must not be a system folder, since its permissions are changed. */
function readFolder(key: Key, text: string): string {
  const path = posix.normalize(text).replace(/\/$/, "");
  if (posix.isAbsolute(path) && path.split("/").length > 2 && !/[\0-\x1f\x7f]/.test(path)) return path;
  throw new SettingsError(
    key,
    `is ${JSON.stringify(text)}, not a folder of a node`,
    `Name one that is ours alone, with its whole path: ${NODE_FOLDER} is where nothing is said.`,
  );
}

function readNumber(key: Key, text: string, least: number, most: number): number {
  const number = Number(text);
  if (!(number >= least && number <= most)) {
    throw new SettingsError(key, `is ${JSON.stringify(text)}, not a number from ${least} to ${most}`);
  }
  return number;
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === "" ? undefined : text;
}
