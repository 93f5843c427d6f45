/** A consistent view of the whole cluster, read by one node program. */
import { z } from "zod";
import type { Runner } from "../transport/types";
import { readAs } from "./answers";
import { parseCib, type Cib } from "./cib";
import { sourceSchema, type SourceFile, type SourceQuestion } from "./image-file";
import { runProgram } from "./program";
import { onlyLooks, type StorageOperation } from "./rbd";
import { outcomeSchema, type Outcome } from "./write";
import { parseStatus, type ClusterStatus } from "./status";

/** In a VM's metadata: read its live domain as well. The inventory program uses the same name. */
export const RESTART_KEY = "_seapath_restart";

const spaceSchema = z.object({
  available: z.number(),
  stored: z.number(),
  objects: z.number(),
  quotaBytes: z.number(),
  quotaObjects: z.number(),
  poolFlags: z.array(z.string()),
  clusterFlags: z.array(z.string()),
});

const snapshotSchema = z.object({ name: z.string(), size: z.number(), protected: z.boolean(), created: z.number() });

const imageSchema = z.object({
  name: z.string(),
  size: z.number(),
  snapshots: z.array(snapshotSchema).optional(),
  metadata: z.record(z.string(), z.string()).optional(),
  broken: z.string().optional(),
});

const answerSchema = z.object({
  node: z.string(),
  memory: z.number().optional(),
  cib: z.string(),
  status: z.string(),
  observer: z.string().nullable(),
  observerUnknown: z.string().optional(),
  storage: z.object({
    images: z.array(imageSchema),
    groups: z.array(z.object({ name: z.string(), images: z.array(z.string()) })),
    space: spaceSchema,
  }),
  libvirt: z.object({ secret: z.string().nullable(), domains: z.array(z.string()) }),
  cephHosts: z.array(z.string()),
  sources: z.array(sourceSchema),
  before: z.array(outcomeSchema).default([]),
  live: z.record(z.string(), z.string()).default({}),
});

/** A snapshot of one RBD image. */
export interface SnapshotFacts {
  name: string;
  /** The size of the image then, in bytes. */
  size: number;
  /** It can have linked clones, and a purge skips it. */
  protected: boolean;
  /** Seconds since 1970, UTC. */
  created: number;
}

/** An RBD image with its metadata: system images, and data disks if requested. */
export interface ImageFacts {
  name: string;
  /** Bytes. */
  size: number;
  /** Oldest first. */
  snapshots?: SnapshotFacts[];
  metadata?: Record<string, string>;
  /** Why the rest is unreadable, as a clause. */
  broken?: string;
}

/** The observed state of a cluster. */
export interface Inventory {
  /** The node that was asked, by its own name. */
  node: string;
  /** Its memory. */
  memoryBytes?: number;
  cib: Cib;
  status: ClusterStatus;
  /** The node that never runs a VM, from /etc/cluster.conf. */
  observer?: string;
  /** Why the observer is unknown, as a clause: its file exists but is unreadable. */
  observerUnknown?: string;
  images: Map<string, ImageFacts>;
  groups: Map<string, string[]>;
  /** Bytes that the pool can still take, within the space left and its quota. */
  freeBytes: number;
  /** Bytes in use. */
  storedBytes: number;
  /** Why the pool takes no more data, in Ceph's terms: every write to it then hangs forever. */
  full?: string;
  /** The pool or the cluster is almost full. */
  nearlyFull: boolean;
  /** The live domain XML of VMs whose stored domain changed while they ran; others are not queried. */
  live: Map<string, string>;
  /** The uuid of libvirt's secret for `client.libvirt secret`. */
  secret?: string;
  /** The addresses of Ceph's monitors, from its orchestrator; empty if it has none. */
  cephHosts: string[];
  /** Image files, by the keys of the questions. */
  sources: Map<string, SourceFile>;
  /** The outcomes of the operations that ran before the read. */
  before: Map<StorageOperation, Outcome>;
}

/** What to read beyond the standard part of an inventory. */
export interface InventoryRequest {
  /** Image files. */
  sources?: SourceQuestion[];
  /** Whether to ask the orchestrator for the hosts of a disk's XML. */
  cephHosts?: boolean;
  /** Idempotent operations to do before the read. A failure does not stop the read. */
  before?: StorageOperation[];
  /** Whether to read the metadata of data disks as well. */
  disks?: boolean;
}

/**
 * A VM takes some 10 KiB, mostly its metadata and its CIB part: 20,000 VMs are 200 MiB. A limit that grew with the
 * node's claims would be no limit, and a compressed answer would need a limit on its unpacked size. Only one such read
 * runs at a time for each cluster, so this is the most that a node can cost.
 */
const MAX_ANSWER_BYTES = 320 * 1024 * 1024;

/**
 * Reads the inventory.
 * @throws ProgramError if a tool refuses; ParseError if its output is invalid
 */
export async function readInventory(runner: Runner, request: InventoryRequest): Promise<Inventory> {
  const { before = [] } = request;
  const looks = before.every(onlyLooks);
  const options = { readOnly: looks, timeoutMs: 90_000, maxOutputBytes: MAX_ANSWER_BYTES };
  return parseInventory(await runProgram(runner, "inventory", request, options), before);
}

/** Parses the answer of the inventory program. */
export function parseInventory(answer: unknown, before: readonly StorageOperation[] = []): Inventory {
  const found = readAs(answerSchema, answer, "the inventory program");
  return {
    node: found.node,
    ...(found.memory === undefined ? {} : { memoryBytes: found.memory }),
    cib: parseCib(found.cib),
    status: parseStatus(found.status),
    ...(found.observer === null ? {} : { observer: found.observer }),
    ...(found.observerUnknown === undefined ? {} : { observerUnknown: found.observerUnknown }),
    images: new Map(found.storage.images.map((image) => [image.name, image])),
    groups: new Map(found.storage.groups.map((group) => [group.name, group.images])),
    ...readSpace(found.storage.space),
    live: new Map(Object.entries(found.live)),
    ...(found.libvirt.secret === null ? {} : { secret: found.libvirt.secret }),
    cephHosts: found.cephHosts,
    sources: new Map(found.sources.map((source) => [source.key, source])),
    before: new Map(
      found.before.flatMap((outcome, index) => (before[index] === undefined ? [] : [[before[index], outcome]])),
    ),
  };
}

const FULL_FLAGS: Record<string, string> = {
  full_quota: "the quota of the pool is used up",
  full: "the pool is full",
  pausewr: "writing is paused (`ceph osd unpause` ends that)",
};

function readSpace(
  space: z.infer<typeof spaceSchema>,
): Pick<Inventory, "freeBytes" | "storedBytes" | "full" | "nearlyFull"> {
  const flags = [...space.poolFlags, ...space.clusterFlags];
  // A quota that was only just exceeded has no flag yet.
  const over = (quota: number, used: number) => quota > 0 && used >= quota;
  if (over(space.quotaBytes, space.stored) || over(space.quotaObjects, space.objects)) flags.push("full_quota");
  const full = Object.keys(FULL_FLAGS).find((flag) => flags.includes(flag));
  const left = space.quotaBytes === 0 ? Infinity : Math.max(0, space.quotaBytes - space.stored);
  return {
    freeBytes: Math.min(space.available, left),
    storedBytes: space.stored,
    ...(full === undefined ? {} : { full: FULL_FLAGS[full] }),
    nearlyFull: flags.some((flag) => ["nearfull", "backfillfull"].includes(flag)),
  };
}
