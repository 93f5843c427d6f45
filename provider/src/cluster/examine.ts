/** Which of a cluster's requirements each node meets, and how it reaches the others: one read-only program a node. */
import { z } from "zod";
import type { Runner } from "../transport/types";
import { readAs } from "./answers";
import { ParseError } from "./errors";
import { lacksSchema, needRequests, type Need } from "./lacking";
import { askOnEach } from "./program";

/** The result of a check, or the reason why it could not be done. */
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

/** The result of a check, or, as a clause, why it could not be done. */
export type Looked<T> = { ok: T } | { error: string };

/** The state of a node. */
export interface Examination extends Omit<z.infer<typeof answerSchema>, "lacks" | "clock"> {
  /** As in the settings. */
  address: string;
  /** Which of the requested needs it lacks. */
  lacks: Need[];
  /**
   * How many seconds its clock may be ahead of this machine's, minimum and maximum; negative: behind. Absent if the
   * times of the request and the answer are unknown.
   */
  ahead?: readonly [number, number];
}

/** A node that could not be examined, and the reason. */
export interface Unexamined {
  address: string;
  error: unknown;
}

/** What to examine. */
export interface ExamineRequest {
  /** The online nodes: tests how each reaches the others. */
  nodes: readonly string[];
  /** Those of them that run VMs. */
  hypervisors: readonly string[];
  /** The users that live migration may use. */
  users: readonly string[];
  /** The agent providers to list agents of. */
  providers: readonly string[];
  /** Python modules. */
  modules: readonly string[];
  needs: readonly Need[];
}

/** Each attempt to reach another node has 30 s, and there are few nodes. */
const TIMEOUT_MS = 150_000;

/** Examines all nodes of the settings at once. */
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
    // It began after the request and ended before its answer arrived.
    ...(between === undefined ? {} : { ahead: [ended - between[1] / 1000, began - between[0] / 1000] as const }),
  };
}
