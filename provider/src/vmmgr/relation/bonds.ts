/** The VMs that strong constraints tie together or keep apart. */
import type { XmlElement } from "../../cluster";
import { isMarkedBy, readScore, readSets } from "./element";

/** Two VMs that a constraint ties together or keeps apart. */
export interface Bond {
  pair: [string, string];
  /** The constraint. */
  id: string;
}

/**
 * The bonds of strong constraints: which VMs always run on one node, or never do, and the constraint for each.
 * @param owner its constraints are left out
 */
export function strongBonds(constraints: readonly XmlElement[], owner: string | undefined, apart: boolean): Bond[] {
  return constraints.flatMap((node) => {
    const score = readScore(node.attrs["score"]);
    if (
      node.name !== "rsc_colocation" ||
      isMarkedBy(node, owner) ||
      Math.abs(score) !== Infinity ||
      score < 0 !== apart
    )
      return [];
    const sets = (readSets(node) ?? []).map(({ members }) => members);
    const [first = [], ...others] = sets;
    const across = first.flatMap((a) => others.flat().map((b): [string, string] => [a, b]));
    const along = sets.length === 1 ? first.slice(1).map((b, index): [string, string] => [first[index] ?? b, b]) : [];
    return [...across, ...along].map((pair) => ({ pair, id: node.attrs["id"] ?? "" }));
  });
}

/** The constraints that tie one VM to another, directly or through others; undefined if none do. */
export function tieBetween(bonds: readonly Bond[], from: string, to: string): string[] | undefined {
  const via = new Map<string, string[]>([[from, []]]);
  for (const [at, path] of via) {
    if (at === to) return path;
    for (const { pair, id } of bonds) {
      const [a, b] = pair;
      const next = a === at ? b : b === at ? a : undefined;
      if (next !== undefined && !via.has(next)) via.set(next, [...path, id]);
    }
  }
  return undefined;
}
