/** The resources a cluster offers and the versions of its tools, by one node program. */
import { z } from "zod";
import type { Runner } from "../transport/types";
import { readAs } from "./answers";
import { runProgram, runProgramOnEach } from "./program";

const TIMEOUT_MS = 90_000;

const answerSchema = z.object({
  nodes: z.array(
    z.union([
      z.object({ node: z.string(), vcpus: z.number(), memoryBytes: z.number(), user: z.string().optional() }),
      z.object({ node: z.string(), error: z.string() }),
    ]),
  ),
  ceph: z.object({ totalBytes: z.number(), usedBytes: z.number(), availableBytes: z.number() }),
  versions: z.object({
    pacemaker: z.string(),
    corosync: z.string(),
    ceph: z.string(),
    libvirt: z.string(),
    qemu: z.string(),
  }),
});

/** The resources a cluster offers. */
export type Capacity = z.infer<typeof answerSchema> & {
  between: Between;
};

/** How one node reaches the others, as live migration does. */
export interface Between {
  /** The user as which all of them admit it. */
  user?: string;
  /** The number of other nodes asked. */
  seen: number;
  /** The nodes that admit it as none of the users tried, each with the reason. */
  closed: Record<string, string>;
}

/**
 * Reads the capacity.
 * @param nodes the online nodes: each reports its processors and memory
 * @param user the user that libvirt's own SSH between the nodes tries first; if a node refuses it, root and
 * libvirtadmin follow. Data of nodes that admit none of these comes over our own links, if the settings name them
 */
export async function readCapacity(runner: Runner, nodes: readonly string[], user: string): Promise<Capacity> {
  const answer = await runProgram(runner, "capacity", { nodes, user }, { readOnly: true, timeoutMs: TIMEOUT_MS });
  const capacity = readAs(answerSchema, answer, "the capacity program");
  const between = betweenOf(capacity.nodes);
  const silent = Object.keys(between.closed);
  if (silent.length === 0) return { ...capacity, between };
  // In that case, each node of the settings reports for itself, including its name.
  const own = await runProgramOnEach(
    runner,
    "capacity",
    { nodes: silent, user, alone: true },
    { timeoutMs: TIMEOUT_MS },
  );
  const known = new Map(
    own.flatMap((each) =>
      readAs(answerSchema, each, "the capacity program").nodes.map((node) => [node.node, node] as const),
    ),
  );
  return {
    ...capacity,
    nodes: capacity.nodes.map((node) => ("error" in node ? (known.get(node.node) ?? node) : node)),
    between,
  };
}

function betweenOf(nodes: z.infer<typeof answerSchema>["nodes"]): Between {
  const users = new Set(nodes.flatMap((node) => ("user" in node && node.user !== undefined ? [node.user] : [])));
  const closed = Object.fromEntries(nodes.flatMap((node) => ("error" in node ? [[node.node, node.error]] : [])));
  const [user] = users;
  const seen = nodes.filter((node) => "error" in node || node.user !== undefined).length;
  return {
    seen,
    closed,
    ...(users.size === 1 && user !== undefined && Object.keys(closed).length === 0 ? { user } : {}),
  };
}
