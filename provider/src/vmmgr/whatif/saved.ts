/** A cluster saved earlier, for machines that cannot reach it. */
import { z } from "zod";
import { ParseError, parseCib, readAs, type Cib } from "../../cluster";

const savedSchema = z.object({
  cib: z.string(),
  /** Of the CIB with its secrets, which are masked when saved. */
  digest: z
    .string()
    .regex(/^[0-9a-f]{12}$/)
    .optional(),
  observer: z.string().optional(),
  nodes: z.array(z.object({ node: z.string(), vcpus: z.number().optional(), memoryBytes: z.number().optional() })),
  /** The projects and stacks that own VMs, by VM. */
  owners: z.record(z.string(), z.string()).optional(),
  /** The needs of VMs that the CIB does not record, from their stored domains. */
  domains: z.record(z.string(), z.object({ vcpus: z.number(), memoryBytes: z.number() })).optional(),
});

/** The facts about a cluster that a what-if needs. */
export type SavedCluster = z.infer<typeof savedSchema>;

const read = new WeakMap<SavedCluster, Cib>();

/** The CIB of a saved cluster, parsed once. @throws ParseError if it is invalid or truncated */
export function cibOf(saved: SavedCluster): Cib {
  const cib = read.get(saved) ?? parseCib(saved.cib);
  read.set(saved, cib);
  return cib;
}

/**
 * Reads a saved cluster, or a CIB as printed by `cibadmin --query`, which has neither observer nor memory.
 * @throws ParseError if it is neither, or truncated
 */
export function parseSaved(text: string): SavedCluster {
  if (!text.trimStart().startsWith("{")) {
    const bare = { cib: text, nodes: [] };
    cibOf(bare);
    return bare;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ParseError("the saved cluster", "it is no JSON, or it is cut off", text);
  }
  const saved = readAs(savedSchema, value, "the saved cluster");
  cibOf(saved);
  return saved;
}
