/** Problems of a relation that can be found before anything is changed, and its effect on running VMs. */
import { nvpairs, type Inventory, type XmlElement } from "../../cluster";
import { hypervisorsOf } from "../core/context";
import type { Refusal } from "../core/errors";
import type { PlannedVms } from "../core/planned";
import { noSuchVm, systemImage } from "../form/names";
import { strongBonds, tieBetween } from "./bonds";
import { pairsOf, type ColocationSpec } from "./colocation";
import { isMarkedBy, readScore, readSets } from "./element";
import { disagreeingPins } from "./contradictions";
import type { OrderSpec } from "./order";

/** A VM that an input names. */
export interface Named {
  property: string;
  vm: string;
}

/** VMs that do not exist or are not enabled, neither on the cluster nor in the program. */
export function memberRefusals(inventory: Inventory, named: readonly Named[], planned: PlannedVms): Refusal[] {
  return named.flatMap(({ property, vm }) => {
    const plan = planned(vm);
    if (plan?.enabled === true || (plan === undefined && inventory.cib.primitives.has(vm))) return [];
    if (plan !== undefined && plan.enabled === undefined) return [];
    if (plan?.enabled === false)
      return [
        {
          property,
          reason: `VM "${vm}" has \`enabled: false\` in this program; Pacemaker places only VMs that are enabled`,
        },
      ];
    if (inventory.images.has(systemImage(vm)))
      return [{ property, reason: `VM "${vm}" is not enabled; Pacemaker places only VMs that are` }];
    return [{ property, reason: `${noSuchVm(vm)}; one that this program makes is named by its output, \`.name\`` }];
  });
}

/**
 * Foreign strong constraints that contradict the spec.
 * @param constraints of the cluster, and those that the program creates first
 */
export function contradictions(constraints: readonly XmlElement[], spec: ColocationSpec): Refusal[] {
  if (!spec.strong) return [];
  const together = strongBonds(constraints, spec.owner, false);
  const quoted = (ids: readonly string[]) => [...new Set(ids)].map((id) => `"${id}"`).join(" and ");
  if (spec.apart) {
    return pairsOf([spec.vm, ...spec.with]).flatMap(([a, b]) => {
      const tie = tieBetween(together, a, b);
      if (tie === undefined) return [];
      return [
        {
          property: "apart",
          reason: `"${a}" and "${b}" cannot be kept apart: ${quoted(tie)} keeps them together, strongly`,
        },
      ];
    });
  }
  const ours = spec.with.map((other) => ({ pair: [spec.vm, other] as [string, string], id: "" }));
  const members = [spec.vm, ...spec.with];
  return strongBonds(constraints, spec.owner, true).flatMap(({ pair: [a, b], id }) => {
    const tie = tieBetween([...ours, ...together], a, b);
    // A contradiction that exists without ours is not for us to refuse.
    if (tie === undefined || tieBetween(together, a, b) !== undefined) return [];
    const through = tie.filter((each) => each !== "");
    const how = members.includes(a) && members.includes(b) ? "" : ` (tied to them by ${quoted(through)})`;
    return [
      {
        property: "with",
        reason: `"${a}" and "${b}" cannot be kept together${how}: "${id}" keeps them apart, strongly`,
      },
    ];
  });
}

/** Foreign orders that would form a cycle with this one. */
export function orderRefusals(constraints: readonly XmlElement[], spec: OrderSpec): Refusal[] {
  if (spec.kind !== "mandatory") return [];
  const steps = constraints.flatMap((node) => {
    const mandatory =
      (node.attrs["kind"] ?? "Mandatory") === "Mandatory" && readScore(node.attrs["score"] ?? "INFINITY") > 0;
    if (node.name !== "rsc_order" || isMarkedBy(node, spec.owner) || !mandatory) return [];
    return successions(readSets(node) ?? []).map(([a, b]) => ({
      pair: [a, b] as [string, string],
      id: node.attrs["id"] ?? "",
    }));
  });
  const ours: [string, string][] = spec.sequential
    ? [spec.first, ...spec.then].slice(1).map((vm, index) => [[spec.first, ...spec.then][index] ?? vm, vm])
    : spec.then.map((vm) => [spec.first, vm]);
  return ours.flatMap(([a, b]) => {
    const back = pathFrom(steps, b, a);
    if (back === undefined) return [];
    return [
      {
        property: "then",
        reason: `"${b}" cannot wait for "${a}": by ${[...new Set(back)].map((id) => `"${id}"`).join(" and ")} it is the other way round`,
      },
    ];
  });
}

