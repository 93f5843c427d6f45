/** What a cluster has to offer and which versions of its tools it runs, by one node program. */
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

/** What a cluster has to offer. */
export type Capacity = z.infer<typeof answerSchema> & {
  between: Between;
};

/** How one node gets to the others, which is how live migration does. */
export interface Between {
  /** Whom all of them let it in as. */
  user?: string;
  /** How many others were asked. */
  seen: number;
  /** Those that let it in as nobody that was tried, each with the reason. */
  closed: Record<string, string>;
}

/**
 * Asks for it.
 * @param nodes those that are online: each is asked for its processors and memory
 * @param user whom libvirt's own SSH between the nodes goes as first; where a node refuses it, as root, or as libvirtadmin.
 *   What those have that let in none of these comes by a link of ours, where the settings name them
 */
export async function readCapacity(runner: Runner, nodes: readonly string[], user: string): Promise<Capacity> {
  const answer = await runProgram(runner, "capacity", { nodes, user }, { readOnly: true, timeoutMs: TIMEOUT_MS });
  const capacity = readAs(answerSchema, answer, "the capacity program");
  const between = betweenOf(capacity.nodes);
  const silent = Object.keys(between.closed);
  if (silent.length === 0) return { ...capacity, between };
  // Each of the settings is asked for itself then; which of them is which node it says itself.
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
