/** Everything observed of a cluster at one moment, by one node program. */
import { z } from "zod";
import type { Runner } from "../transport/types";
import { parseCib, type Cib } from "./cib";
import { ParseError } from "./errors";
import { runProgram } from "./program";
import { parseStatus, type ClusterStatus } from "./status";

const sourceSchema = z.union([
  z.object({ path: z.string(), missing: z.literal(true) }),
  z.object({ path: z.string(), error: z.string() }),
  z.object({
    path: z.string(),
    format: z.string(),
    virtualSize: z.number(),
    backing: z.string().nullish(),
  }),
]);

const answerSchema = z.object({
  node: z.string(),
  cib: z.string(),
  status: z.string(),
  observer: z.string().nullable(),
  storage: z.object({
    images: z.array(z.object({ name: z.string(), size: z.number(), metadata: z.record(z.string(), z.string()).optional() })),
    groups: z.array(z.object({ name: z.string(), images: z.array(z.string()) })),
    freeBytes: z.number(),
  }),
  libvirt: z.object({ secret: z.string().nullable(), domains: z.array(z.string()) }),
  cephHosts: z.array(z.string()),
  sources: z.array(sourceSchema),
});

/** An image file on the node that was asked: what qemu-img says, or why it says nothing. */
export type SourceFile = z.infer<typeof sourceSchema>;

/** An RBD image with its metadata (system images only). */
export interface ImageFacts {
  name: string;
  /** Bytes. */
  size: number;
  metadata?: Record<string, string>;
}

/** A cluster, observed. */
export interface Inventory {
  /** The node that was asked, by its own name. */
  node: string;
  cib: Cib;
  status: ClusterStatus;
  /** The node that never runs a VM, from /etc/cluster.conf. */
  observer?: string;
  images: Map<string, ImageFacts>;
  groups: Map<string, string[]>;
  /** Bytes that Ceph can still take. */
  freeBytes: number;
  /** The uuid of libvirt's secret for `client.libvirt secret`. */
  secret?: string;
  /** Where Ceph's monitors are, as its orchestrator says; empty where there is none. */
  cephHosts: string[];
  sources: Map<string, SourceFile>;
}

/** What else than the standing part of an inventory is to be looked at. */
export interface InventoryRequest {
  /** Image files on the node. */
  sources?: string[];
  /** Whether the orchestrator is asked for the hosts that go into a disk's XML. */
  cephHosts?: boolean;
}

/**
 * Reads the inventory.
 * @throws ProgramError when one of the tools refuses; ParseError when one says what it should not
 */
export async function readInventory(runner: Runner, request: InventoryRequest): Promise<Inventory> {
  return parseInventory(await runProgram(runner, "inventory", request, { readOnly: true, timeoutMs: 90_000 }));
}

/** Reads the answer of the inventory program. */
export function parseInventory(answer: unknown): Inventory {
  const read = answerSchema.safeParse(answer);
  if (!read.success) throw new ParseError("the inventory program", z.prettifyError(read.error), JSON.stringify(answer));
  const found = read.data;
  return {
    node: found.node,
    cib: parseCib(found.cib),
    status: parseStatus(found.status),
    ...(found.observer === null ? {} : { observer: found.observer }),
    images: new Map(found.storage.images.map((image) => [image.name, image])),
    groups: new Map(found.storage.groups.map((group) => [group.name, group.images])),
    freeBytes: found.storage.freeBytes,
    ...(found.libvirt.secret === null ? {} : { secret: found.libvirt.secret }),
    cephHosts: found.cephHosts,
    sources: new Map(found.sources.map((source) => [source.path, source])),
  };
}
