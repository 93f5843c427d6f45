/** What a cluster has to offer and which versions of its tools it runs, by one node program. */
import { z } from "zod";
import type { Runner } from "../transport/types";
import { readAs } from "./answers";
import { runProgram } from "./program";

const answerSchema = z.object({
  nodes: z.array(
    z.union([
      z.object({ node: z.string(), vcpus: z.number(), memoryBytes: z.number() }),
      z.object({ node: z.string(), error: z.string() }),
    ]),
  ),
  ceph: z.object({ totalBytes: z.number(), usedBytes: z.number(), availableBytes: z.number() }),
  versions: z.object({
    pacemaker: z.string(), corosync: z.string(), ceph: z.string(), libvirt: z.string(), qemu: z.string(),
  }),
});

/** What a cluster has to offer. */
export type Capacity = z.infer<typeof answerSchema>;

/**
 * Asks for it.
 * @param nodes those that are online: each is asked for its processors and memory
 * @param user whom libvirt's own SSH between the nodes goes as
 */
export async function readCapacity(runner: Runner, nodes: readonly string[], user: string): Promise<Capacity> {
  const answer = await runProgram(runner, "capacity", { nodes, user }, { readOnly: true, timeoutMs: 90_000 });
  return readAs(answerSchema, answer, "the capacity program");
}
