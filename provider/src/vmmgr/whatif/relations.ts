/** The VMs that Pacemaker keeps together or apart, by constraints of any origin and form. */
import type { Cib, XmlElement } from "../../cluster";
import { readScore, readSets, type MemberSet } from "../relation/element";
import { isVm } from "./declared";

/** VMs that are kept together or apart. */
export interface RelatedVms {
  /** The constraint. One that keeps several apart occurs once per pair. */
  id: string;
  kind: "together" | "apart";
  /** INFINITY: mandatory. Otherwise if possible. */
  strong: boolean;
  /** Exactly two for VMs apart. */
  vms: string[];
}

/** The colocations of VMs in a CIB. */
export function relationsOf(cib: Cib): RelatedVms[] {
  const vms = new Set([...cib.primitives].filter(([, primitive]) => isVm(primitive)).map(([id]) => id));
  return cib.constraints
    .filter(({ name }) => name === "rsc_colocation")
    .flatMap((constraint) => {
      const { score, id = "" } = constraint.attrs;
      const weight = readScore(score ?? constraint.children[0]?.attrs["score"]);
      const groups = weight === 0 ? [] : weight > 0 ? [together(constraint)] : apart(constraint);
      return groups
        .map((group) => [...new Set(group)].filter((vm) => vms.has(vm)))
        .filter((group) => group.length > 1)
        .map((group): RelatedVms => ({
          id,
          kind: weight > 0 ? "together" : "apart",
          strong: Math.abs(weight) === Infinity,
          vms: group,
        }));
    });
}

/** A single unordered set relates nothing. */
function together(constraint: XmlElement): string[] {
  const sets = readSets(constraint) ?? [];
  return sets.length === 1 && sets[0]?.sequential === false ? [] : sets.flatMap(({ members }) => members);
}

/** The pairs kept apart: within an ordered set each from each, and sets from the sets after them. */
function apart(constraint: XmlElement): [string, string][] {
  const sets = readSets(constraint) ?? [];
  const within = sets
    .filter(({ sequential }) => sequential)
    .flatMap(({ members }) =>
      members.flatMap((one, index) => members.slice(index + 1).map((other): [string, string] => [one, other])),
    );
  const between = sets.slice(1).flatMap((set, index) => {
    const before = sets[index];
    return before === undefined
      ? []
      : facing(before, "first").flatMap((one) => facing(set, "last").map((other): [string, string] => [one, other]));
  });
  return [...within, ...between];
}

/** One member of an ordered set represents it to the next set. */
function facing({ members, sequential }: MemberSet, end: "first" | "last"): string[] {
  if (!sequential) return [...members];
  const one = members.at(end === "first" ? 0 : -1);
  return one === undefined ? [] : [one];
}
