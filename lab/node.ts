/** A node: its disk, its cable, its power. */
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

import { inLab, LabError, type LabNode } from "./config.ts";
import { rootBytes } from "./hardened.ts";
import { nodeFiles, ownFolders, type Cluster } from "./node-files.ts";
import { run } from "./run.ts";
import { accountOf, root } from "./root.ts";
import { findSpace, inSpace, killFirst, startNodeSpace, throughSpace } from "./space.ts";

/** The numeric ids of Pacemaker's user and group on the nodes; its package creates them. */
export function clusterOwner(): [number, number] {
  const accounts = (name: string): string => readFileSync(join(root, "etc", name), "utf8");
  return accountOf(accounts("passwd"), accounts("group"), "hacluster", "haclient");
}

/**
 * Creates the disk of a node: an overlay whose upper layer has the node's own files, over the root of the lab's
 * release, which has the packages. It outlives the node's processes, and so a power cut.
 */
export async function makeDisk(lab: number, node: LabNode, cluster: Cluster): Promise<void> {
  const base = inLab("mnt", node.name);
  const upper = throughSpace(lab, join(base, "upper"));
  const [user, group] = clusterOwner();
  // A hardened node's disk is small: a file system of its own, in memory like the rest of the lab.
  mkdirSync(throughSpace(lab, base), { recursive: true });
  if (cluster.nodeKeys !== undefined)
    await inSpace(lab, ["mount", "-t", "tmpfs", "-o", `mode=755,size=${rootBytes}`, `disk-${node.name}`, base]);
  for (const folder of ["upper", "work", "root"]) mkdirSync(throughSpace(lab, join(base, folder)), { recursive: true });
  for (const folder of ownFolders) {
    const path = upper + folder.path;
    mkdirSync(path, { recursive: true });
    chmodSync(path, folder.mode);
    if (folder.owner === "cluster") chownSync(path, user, group);
  }
  for (const file of nodeFiles(node, cluster)) {
    const path = upper + file.path;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, file.text);
    chmodSync(path, file.mode ?? 0o644);
    if (file.owner === "cluster") chownSync(path, 0, group);
    if (file.path.startsWith("/var/lib/pacemaker")) chownSync(path, user, group);
  }
  // An opaque folder hides the lower layer's folder of the same name.
  const opaque = "import os,sys\nfor p in sys.argv[1:]: os.setxattr(p, 'trusted.overlay.opaque', b'y')";
  await inSpace(lab, ["/usr/bin/python3", "-I", "-c", opaque, ...ownFolders.map(({ path }) => base + "/upper" + path)]);
  const layers = `lowerdir=/,upperdir=${base}/upper,workdir=${base}/work`;
  await inSpace(lab, ["mount", "-t", "overlay", "-o", layers, node.name, `${base}/root`]);
}

/** Puts an image into each node's image folder; the copies share their bytes. */
export function giveImage(lab: number, nodes: LabNode[], name: string, bytes: Uint8Array): void {
  const first = throughSpace(lab, inLab("mnt", name));
  writeFileSync(first, bytes, { mode: 0o444 });
  for (const node of nodes) {
    const target = throughSpace(lab, inLab("mnt", node.name, "upper/var/lib/seapath/images", name));
    rmSync(target, { force: true });
    try {
      linkSync(first, target);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EXDEV") throw error;
      copyFileSync(first, target); // the node has its own disk
    }
  }
  rmSync(first);
}

const cable = (node: LabNode): string => `cable-${node.name}`;

/** Switches a node on and plugs in its cable. Its disk must exist. */
export async function boot(lab: number, node: LabNode): Promise<void> {
  if (!existsSync(throughSpace(lab, inLab("mnt", node.name, "root/usr")))) {
    throw new LabError(`${node.name} has no disk; run "lab up"`);
  }
  // After a power cut, the kernel keeps the old network for as long as its connections retry: remove the cable now.
  await inSpace(lab, ["ip", "link", "del", cable(node)], { ok: true });
  const pid = await startNodeSpace(lab, node.name);
  // The other end moves into the node at once; when the node dies, the kernel removes both.
  await inSpace(lab, [
    "ip",
    "link",
    "add",
    cable(node),
    "type",
    "veth",
    "peer",
    "name",
    "eth0",
    "netns",
    `/proc/${await pidInLab(pid)}/ns/net`,
  ]);
  await inSpace(lab, ["ip", "link", "set", cable(node), "master", "switch", "up"]);
}

/** The pid of a node's first process in the lab's namespace. */
async function pidInLab(pid: number): Promise<string> {
  const { stdout } = await run(["sh", "-c", `grep ^NSpid: /proc/${pid}/status`]);
  const inner = stdout.trim().split(/\s+/).at(-2);
  if (inner === undefined) throw new LabError(`process ${pid} is not inside of the lab`);
  return inner;
}

/** A power cut: all processes of the node end at once, including its VMs, and the cable goes dead. */
export async function cutPower(name: string): Promise<void> {
  await killFirst(name);
}

export const isUp = (name: string): boolean => findSpace().nodes.has(name);
export { cable };
