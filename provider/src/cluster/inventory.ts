/** Everything observed of a cluster at one moment, by one node program. */
import { z } from "zod";
import type { Runner } from "../transport/types";
import { readAs } from "./answers";
import { parseCib, type Cib } from "./cib";
import { sourceSchema, type SourceFile, type SourceQuestion } from "./image-file";
import { runProgram } from "./program";
import { onlyLooks, type StorageOperation } from "./rbd";
import { outcomeSchema, type Outcome } from "./write";
import { parseStatus, type ClusterStatus } from "./status";

/** In a VM's metadata: its live domain is to be read as well. The inventory program knows it by the same name. */
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
  /** Bytes that the image had. */
  size: number;
  /** It can have linked clones, and a purge leaves it. */
  protected: boolean;
  /** Seconds since 1970, UTC. */
  created: number;
}

/** An RBD image with its metadata: of system images, and of data disks where they were asked for. */
export interface ImageFacts {
  name: string;
  /** Bytes. */
  size: number;
  /** The oldest first. */
  snapshots?: SnapshotFacts[];
  metadata?: Record<string, string>;
  /** Why nothing more can be said of it, as a clause. */
  broken?: string;
}

/** A cluster, observed. */
export interface Inventory {
  /** The node that was asked, by its own name. */
  node: string;
  /** What it has of memory. */
  memoryBytes?: number;
  cib: Cib;
  status: ClusterStatus;
  /** The node that never runs a VM, from /etc/cluster.conf. */
  observer?: string;
  /** Why nobody knows whether there is an observer, as a clause: its file is there and cannot be read. */
  observerUnknown?: string;
  images: Map<string, ImageFacts>;
  groups: Map<string, string[]>;
  /** Bytes that the pool can still take: what there is, and what its quota allows. */
  freeBytes: number;
  /** Bytes that it has taken. */
  storedBytes: number;
  /** Why the pool takes nothing more, in Ceph's terms: every write to it then waits without an end. */
  full?: string;
  /** The pool or the cluster is about to be full. */
  nearlyFull: boolean;
  /** What libvirt runs, as XML, of the VMs whose stored domain was changed while they ran; others are not asked for. */
  live: Map<string, string>;
  /** The uuid of libvirt's secret for `client.libvirt secret`. */
  secret?: string;
  /** Where Ceph's monitors are, as its orchestrator says; empty where there is none. */
  cephHosts: string[];
  /** Image files, by the keys of the questions. */
  sources: Map<string, SourceFile>;
  /** What came of the operations that went before the reading. */
  before: Map<StorageOperation, Outcome>;
}

/** What else than the standing part of an inventory is to be looked at. */
export interface InventoryRequest {
  /** Image files. */
  sources?: SourceQuestion[];
  /** Whether the orchestrator is asked for the hosts that go into a disk's XML. */
  cephHosts?: boolean;
  /** Operations that are done before it is read; each may be done twice. What fails of them does not end the reading. */
  before?: StorageOperation[];
  /** Whether the metadata of data disks are read as well. */
  disks?: boolean;
}

/**
 * A VM has some 10 KiB of it, most of them in its metadata and in the CIB: 20,000 VMs are 200 MiB. A bound that grew with what
 * a node says would be none, and a packed answer would have to be bounded unpacked. One such read is under way at a time
 * for each cluster, so this is what a node can cost at most.
 */
const MAX_ANSWER_BYTES = 320 * 1024 * 1024;

/**
 * Reads the inventory.
 * @throws ProgramError when one of the tools refuses; ParseError when one says what it should not
 */
export async function readInventory(runner: Runner, request: InventoryRequest): Promise<Inventory> {
  const { before = [] } = request;
  const looks = before.every(onlyLooks);
  const options = { readOnly: looks, timeoutMs: 90_000, maxOutputBytes: MAX_ANSWER_BYTES };
  return parseInventory(await runProgram(runner, "inventory", request, options), before);
}

/** Reads the answer of the inventory program. */
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
  // A quota that was just passed is not a flag yet.
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
