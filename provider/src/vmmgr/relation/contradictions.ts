/** Strong colocations that leave a VM no node: Pacemaker accepts them silently, and stops one of the VMs. */
import { nvpairs, type Inventory, type XmlElement } from "../../cluster";
import { readPlacement } from "../form/placement";
import { hypervisorsOf } from "../core/context";
import type { Refusal } from "../core/errors";
import type { PlannedVms } from "../core/planned";
import { pairsOf, type ColocationSpec } from "./colocation";
import { strongBonds, tieBetween } from "./bonds";

/** The node that a VM is pinned to: in the program, or in the cluster if the program does not declare the VM. */
function pinOf(inventory: Inventory, planned: PlannedVms, vm: string): string | undefined {
  const plan = planned(vm);
  return plan === undefined ? readPlacement(inventory.cib, vm).pinnedHost : plan.pinnedHost;
}

/** Pairs of VMs whose pins contradict running together or apart, with the reason. */
export function disagreeingPins(
  inventory: Inventory,
  members: readonly string[],
  apart: boolean,
  planned: PlannedVms,
): { pair: [string, string]; words: string }[] {
  const pinned = members.flatMap((vm) => {
    const host = pinOf(inventory, planned, vm);
    return host === undefined ? [] : [{ vm, host }];
  });
  return pairsOf(pinned.map(({ vm }) => vm)).flatMap((pair) => {
    const [one, other] = pair.map((vm) => pinned.find((each) => each.vm === vm)?.host);
    if (apart ? one !== other : one === other) return [];
    const [a, b] = pair;
    return [
      {
        pair,
        words:
          one === other
            ? `"${a}" and "${b}" are both pinned to ${one}`
            : `"${a}" is pinned to ${one} and "${b}" to ${other}`,
      },
    ];
  });
}

/** Parts of a strong colocation that can never be satisfied: one of its VMs would not run. */
export function contradictionRefusals(inventory: Inventory, spec: ColocationSpec, planned: PlannedVms): Refusal[] {
  if (!spec.strong) return [];
  const members = [spec.vm, ...spec.with];
  const property = spec.apart ? "apart" : "with";
  const wish = "make it a wish by `strong: false`";
  const pins = disagreeingPins(inventory, members, spec.apart, planned).map(({ pair: [a, b], words }) => ({
    property,
    reason: `${words}: "${a}" would not run while "${b}" does. Change a pin, or ${wish}`,
  }));
  const hosts = hypervisorsOf(inventory);
  const runs = members.filter((vm) => isMeantToRun(inventory, planned, vm));
  if (!spec.apart || runs.length <= hosts.length) return pins;
  const many = `${runs.length} VMs cannot each have a node of their own: the cluster has the hypervisors ${hosts.join(", ")}, and ${runs.slice(0, runs.length - hosts.length).join(", ")} would not run`;
  return [...pins, { property: "with", reason: `${many}. Name fewer, or ${wish}` }];
}

function isMeantToRun(inventory: Inventory, planned: PlannedVms, vm: string): boolean {
  const plan = planned(vm);
  if (plan !== undefined) return plan.enabled !== false && plan.started !== false;
  return nvpairs(inventory.cib.primitives.get(vm), "meta_attributes")["target-role"] !== "Stopped";
}

/**
 * Refuses a pin that foreign strong colocations leave no node for. Colocations of the same program have their own
 * check, which comes once the program's VMs are known: it may change them in the same run.
 * @param isOwn whether a VM or a constraint belongs to the same program, so that it may change in the same run
 */
export function pinRefusals(
  inventory: Inventory,
  vm: string,
  pinnedHost: string,
  planned: PlannedVms,
  isOwn: (what: string | XmlElement) => boolean,
): Refusal[] {
  const foreign = inventory.cib.constraints.filter((node) => !isOwn(node));
  const settled = (other: string) => planned(other) !== undefined || !isOwn(other);
  const refuse = (other: string, how: string, ids: readonly string[]) => {
    const names = [...new Set(ids)].map((id) => `"${id}"`).join(" and ");
    return {
      property: "pinnedHost",
      reason: `${names} keeps "${vm}" ${how} "${other}", strongly, which is pinned to ${pinOf(inventory, planned, other)}: on ${pinnedHost} one of them would not run`,
    };
  };
  const together = strongBonds(foreign, undefined, false);
  const others = [...new Set(together.flatMap(({ pair }) => pair))].filter((each) => each !== vm && settled(each));
  const bound = others.flatMap((other) => {
    const tie = tieBetween(together, vm, other);
    const pin = pinOf(inventory, planned, other);
    return tie === undefined || pin === undefined || pin === pinnedHost ? [] : [refuse(other, "with", tie)];
  });
  const apart = strongBonds(foreign, undefined, true).flatMap(({ pair, id }) => {
    const other = pair[0] === vm ? pair[1] : pair[1] === vm ? pair[0] : undefined;
    return other === undefined || !settled(other) || pinOf(inventory, planned, other) !== pinnedHost
      ? []
      : [refuse(other, "apart from", [id])];
  });
  return [...bound, ...apart];
}
