/** The fixed properties of the lab, and those that its options change. */
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { cacheOf, isApart, labFolder, named, releaseOf } from "./release.mjs";

/** Which of this machine's labs this process uses. */
export const release = releaseOf(process.env);

/** Whether its addresses are only reachable in its own network, and not on this machine's. */
export const apart = isApart(release);

/** The command that starts it. */
export const startIt = `npm run lab -- up${apart ? ` --release ${release}` : ""}`;

/** The folder of everything that the lab creates, except the cache. */
export const labDir = labFolder(release, process.env);

/** This file is the first one in labDir: a folder without it is not ours to delete. */
export const markerFile = ".pulumi-seapath-lab";

/** The folder of this code. */
export const sourceDir = fileURLToPath(new URL(".", import.meta.url));

/** Guests and roots are built once per recipe and outlive the lab. */
export const cacheFolder = cacheOf(process.env, homedir());

/** A guest contains programs of its lab's release. */
export const guestCache = join(cacheFolder, named("guests", release));

/** The host's interface: one end of a veth pair whose other end is a port of the lab's own bridge. */
export const hostInterface = "seapath0";
export const hostAddress = "10.99.0.1";
/** Where Ceph listens: inside the lab's namespace, beside the bridge. */
export const cephAddress = "10.99.0.2";
export const network = "10.99.0.0/24";

export const maxNodes = 9;

export type Role = "hypervisor" | "observer";

export interface LabNode {
  name: string;
  address: string;
  role: Role;
}

export interface LabOptions {
  nodes: number;
  observer: boolean;
  /** Nodes as set up by SEAPATH's playbooks. */
  hardened?: boolean;
  /** Resource agents that behave like the upstream one: they reserve 17 s of the stop timeout. */
  upstreamAgent?: boolean;
  /** Extra delay of every frame to a node, in milliseconds. */
  latency: number;
  /** Percentage of frames to a node that are lost. */
  loss: number;
}

/** lab.json: written only once the cluster is complete. */
export interface Lab {
  version: 1;
  /** The Debian release of its nodes. */
  release: string;
  options: LabOptions;
  nodes: LabNode[];
  /**
   * Paths of guest images: on the host (`raw`, `qcow2`, `xml`), on every node (`onNode`), and the cached one they were
   * copied `from`.
   */
  guests: Record<string, { raw: string; qcow2: string; xml: string; onNode: string; from: string }>;
  privateKeyFile: string;
  knownHostsFile: string;
}

/** A user error, or a lab that is impossible: shown without a stack. */
export class LabError extends Error {}

export const inLab = (...names: string[]): string => join(labDir, ...names);

export function nodesOf(options: LabOptions): LabNode[] {
  return Array.from({ length: options.nodes }, (_, index) => ({
    name: `node${index + 1}`,
    address: `10.99.0.${11 + index}`,
    role: options.observer && index === options.nodes - 1 ? "observer" : "hypervisor",
  }));
}
