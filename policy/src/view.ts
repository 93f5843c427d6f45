/** A stack on one of its clusters, together with what else is on the cluster. */
import type { StackValidationArgs } from "@pulumi/policy";
import { wordsFor, type Planned } from "./cluster";
import { declaredOf, hostsOf, isUnknownAt, vmName, type Declared } from "./declared";

/** A VM of the stack, or another one on the cluster. */
export interface ViewVm {
  vm: string;
  /** Absent if it is not of this stack. */
  resource?: Declared;
  pinnedHost?: string;
  preferredHost?: string;
  metadata: Record<string, string>;
  /** Whether it should run. */
  runs: boolean;
}

/** VMs that are kept together or apart. */
export interface ViewRelation {
  /** The name of the resource, or the id of the constraint. */
  name: string;
  resource?: Declared;
  kind: "together" | "apart";
  /** Strict: otherwise the VMs do not run. If false, it is a preference. */
  strong: boolean;
  vms: string[];
}

/** What stack rules check. */
export interface View {
  /** `the cluster`, or `cluster "north"`. */
  where: string;
  cluster?: string;
  /** The resources of the stack on this cluster. */
  resources: Declared[];
  vms: ViewVm[];
  relations: ViewRelation[];
  /** The scheduler's result. Absent if the cluster does not answer; the view then has only the stack's own VMs. */
  planned?: Planned;
}

/** The resources of a stack. */
export const resourcesOf = ({ resources }: StackValidationArgs): Declared[] =>
  resources.map((each) => declaredOf(each)).filter((each) => each !== undefined);

/** The clusters of a stack. @param standard whether the configuration has an unnamed one */
export function clustersOf(resources: readonly Declared[], standard: boolean): (string | undefined)[] {
  const named = resources.filter((each) => !isUnknownAt(each, "cluster")).map(({ cluster }) => cluster);
  return [...new Set([...(standard ? [undefined] : []), ...named])];
}

/** Combines the stack and the cluster. */
export function viewOf(cluster: string | undefined, all: readonly Declared[], planned: Planned | undefined): View {
  const resources = all.filter((each) => each.cluster === cluster && !isUnknownAt(each, "cluster"));
  // The engine passes resources in the order of completion, which differs every time.
  const own = sortedBy(resources.filter(({ kind }) => kind === "Vm").map(ofStack), ({ vm }) => vm);
  const names = new Set(own.map(({ vm }) => vm));
  const beside = (planned?.declared ?? [])
    .filter(({ vm }) => !names.has(vm))
    .map((each): ViewVm => ({
      vm: each.vm,
      ...(each.pinnedHost === undefined ? {} : { pinnedHost: each.pinnedHost }),
      ...(each.preferredHost === undefined ? {} : { preferredHost: each.preferredHost }),
      metadata: each.metadata,
      runs: each.started,
    }));
  const relations = sortedBy(
    resources.filter(({ kind }) => kind === "Colocation").flatMap(relationOf),
    ({ name }) => name,
  );
  const known = new Set(relations.map(keyOf));
  const others = (planned?.relations ?? [])
    .map(({ id, kind, strong, vms }): ViewRelation => ({ name: id, kind, strong, vms }))
    .filter((each) => !known.has(keyOf(each)) && !isPartOf(relations, each));
  return {
    where: wordsFor(cluster),
    ...(cluster === undefined ? {} : { cluster }),
    resources,
    vms: [...own, ...beside],
    relations: [...relations, ...others],
    ...(planned === undefined ? {} : { planned }),
  };
}

const sortedBy = <T>(list: readonly T[], key: (each: T) => string): T[] =>
  [...list].sort((one, other) => (key(one) < key(other) ? -1 : 1));

const keyOf = ({ kind, strong, vms }: ViewRelation) => JSON.stringify([kind, strong, [...vms].sort()]);

/** A colocation with `apart` has one constraint per pair. */
const isPartOf = (relations: readonly ViewRelation[], { kind, strong, vms }: ViewRelation) =>
  relations.some((each) => each.kind === kind && each.strong === strong && vms.every((vm) => each.vms.includes(vm)));

function ofStack(resource: Declared): ViewVm {
  const { inputs } = resource;
  const hosts = Object.fromEntries(hostsOf(resource).map(({ key, host }) => [key, host]));
  const metadata = (inputs["metadata"] ?? {}) as Record<string, string>;
  return {
    vm: vmName(resource),
    resource,
    ...hosts,
    metadata,
    runs: inputs["enabled"] !== false && inputs["started"] !== false,
  };
}

function relationOf(resource: Declared): ViewRelation[] {
  const { inputs, name } = resource;
  const others = Array.isArray(inputs["with"]) ? inputs["with"].map(String) : [];
  const first = typeof inputs["vm"] === "string" ? [inputs["vm"]] : [];
  return [
    {
      name,
      resource,
      kind: inputs["apart"] === true ? "apart" : "together",
      strong: inputs["strong"] === true,
      vms: [...first, ...others],
    },
  ];
}

/** The resource of a VM; undefined if it is not of this stack. */
export const resourceOf = ({ vms }: View, vm: string): Declared | undefined =>
  vms.find((each) => each.vm === vm)?.resource;

/** The resource of the first of these VMs that belongs to this stack; undefined if none does. */
export const resourceAmong = ({ vms }: View, names: Iterable<string>): Declared | undefined => {
  const among = new Set(names);
  return vms.find(({ vm, resource }) => resource !== undefined && among.has(vm))?.resource;
};
