/** The state of the cluster, as it reports it. */
import { apart, inLab, release, type Lab, type LabNode, type LabOptions } from "./config.ts";
import { hardenedUser } from "./hardened.ts";
import { cephAnswers } from "./ceph.ts";
import { enterNode, findSpace, reaching, type Space } from "./space.ts";
import { run, until, type Output, type RunOptions } from "./run.ts";

/** Runs a program inside a running node. */
export async function inNode(name: string, argv: readonly string[], options: RunOptions = {}): Promise<Output> {
  const pid = findSpace().nodes.get(name);
  if (pid === undefined) throw new Error(`${name} is not up`);
  return await run([...enterNode(pid), ...argv], { cwd: "/", ...options });
}

export interface NodeStatus extends LabNode {
  /** The node's first process; undefined if its power is off. */
  pid: number | undefined;
  /** The view of the node's own Pacemaker: which nodes are online, and whether it has quorum. */
  online: string[];
  quorum: boolean;
  ssh: boolean;
  libvirt: boolean;
  vms: string[];
}

export interface Status {
  /** Whether everything works. */
  healthy: boolean;
  ceph: boolean;
  nodes: NodeStatus[];
}

/** Whether an sshd answers at an address. */
async function sshGreets(address: string): Promise<boolean> {
  const greeting = 'exec 3<>"/dev/tcp/$1/22" && head -c 7 <&3';
  const { stdout } = await run([...reaching(), "timeout", "3", "bash", "-c", greeting, "bash", address], { ok: true });
  return stdout === "SSH-2.0";
}

export async function onlineNodes(name: string): Promise<{ online: string[]; quorum: boolean }> {
  const { stdout } = await inNode(
    name,
    ["timeout", "5", "crm_mon", "-1", "--output-as=xml", "--include=none,nodes,dc"],
    { ok: true },
  );
  return {
    online: [...stdout.matchAll(/<node name="([^"]+)"[^>]*\bonline="true"[^>]*\bpending="false"/g)].map(
      (match) => match[1] ?? "",
    ),
    quorum: /with_quorum="true"/.test(stdout),
  };
}

async function nodeStatus(node: LabNode, space: Space): Promise<NodeStatus> {
  const pid = space.nodes.get(node.name);
  const off = { ...node, pid, online: [], quorum: false, ssh: false, libvirt: false, vms: [] };
  if (pid === undefined) return off;
  const [cluster, ssh, libvirt] = await Promise.all([
    onlineNodes(node.name),
    sshGreets(node.address),
    inNode(node.name, ["timeout", "5", "virsh", "-q", "list", "--name"], { ok: true }),
  ]);
  const vms = libvirt.stdout.split("\n").filter((line) => line !== "");
  return { ...off, ...cluster, ssh, libvirt: libvirt.exitCode === 0, vms };
}

/** Queries every node, and Ceph. */
export async function statusOf(nodes: LabNode[]): Promise<Status> {
  const space = findSpace();
  const [ceph, ...states] = await Promise.all([
    cephAnswers(space.lab),
    ...nodes.map((node) => nodeStatus(node, space)),
  ]);
  const healthy =
    ceph &&
    states.every(({ online, quorum, ssh, libvirt }) => online.length === nodes.length && quorum && ssh && libvirt);
  return { healthy, ceph, nodes: states };
}

/** Waits until every node sees every other. */
export async function untilOnline(nodes: LabNode[], seconds = 90): Promise<void> {
  for (const node of nodes) {
    await until(
      `all nodes online, as ${node.name} sees it`,
      seconds,
      async () => {
        const { online, quorum } = await onlineNodes(node.name);
        return quorum && nodes.every(({ name }) => online.includes(name));
      },
      250,
    );
  }
}

export async function untilServed(nodes: LabNode[]): Promise<void> {
  await Promise.all(
    nodes.map((node) =>
      until(
        `sshd and libvirtd of ${node.name}`,
        60,
        async () => {
          if (!(await sshGreets(node.address))) return false;
          return (await inNode(node.name, ["timeout", "5", "virsh", "-q", "list"], { ok: true })).exitCode === 0;
        },
        250,
      ),
    ),
  );
}

/** The user that logs in to the nodes. */
export const userOf = ({ hardened }: LabOptions): string => (hardened === true ? hardenedUser : "root");

/** Text for a shell to source, with the provider's settings. */
export function environmentOf(lab: Lab): string {
  return [
    ...(apart
      ? [`# These addresses are in the lab's own network: "npm run shell -- --release ${release}" gives a shell there.`]
      : []),
    `export SEAPATH_HOSTS=${lab.nodes.map(({ address }) => address).join(",")}`,
    `export SEAPATH_USER=${userOf(lab.options)}`,
    ...(lab.options.hardened === true ? ["export SEAPATH_SUDO=true"] : []),
    `export SEAPATH_PRIVATE_KEY_FILE=${inLab("id")}`,
    `export SEAPATH_KNOWN_HOSTS_FILE=${inLab("known_hosts")}`,
    "",
  ].join("\n");
}
