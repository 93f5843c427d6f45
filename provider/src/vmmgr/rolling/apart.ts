/** Which VMs are kept apart strongly, and which of them is changed first. */
import type { Inventory, XmlElement } from "../../cluster";
import { parkedOn } from "../form/parked-constraints";
import { strongBonds, type Bond } from "../relation/bonds";

/** One that a VM is kept apart from. */
export interface Apart {
  vm: string;
  /** The constraint. */
  by: string;
}

/**
 * What keeps VMs of a cluster apart: constraints of whomever, those that wait with a VM that is not enabled among them, and
 * those that the program is about to make.
 */
export function apartBonds(inventory: Inventory, planned: readonly XmlElement[] = []): Bond[] {
  const waiting = parkedOn(inventory).flatMap(({ nodes }) => nodes);
  return strongBonds([...inventory.cib.constraints, ...waiting, ...planned], undefined, true);
}

/** Those that a VM is kept apart from, each once. */
export function apartFrom(bonds: readonly Bond[], vm: string): Apart[] {
  const found = new Map<string, string>();
  for (const {
    pair: [one, other],
    id,
  } of bonds) {
    const peer = one === vm ? other : other === vm ? one : undefined;
    if (peer !== undefined && peer !== vm && !found.has(peer)) found.set(peer, id);
  }
  return [...found].map(([vm, by]) => ({ vm, by }));
}

/**
 * The order in which VMs are changed: as the constraints name them, the one first that gives way where there is no room for
 * both. So it is the standby on which a change is tried.
 */
export const inOrder = (bonds: readonly Bond[]): string[] => [...new Set(bonds.flatMap(({ pair }) => pair))];
