/** VMs that run together or apart: vm-mgr's `add_colocation`, and what it lacks. */
import type { XmlElement } from "../../cluster";
import { constraint, readScore, readSets, shapeOf, type Relation } from "./element";

/** The spec of a colocation. */
export interface ColocationSpec {
  /** The VM that follows the others, and gives way if there is no capacity for all. */
  vm: string;
  with: string[];
  /** A hard requirement: if it cannot be met, a VM does not run. */
  strong: boolean;
  /** Each on a different node than all the others. */
  apart: boolean;
  /** The score of a weak one. @default 700 */
  score?: number;
  adopt?: boolean;
  owner?: string;
}

/** The default score of a weak one, as in vm-mgr. */
export const WEAK_SCORE = 700;

const scoreText = ({ strong, apart, score = WEAK_SCORE }: ColocationSpec) =>
  `${apart ? "-" : ""}${strong ? "INFINITY" : score}`;
const prefix = (strong: boolean, apart: boolean) => `${apart ? "apart" : "colocation"}-${strong ? "strong-" : ""}`;

/** vm-mgr's id for a colocation; for VMs apart it names the group, in which each pair has its own constraint. */
export const colocationId = (spec: Pick<ColocationSpec, "vm" | "with" | "strong" | "apart">) =>
  `${prefix(spec.strong, spec.apart)}${spec.vm}-with${spec.with.join("-")}`;

/** The pairs of a group, each with the VM that gives way first. */
export const pairsOf = (members: readonly string[]): [string, string][] =>
  members.flatMap((one, index) => members.slice(index + 1).map((other): [string, string] => [one, other]));

/**
 * The CIB elements. Together is one constraint, as vm-mgr makes it. Apart is one per pair: a set of several would keep
 * the first from the others, but leave the others together.
 */
export function colocationRelation(spec: ColocationSpec): Relation {
  const members = [spec.vm, ...spec.with];
  const one = (vm: string, others: string[]) =>
    constraint(
      "rsc_colocation",
      { id: colocationId({ ...spec, vm, with: others }), score: scoreText(spec) },
      [
        { members: [vm], sequential: true },
        { members: others, sequential: false },
      ],
      spec.owner,
    );
  return {
    noun: "colocation",
    label: `${spec.vm} ${spec.apart ? "apart from" : "with"} ${spec.with.join(", ")}`,
    members,
    ...(spec.owner === undefined ? {} : { owner: spec.owner }),
    adopt: spec.adopt ?? false,
    elements: spec.apart ? pairsOf(members).map(([a, b]) => one(a, [b])) : [one(spec.vm, spec.with)],
  };
}

/** A colocation as read from constraints. */
export interface ReadColocation {
  vm: string;
  with: string[];
  strong: boolean;
  apart: boolean;
  score?: number;
  /** How the constraints deviate from any colocation of ours, in words. */
  altered?: string;
}

const byOrderOf = (known: readonly string[]) => (a: string, b: string) => {
  const at = (name: string) => (known.includes(name) ? known.indexOf(name) : known.length);
  return at(a) - at(b);
};

/**
 * Reads constraints back.
 * @param nodes at least one
 * @param before the last spec: it gives the order in which the user names the VMs
 */
export function readColocation(nodes: readonly XmlElement[], before: ColocationSpec): ReadColocation {
  const known = [before.vm, ...before.with];
  const score = scoreOf(nodes, before);
  const apart = score < 0;
  const strength = strengthOf(Math.abs(score));
  const sets = nodes.map((node) => readSets(node) ?? []);
  const all = [...new Set(sets.flatMap((each) => each.flatMap(({ members }) => members)))].sort(byOrderOf(known));
  const [dependent] = sets[0]?.[0]?.members ?? [];
  const vm = (apart || before.apart ? all[0] : dependent) ?? before.vm;
  const read = { vm, with: all.filter((name) => name !== vm), apart, ...strength };
  const made = colocationRelation({ ...read, adopt: false });
  const others = made.elements.filter((wanted) => !nodes.some((node) => sameMembers(node, wanted)));
  const strange = nodes.filter((node) => !made.elements.some((wanted) => sameMembers(node, wanted)));
  const altered = [
    ...others.map((node) => `${node.attrs["id"]} is missing`),
    ...strange.map((node) => `${node.attrs["id"]} says something else`),
  ];
  return altered.length === 0 ? read : { ...read, altered: altered.join("; ") };
}

/** The score of the constraints; if they differ, the first that deviates from the spec. */
function scoreOf(nodes: readonly XmlElement[], before: ColocationSpec): number {
  const scores = nodes.map((node) => readScore(node.attrs["score"]));
  const asked = readScore(scoreText(before));
  return scores.find((score) => score !== asked) ?? asked;
}

const strengthOf = (weight: number) => {
  if (weight === Infinity) return { strong: true };
  return weight === WEAK_SCORE ? { strong: false } : { strong: false, score: weight };
};

const sameMembers = (node: XmlElement, wanted: XmlElement) =>
  shapeOf(node) === shapeOf(wanted) && readScore(node.attrs["score"]) === readScore(wanted.attrs["score"]);
