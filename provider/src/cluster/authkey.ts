/** The key of Pacemaker Remote, which is the same file on every node and in every guest. */
import { z } from "zod";
import type { Runner } from "../transport/types";
import { ParseError, ProgramError } from "./errors";
import { askItself } from "./own-link";
import { runProgram } from "./program";

const TIMEOUT_MS = 120_000;

const answerSchema = z.object({
  key: z.base64(),
  put: z.array(z.string()),
  missing: z.array(z.string()),
  unseen: z.record(z.string(), z.string()),
});

const ownSchema = z.object({ key: z.base64() });

/** What the nodes have for a key. */
export interface AuthKey {
  /** The key's bytes in base64, empty where no node has one. A secret: it is handed on, never printed. */
  key: string;
  /** Nodes that were given the key just now. */
  put: string[];
  /** Nodes without one. */
  missing: string[];
  /** Nodes that could not be looked at, with the reason. */
  unseen: Record<string, string>;
}

/** @throws ParseError without an excerpt, which could be a part of the key */
function readSecret<T>(schema: z.ZodType<T>, answer: unknown): T {
  const read = schema.safeParse(answer);
  if (!read.success) throw new ParseError("the authkey program", "it does not say what it should", "");
  return read.data;
}

/**
 * Looks at the key of every node, by root's ssh between them. A node that lets root in from nowhere is asked by a link of ours,
 * where the settings name it.
 * @param make puts the key on nodes that have none, and makes one when no node has any; all nodes have to be seen for that
 * @throws ProgramError (`kind` "mismatch") when the nodes have different keys, ("unreachable") when a node that matters
 *   cannot be reached
 */
export async function readAuthKey(runner: Runner, nodes: readonly string[], make: boolean): Promise<AuthKey> {
  let [seen, unreachable]: [AuthKey?, ProgramError?] = [];
  try {
    seen = await readBetween(runner, nodes, make);
  } catch (error) {
    // Nodes are missing it, and one could not be looked at.
    if (!make || !(error instanceof ProgramError) || error.kind !== "unreachable") throw error;
    unreachable = error;
    seen = await readBetween(runner, nodes, false);
  }
  return Object.keys(seen.unseen).length === 0 && unreachable === undefined ? seen : readOwn(runner, nodes, seen, unreachable);
}

/** What was not seen is asked by our own links; with `unreachable` the key is put where it is missing, or that is thrown. */
async function readOwn(runner: Runner, nodes: readonly string[], seen: AuthKey, unreachable: ProgramError | undefined): Promise<AuthKey> {
  const itself = async (node: string, more: { give?: string } = {}) => {
    const found = await askItself(runner, node, "authkey", more, TIMEOUT_MS);
    return found === undefined ? undefined : readSecret(ownSchema, found.answer).key;
  };
  const { missing, unseen } = { missing: new Set(seen.missing), unseen: { ...seen.unseen } };
  const keys = new Map<string, string>();
  for (const node of Object.keys(unseen)) {
    const key = await itself(node);
    if (key === undefined) continue;
    delete unseen[node];
    if (key === "") missing.add(node);
    else keys.set(node, key);
  }
  const hidden = new Set([...keys.keys(), ...missing, ...Object.keys(unseen)]);
  if (seen.key !== "") for (const node of nodes.filter((each) => !hidden.has(each))) keys.set(node, seen.key);
  const put: string[] = [...seen.put];
  if (unreachable !== undefined) {
    if (missing.size > 0 && Object.keys(unseen).length > 0) throw unreachable;
    // The first node decides: of two programs that make a key at once, one finds the other's there.
    for (const node of [...missing].sort()) {
      const key = await itself(node, { give: [...keys.values()][0] ?? "" });
      if (key === undefined) throw unreachable;
      keys.set(node, key);
      missing.delete(node);
      put.push(node);
    }
  }
  const [key = "", ...others] = new Set(keys.values());
  if (others.length > 0) {
    const groups = [key, ...others].map((each) => [...keys].filter(([, has]) => has === each).map(([node]) => node).join(", "));
    throw new ProgramError(runner.node ?? "the cluster", "authkey", "mismatch", `/etc/pacemaker/authkey is not the same on all nodes: ${groups.join(" and ")} have different ones`);
  }
  return { key, put, missing: [...missing].sort(), unseen };
}

/** What the node that is asked sees of them all. */
async function readBetween(runner: Runner, nodes: readonly string[], make: boolean): Promise<AuthKey> {
  let answer: unknown;
  try {
    answer = await runProgram(runner, "authkey", { nodes, make }, { readOnly: !make, timeoutMs: TIMEOUT_MS });
  } catch (error) {
    // Its excerpt could be a part of the key.
    if (error instanceof ParseError) throw new ParseError("the authkey program", "it is no JSON", "");
    throw error;
  }
  return readSecret(answerSchema, answer);
}