function successions(sets: readonly { members: readonly string[]; sequential: boolean }[]): [string, string][] {
  const within = sets.flatMap(({ members, sequential }) =>
    sequential ? members.slice(1).map((b, index): [string, string] => [members[index] ?? b, b]) : [],
  );
  const across = sets
    .slice(1)
    .flatMap(({ members }, index) =>
      (sets[index]?.members ?? []).flatMap((a) => members.map((b): [string, string] => [a, b])),
    );
  return [...within, ...across];
}

function pathFrom(
  steps: readonly { pair: [string, string]; id: string }[],
  from: string,
  to: string,
): string[] | undefined {
  const via = new Map<string, string[]>([[from, []]]);
  for (const [at, path] of via) {
    if (at === to) return path;
    for (const {
      pair: [a, b],
      id,
    } of steps)
      if (a === at && !via.has(b)) via.set(b, [...path, id]);
  }
  return undefined;
}

const nodeOf = (inventory: Inventory, vm: string): string | undefined => {
  const nodes = inventory.status.resources.get(vm)?.nodes ?? [];
  return nodes.length === 1 ? nodes[0] : undefined;
};

const howItMoves = (inventory: Inventory, vm: string) =>
  nvpairs(inventory.cib.primitives.get(vm), "meta_attributes")["allow-migrate"] === "true"
    ? "live"
    : "by a stop and a start";

/** The effects of a new colocation, one sentence each. */
export function colocationNotices(inventory: Inventory, spec: ColocationSpec, planned: PlannedVms): string[] {
  const members = [spec.vm, ...spec.with];
  const running = members.flatMap((vm) => {
    const node = nodeOf(inventory, vm);
    return node === undefined ? [] : [{ vm, node }];
  });
  const nodes = new Set(running.map(({ node }) => node));
  const fits = spec.apart ? nodes.size === running.length : nodes.size <= 1;
  const where = running.map(({ vm, node }) => `${vm} on ${node} (moves ${howItMoves(inventory, vm)})`).join(", ");
  const title = `Colocation of ${members.join(", ")}`;
  return [
    ...(fits ? [] : [`${title}: they run ${where}; Pacemaker may move some of them`]),
    ...pinNotices(inventory, spec, members, planned).map((text) => `${title}: ${text}`),
    ...roomNotices(inventory, spec, members).map((text) => `${title}: ${text}`),
  ];
}

/** For a weak one only; a strong one that can never be satisfied is refused. */
function pinNotices(
  inventory: Inventory,
  spec: ColocationSpec,
  members: readonly string[],
  planned: PlannedVms,
): string[] {
  if (spec.strong) return [];
  return disagreeingPins(inventory, members, spec.apart, planned).map(
    ({ words }) => `${words}; it will have no effect on them`,
  );
}

function roomNotices(inventory: Inventory, spec: ColocationSpec, members: readonly string[]): string[] {
  const hosts = hypervisorsOf(inventory).length;
  if (!spec.apart || spec.strong || members.length <= hosts) return [];
  return [`${members.length} VMs apart on ${hosts} nodes: some will share one`];
}

/** The effects of a new order, one sentence each. */
export function orderNotices(inventory: Inventory, spec: OrderSpec): string[] {
  if (spec.kind !== "mandatory") return [];
  const { first, then } = spec;
  const others = then.join(", ");
  const bound = spec.symmetrical
    ? `when ${first} stops, restarts or moves by a stop, so do ${others}`
    : `${others} will not start while ${first} is down`;
  const stopped = inventory.cib.primitives.has(first) && nodeOf(inventory, first) === undefined;
  const running = then.filter((vm) => nodeOf(inventory, vm) !== undefined);
  const now =
    stopped && running.length > 0 && spec.symmetrical
      ? `. ${first} does not run now: ${running.join(", ")} will be stopped`
      : "";
  return [`Order of ${[first, ...then].join(", ")}: ${bound}${now}`];
}
