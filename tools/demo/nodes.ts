// The cluster from outside Pulumi: OpenSSH to its nodes, with the provider's key and known hosts.
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parseHosts, type HostAddress } from "../../provider/dist/transport/settings/hosts.js";
import { stateFolder } from "../env.mjs";
import { run } from "./show.ts";

const configFile = join(stateFolder, "ssh_config");
/** Its path as typed in the root of the checkout. */
const shownConfig = relative(process.cwd(), configFile);

/** Parses SEAPATH_HOSTS like the provider. */
function addresses(): HostAddress[] {
  const { SEAPATH_HOSTS = "", SEAPATH_USER = "root", SEAPATH_PORT = "22" } = process.env;
  const given = parseHosts("SEAPATH_HOSTS", SEAPATH_HOSTS);
  return given.map((host) => ({ ...host, user: host.user ?? SEAPATH_USER, port: host.port ?? Number(SEAPATH_PORT) }));
}

function common(): string[] {
  const { SEAPATH_PRIVATE_KEY_FILE: key, SEAPATH_KNOWN_HOSTS_FILE: files, SEAPATH_KNOWN_HOSTS: lines } = process.env;
  let known = files?.replaceAll(",", " ");
  if (!known && lines) {
    known = join(stateFolder, "known_hosts");
    writeFileSync(known, lines.endsWith("\n") ? lines : `${lines}\n`);
  }
  return [
    "BatchMode yes",
    "StrictHostKeyChecking yes",
    "ConnectTimeout 10",
    "ServerAliveInterval 10",
    "LogLevel ERROR",
    ...(key ? [`IdentityFile "${key}"`] : []),
    ...(known ? [`UserKnownHostsFile ${known}`] : []),
  ];
}

function entry(names: string, options: string[]): string {
  return [`Host ${names}`, ...options.map((option) => `  ${option}`), ""].join("\n");
}

const target = ({ user, host, port }: HostAddress) => [`HostName ${host}`, `User ${user}`, `Port ${port}`];

export interface Nodes {
  /** The nodes that can run VMs, by their Pacemaker names. */
  names: string[];
  /** Runs a command on a node. */
  on(node: string, command: string, options?: { silent?: boolean }): Promise<string>;
  /** The node where Pacemaker says that a VM runs. */
  whereIs(vm: string): Promise<string | undefined>;
  /** The process id of a VM's QEMU. */
  pidOf(vm: string): Promise<string>;
}

/** Finds the name of each address, and writes an ssh_config, so that the user can type the commands shown. */
export async function findNodes(): Promise<Nodes> {
  const given = addresses();
  mkdirSync(stateFolder, { recursive: true });
  const write = (entries: string[]) => {
    writeFileSync(configFile, [...entries, entry("*", common())].join("\n"));
    chmodSync(configFile, 0o600);
  };
  write(given.map((address) => entry(address.host, target(address))));

  const ssh = (node: string, command: string, silent = true) =>
    run(["ssh", "-F", shownConfig, node, ...command.split(" ")], { silent });
  const named = new Map<string, HostAddress>();
  for (const address of given) named.set((await ssh(address.host, "crm_node -n")).trim(), address);
  const [first = ""] = named.keys();
  const listed = await ssh(given[0]?.host ?? first, "crm_node -l");
  const names = listed
    .split("\n")
    .map((line) => line.split(" "))
    .filter(([, , state]) => state === "member")
    .map(([, name = ""]) => name);
  write(
    names.map((name) => {
      const address = named.get(name);
      // A node not in SEAPATH_HOSTS is reached through one that is.
      return entry(name, address ? target(address) : [`User ${given[0]?.user}`, `ProxyJump ${first}`]);
    }),
  );

  // An observer only votes; SEAPATH names it in a file of its own.
  const clusterFile = await ssh(first, "cat /etc/cluster.conf || true");
  const observers = [...clusterFile.matchAll(/^\s*observer\s*=\s*(\S+)/gm)].map(([, name]) => name);

  const whereIs = async (vm: string) => {
    const xml = await ssh(first, "crm_mon --one-shot --output-as=xml");
    const resource = new RegExp(`<resource id="${vm}" [^>]*role="Started"[^>]*>\\s*<node name="([^"]+)"`).exec(xml);
    return resource?.[1];
  };
  return {
    names: names.filter((name) => !observers.includes(name)).sort(),
    on: (node, command, { silent = false } = {}) => ssh(node, command, silent),
    whereIs,
    async pidOf(vm) {
      const node = await whereIs(vm);
      if (!node) return "none";
      return `${(await ssh(node, `cat /run/libvirt/qemu/${vm}.pid`)).trim()} on ${node}`;
    },
  };
}
