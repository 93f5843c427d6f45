/** The VMs that strong constraints keep apart, and the order to change them in. */
import type { Inventory, XmlElement } from "../../cluster";
import { parkedOn } from "../form/parked-constraints";
import { strongBonds, type Bond } from "../relation/bonds";

/** A VM that another VM is kept apart from. */
export interface Apart {
  vm: string;
  /** The constraint. */
  by: string;
}

/**
 * The bonds that keep VMs of a cluster apart: constraints of any owner, including those parked with a disabled VM and
 * those that the program is about to create.
 */
export function apartBonds(inventory: Inventory, planned: readonly XmlElement[] = []): Bond[] {
  const waiting = parkedOn(inventory).flatMap(({ nodes }) => nodes);
  return strongBonds([...inventory.cib.constraints, ...waiting, ...planned], undefined, true);
}

/** The VMs that a VM is kept apart from, each once. */
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
 * The order in which VMs are changed: as in the constraints, first the VM that gives way if there is no capacity for
 * both. So a change is tried on the standby.
 */
export const inOrder = (bonds: readonly Bond[]): string[] => [...new Set(bonds.flatMap(({ pair }) => pair))];
