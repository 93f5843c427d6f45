/** The combined effect of strong colocations: which VMs end up sharing a node, and which pairs never do. */
import { isDeepStrictEqual } from "node:util";
import type { View, ViewRelation } from "./view";

/** A pair of VMs, and the colocation that makes it one. */
export interface Pair {
  vms: [string, string];
  by: ViewRelation;
}

/** All pairs of a list. */
export const pairsOf = <T>(list: readonly T[]): [T, T][] =>
  list.flatMap((one, index) => list.slice(index + 1).map((other): [T, T] => [one, other]));

/** The pairs that never share a node. */
export const apartPairs = ({ relations }: View): Pair[] =>
  relations
    .filter(({ kind, strong }) => kind === "apart" && strong)
    .flatMap((by) => pairsOf([...new Set(by.vms)]).map((vms) => ({ vms, by })));

/** Sets of VMs that share a node or do not run, with the colocations that bind them; one set per connected group. */
export function boundSets({ relations }: View): { vms: Set<string>; by: ViewRelation[] }[] {
  const sets: { vms: Set<string>; by: ViewRelation[] }[] = [];
  for (const relation of relations) {
    if (relation.kind !== "together" || !relation.strong) continue;
    const joined = { vms: new Set(relation.vms), by: [relation] };
    for (const each of sets.filter(({ vms }) => relation.vms.some((vm) => vms.has(vm)))) {
      for (const vm of each.vms) joined.vms.add(vm);
      joined.by.push(...each.by);
      sets.splice(sets.indexOf(each), 1);
    }
    sets.push(joined);
  }
  return sets;
}

/** A set of more than `hosts` VMs whose pairs are all apart, or undefined. */
export function tooMany(pairs: readonly Pair[], hosts: number): string[] | undefined {
  const apart = new Map<string, Set<string>>();
  for (const {
    vms: [one, other],
  } of pairs) {
    for (const [a, b] of [
      [one, other],
      [other, one],
    ] as const)
      apart.set(a, (apart.get(a) ?? new Set()).add(b));
  }
  const grow = (chosen: string[], left: readonly string[]): string[] | undefined => {
    if (chosen.length > hosts) return chosen;
    for (const [index, vm] of left.entries()) {
      const found = grow(
        [...chosen, vm],
        left.slice(index + 1).filter((other) => apart.get(vm)?.has(other)),
      );
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return grow([], [...apart.keys()]);
}

/** The names of colocations for a sentence, independent of the order in which the engine passes them. */
export const namesOf = (relations: readonly ViewRelation[]): string =>
  [...new Set(relations.map(({ name }) => `"${name}"`))].sort().join(", ");

/** The first of them that is a resource of the stack; the message is shown with it. */
export const shownOf = (relations: readonly ViewRelation[]) =>
  relations.find(({ resource }) => resource !== undefined)?.resource;

export const samePair = (one: readonly string[], other: readonly string[]) =>
  isDeepStrictEqual([...one].sort(), [...other].sort());
