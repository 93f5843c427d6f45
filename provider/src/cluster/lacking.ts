/** What a domain requires of a node, and which nodes lack it. */
import { z } from "zod";
import type { Runner } from "../transport/types";
import { readAs } from "./answers";
import { runProgramOnEach } from "./program";

/** A requirement on a node: a network device (such as a bridge), or a file. */
export interface Need {
  kind: "net" | "file";
  /** One of them suffices. */
  names: readonly string[];
}

/** The same for equal needs. */
export const needKey = ({ kind, names }: Need) => JSON.stringify([kind, ...names]);

/** Needs in the form that the node programs take. */
export const needRequests = (needs: readonly Need[]) => needs.map(({ kind, names }) => [kind, names] as const);

/** Indexes into the list of needs. */
export const lacksSchema = z.array(z.number().int().nonnegative());
const answerSchema = z.object({ node: z.string(), lacks: lacksSchema });

/**
 * Asks all nodes of the settings what they lack.
 * @returns by the node's own name, the needs it lacks; nodes that do not answer are missing
 */
export async function readLacking(runner: Runner, needs: readonly Need[]): Promise<Map<string, Need[]>> {
  const answers = await runProgramOnEach(runner, "lacking", { needs: needRequests(needs) });
  return new Map(
    answers.map((answer) => {
      const { node, lacks } = readAs(answerSchema, answer, "the lacking program");
      return [node, needs.filter((_need, at) => lacks.includes(at))];
    }),
  );
}

/** How long an answer is valid: the engine checks a program's VMs one by one, and many use the same bridge. */
const KEPT_MS = 30_000;

/** What nodes lack, read once for all callers that ask about the same need within a short time. */
export class Lacking {
  readonly #read: (needs: readonly Need[]) => Promise<Map<string, Need[]>>;
  readonly #known = new Map<string, { nodes: Promise<Map<string, boolean>>; at: number }>();

  constructor(read: (needs: readonly Need[]) => Promise<Map<string, Need[]>>) {
    this.#read = read;
  }

  /** For each need, a map of the nodes that answered: whether they lack it. */
  ask(needs: readonly Need[]): Promise<Map<string, boolean>[]> {
    const now = Date.now();
    for (const [key, { at }] of this.#known) if (now - at > KEPT_MS) this.#known.delete(key);
    const unknown = needs.filter((need) => !this.#known.has(needKey(need)));
    const read = unknown.length === 0 ? undefined : this.#read(unknown);
    for (const need of unknown) {
      const nodes = read!.then(
        (found) =>
          new Map([...found].map(([node, lacks]) => [node, lacks.some((each) => needKey(each) === needKey(need))])),
      );
      this.#known.set(needKey(need), { nodes, at: now });
      nodes.catch(() => this.#known.delete(needKey(need)));
    }
    return Promise.all(needs.map((need) => this.#known.get(needKey(need))!.nodes));
  }
}
