/** What is fixed about the lab, and what its options change. */
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { cacheOf, isApart, labFolder, named, releaseOf } from "./release.mjs";

/** Which of the labs of this machine this process means. */
export const release = releaseOf(process.env);

/** Whether its addresses are reached in its own network alone, or on this machine's. */
export const apart = isApart(release);

/** The command that brings it up. */
export const startIt = `npm run lab -- up${apart ? ` --release ${release}` : ""}`;

/** The folder of everything that the lab makes, besides what is cached. */
export const labDir = labFolder(release, process.env);

/** This file lies in labDir before anything else does: a folder without it is not ours to wipe. */
export const markerFile = ".pulumi-seapath-lab";

/** The folder of this code. */
export const sourceDir = fileURLToPath(new URL(".", import.meta.url));

/** Guests and roots are made once per recipe and outlive the lab. */
export const cacheFolder = cacheOf(process.env, homedir());

/** A guest has programs of its lab's release. */
export const guestCache = join(cacheFolder, named("guests", release));

/** The interface on the host, one end of a veth pair whose other end is a port of the lab's own bridge. */
export const hostInterface = "seapath0";
export const hostAddress = "10.99.0.1";
/** Where Ceph listens: inside of the lab's namespace, beside the bridge. */
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
  /** Nodes as SEAPATH's playbooks leave them. */
  hardened?: boolean;
  /** Resource agents that do as the upstream one does: 17 s are kept off the stop time-out. */
  upstreamAgent?: boolean;
  /** Milliseconds that every frame to a node takes longer. */
  latency: number;
  /** Percentage of the frames to a node that are lost. */
  loss: number;
}

/** lab.json: written when the cluster is whole, and only then. */
export interface Lab {
  version: 1;
  /** Debian's release that its nodes run. */
  release: string;
  options: LabOptions;
  nodes: LabNode[];
  /**
   * Paths of guest images: on the host (`raw`, `qcow2`, `xml`), on every node (`onNode`), and the one in the cache that
   * they were made `from`.
   */
  guests: Record<string, { raw: string; qcow2: string; xml: string; onNode: string; from: string }>;
  privateKeyFile: string;
  knownHostsFile: string;
}

/** A mistake of the person who runs the lab, or a lab that cannot be: shown without a stack. */
export class LabError extends Error {}

export const inLab = (...names: string[]): string => join(labDir, ...names);

export function nodesOf(options: LabOptions): LabNode[] {
  return Array.from({ length: options.nodes }, (_, index) => ({
    name: `node${index + 1}`,
    address: `10.99.0.${11 + index}`,
    role: options.observer && index === options.nodes - 1 ? "observer" : "hypervisor",
  }));
}
