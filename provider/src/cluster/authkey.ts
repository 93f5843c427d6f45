/** The key of Pacemaker Remote: the same file on every node and in every guest. */
import { createHash, randomBytes } from "node:crypto";
import { z } from "zod";
import type { Runner } from "../transport/types";
import { ParseError, ProgramError } from "./errors";
import { askOnEach, runProgram } from "./program";

const answerSchema = z.object({
  key: z.base64(),
  put: z.array(z.string()),
  missing: z.array(z.string()),
  unseen: z.record(z.string(), z.string()),
});

/** The state of the key on the nodes. */
export interface AuthKey {
  /** The key's bytes in base64, empty if no node has one. A secret: pass it on, never print it. */
  key: string;
  /** Nodes that have just received the key. */
  put: string[];
  /** Nodes without a key. */
  missing: string[];
  /** Nodes that could not be checked, with the reason. */
  unseen: Record<string, string>;
}

const TIMEOUT_MS = 120_000;
/** The number of random bytes in a key, as Pacemaker's documentation recommends. */
const KEY_BYTES = 4096;

/** @param answer may contain part of the key, so no error quotes it */
function readSecret<T>(schema: z.ZodType<T>, answer: unknown, program: string): T {
  const read = schema.safeParse(answer);
  if (!read.success) throw new ParseError(`the ${program} program`, "it does not say what it should", "");
  return read.data;
}

/**
 * Checks the key of every node: over root's ssh between the nodes, and over our own link to those that admit no other
 * node, if the settings name them.
 * @param make puts the key on nodes that have none, and creates one if no node has any; this requires all nodes to be
 * visible
 * @throws ProgramError (`kind` "mismatch") if the nodes have different keys, ("unreachable") if a required node cannot
 * be reached
 */
export async function readAuthKey(runner: Runner, nodes: readonly string[], make: boolean): Promise<AuthKey> {
  let answer: unknown;
  try {
    answer = await runProgram(runner, "authkey", { nodes, make }, { readOnly: !make, timeoutMs: TIMEOUT_MS });
  } catch (error) {
    // Its excerpt could contain part of the key.
    if (error instanceof ParseError) throw new ParseError("the authkey program", "it is no JSON", "");
    throw error;
  }
  const found = readSecret(answerSchema, answer, "authkey");
  return Object.keys(found.unseen).length === 0 ? found : byOwnLinks(runner, nodes, found, make);
}

const hereSchema = z.union([
  z.object({ node: z.string(), meant: z.literal(false) }),
  z.object({ node: z.string(), meant: z.literal(true), sum: z.string(), key: z.base64() }),
]);

/** What a node has: the hash of its key, empty if it has none, and the key itself if requested. */
interface Here {
  sum: string;
  key: string;
}

/** The answers of the nodes that were reached, and the errors of the others. */
interface Asked {
  found: Map<string, Here>;
  failed: string[];
}

/** Asks each node over our own link to it. @param more `read` returns the key, `give` stores one where there is none */
async function askNodes(
  runner: Runner,
  nodes: readonly string[],
  more: { read?: true; give?: string } = {},
): Promise<Asked> {
  const asked: Asked = { found: new Map(), failed: [] };
  for (const each of await askOnEach(runner, "authkey_here", { nodes, ...more }, { timeoutMs: TIMEOUT_MS })) {
    if (!("answer" in each)) {
      // A malformed answer could contain part of the key, so its words are left out, as an excerpt would be.
      asked.failed.push(
        each.error instanceof ParseError
          ? `${each.address} gave no answer`
          : `${each.address}: ${each.error instanceof ProgramError ? each.error.words : String((each.error as Error).message)}`,
      );
      continue;
    }
    const here = readSecret(hereSchema, each.answer, "authkey_here");
    if (here.meant) asked.found.set(here.node, { sum: here.sum, key: here.key });
  }
  return asked;
}

const sumOf = (key: string) => createHash("sha256").update(Buffer.from(key, "base64")).digest("hex");

/** @throws ProgramError unless all existing keys are equal and complete */
function compare(runner: Runner, sums: ReadonlyMap<string, string>): void {
  const refuse = (words: string) => new ProgramError(runner.node ?? "the cluster", "authkey", "mismatch", words);
  const groups = new Map<string, string[]>();
  for (const [node, sum] of [...sums].sort(([a], [b]) => a.localeCompare(b)))
    if (sum !== "") groups.set(sum, [...(groups.get(sum) ?? []), node]);
  const lists = [...groups.values()].map((group) => group.join(", "));
  if (lists.length > 1)
    throw refuse(`/etc/pacemaker/authkey is not the same on all nodes: ${lists.join(" and ")} have different ones`);
  if (groups.has(sumOf(""))) throw refuse(`/etc/pacemaker/authkey is empty on ${lists.join()}`);
}

const unreachable = (runner: Runner, node: string, failed: readonly string[]) =>
  new ProgramError(
    runner.node ?? "the cluster",
    "authkey",
    "unreachable",
    `${node}: ${failed.join("; ") || "no link of ours leads to it: `seapath:hosts` does not name it"}`,
  );

/** Continues where the nodes' own ssh could not get through. @param seen what that ssh found */
async function byOwnLinks(runner: Runner, nodes: readonly string[], seen: AuthKey, make: boolean): Promise<AuthKey> {
  const { found, failed } = await askNodes(runner, Object.keys(seen.unseen));
  const still = Object.entries(seen.unseen).filter(([node]) => !found.has(node));
  const unseen = Object.fromEntries(
    still.map(([node, reason]) => [node, [`${reason}, and no link of ours led to it`, ...failed].join("; ")]),
  );
  const sums = new Map(
    nodes
      .filter((node) => !(node in seen.unseen))
      .map((node) => [node, seen.missing.includes(node) ? "" : sumOf(seen.key)]),
  );
  for (const [node, { sum }] of found) sums.set(node, sum);
  compare(runner, sums);

  const missing = [...sums]
    .filter(([, sum]) => sum === "")
    .map(([node]) => node)
    .sort();
  const [holder] = [...found].find(([, { sum }]) => sum !== "") ?? [];
  const key = seen.key || holder === undefined ? seen.key : await readFrom(runner, holder);
  if (!make || missing.length === 0) return { key, put: [], missing, unseen };
  if (still.length > 0)
    throw new ProgramError(runner.node ?? "the cluster", "authkey", "unreachable", Object.values(unseen).join("; "));

  const [first = ""] = missing;
  // The first node decides: if two callers create a key at once, the second finds the other's key there and takes it.
  const whole = key || (await readFrom(runner, first, randomBytes(KEY_BYTES).toString("base64")));
  const given = await askNodes(runner, missing, { give: whole });
  const without = missing.find((node) => !given.found.get(node)?.sum);
  if (without !== undefined) throw unreachable(runner, without, given.failed);
  // Another caller may have put its own key meanwhile.
  compare(
    runner,
    new Map([...sums, ...[...given.found].map(([node, { sum }]) => [node, sum] as const), [first, sumOf(whole)]]),
  );
  return { key: whole, put: missing, missing: [], unseen: {} };
}

/** A node's key. @param give is stored there first if the node has none */
async function readFrom(runner: Runner, node: string, give?: string): Promise<string> {
  const { found, failed } = await askNodes(runner, [node], { read: true, ...(give === undefined ? {} : { give }) });
  const key = found.get(node)?.key ?? "";
  if (key === "") throw unreachable(runner, node, failed);
  return key;
}
