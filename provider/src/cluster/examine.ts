/** What each node has of what a cluster needs, and how it gets to the others: one program a node, which only looks. */
import { z } from "zod";
import type { Runner } from "../transport/types";
import { readAs } from "./answers";
import { ParseError } from "./errors";
import { lacksSchema, needRequests, type Need } from "./lacking";
import { askOnEach } from "./program";

/** Something that was looked at, or the words for why it could not be. */
const lookedSchema = <T extends z.ZodType>(what: T) =>
  z.union([z.object({ ok: what }), z.object({ error: z.string() })]);
const done = lookedSchema(z.null());
const text = lookedSchema(z.string());
const texts = lookedSchema(z.array(z.string()));

const answerSchema = z.object({
  node: z.string(),
  root: z.boolean(),
  clock: z.tuple([z.number(), z.number()]),
  versions: z.record(z.string(), text),
  virtual: lookedSchema(z.record(z.string(), z.string())),
  modules: z.record(z.string(), z.boolean()),
  lacks: lacksSchema,
  agents: z.record(z.string(), texts),
  ssh: z.record(z.string(), done),
  moves: z.record(z.string(), z.record(z.string(), done)),
  ceph: lookedSchema(z.record(z.string(), z.object({ severity: z.string(), message: z.string() }))),
  libvirt: lookedSchema(z.object({ secret: z.string().nullable() })),
  cpu: text,
  bridges: texts,
});

/** Something that was looked at, or why it could not be, as a clause. */
export type Looked<T> = { ok: T } | { error: string };

/** What a node has. */
export interface Examination extends Omit<z.infer<typeof answerSchema>, "lacks" | "clock"> {
  /** As it was asked. */
  address: string;
  /** What it lacks of the needs that were asked for. */
  lacks: Need[];
  /**
   * By how many seconds its clock may be ahead of this machine's, the least and the most that is possible; negative: behind.
   * Absent where it is not known when the answer was on its way.
   */
  ahead?: readonly [number, number];
}

/** A node that could not be examined, and why. */
export interface Unexamined {
  address: string;
  error: unknown;
}

/** What is looked for. */
export interface ExamineRequest {
  /** The nodes that are online: how each gets to the others is tried. */
  nodes: readonly string[];
  /** Those of them that run VMs. */
  hypervisors: readonly string[];
  /** Whom live migration may go as. */
  users: readonly string[];
  /** Of which agents the names are wanted. */
  providers: readonly string[];
  /** Python modules. */
  modules: readonly string[];
  needs: readonly Need[];
}

/** Each try of a way to another node has 30 s, and there are few nodes. */
const TIMEOUT_MS = 150_000;

/** Examines every node of the settings, all at once. */
export async function examineNodes(
  runner: Runner,
  { needs, ...request }: ExamineRequest,
): Promise<(Examination | Unexamined)[]> {
  const answers = await askOnEach(
    runner,
    "examine",
    { ...request, needs: needRequests(needs) },
    { timeoutMs: TIMEOUT_MS, maxOutputBytes: 4 * 1024 * 1024 },
  );
  return answers.map((each) => {
    if (!("answer" in each)) return each;
    try {
      return read(each, needs);
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      return { address: each.address, error };
    }
  });
}

function read(
  { address, answer, between }: { address: string; answer: unknown; between?: readonly [number, number] },
  needs: readonly Need[],
): Examination {
  const {
    lacks,
    clock: [began, ended],
    ...rest
  } = readAs(answerSchema, answer, `the examine program on ${address}`);
  return {
    address,
    ...rest,
    lacks: needs.filter((_need, at) => lacks.includes(at)),
    // It began after it was asked for, and ended before that was heard.
    ...(between === undefined ? {} : { ahead: [ended - between[1] / 1000, began - between[0] / 1000] as const }),
  };
}
