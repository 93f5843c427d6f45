/** Reasons to reject a guest node on this cluster, in a preview and before a change alike. */
import type { Inventory } from "../../cluster";
import type { Refusal } from "../core/errors";
import type { GuestNodeSpec } from "./model";
import { findGuestNode, guestNodes } from "./settings";

/** The known part of a spec in a preview. */
export type PartialGuestNode = Partial<GuestNodeSpec>;

export function guestNodeRefusals(inventory: Inventory, spec: PartialGuestNode): Refusal[] {
  return [...vmRefusals(inventory, spec), ...nameRefusals(inventory, spec), ...endpointRefusals(inventory, spec)];
}

function vmRefusals(inventory: Inventory, { vm, name }: PartialGuestNode): Refusal[] {
  const present = vm === undefined ? undefined : findGuestNode(inventory, vm);
  if (present === undefined || name === undefined || present.name === name) return [];
  const reason = `VM "${vm}" is guest node "${present.name}" already; a VM is one node: take that away, or give its name`;
  return [{ property: "vm", reason }];
}

function nameRefusals(inventory: Inventory, { vm, name }: PartialGuestNode): Refusal[] {
  if (name === undefined || vm === undefined) return [];
  const taken = (what: string) => [{ property: "name", reason: `"${name}" is taken: ${what}` }];
  const { cib } = inventory;
  const other = guestNodes(cib).get(name);
  if (other !== undefined && other.vm !== vm) return taken(`VM "${other.vm}" is the guest node of this name`);
  if (cib.nodes.includes(name)) return taken("it is a node of the cluster");
  // Pacemaker creates a resource with the guest node's name for its connection.
  if (name === vm || cib.primitives.has(name))
    return taken("a primitive has this name, and Pacemaker makes one for the guest node");
  if (cib.ids.has(name)) return taken("an element of the CIB has this id");
  return [];
}

function endpointRefusals({ cib }: Inventory, { vm, name, address, port }: PartialGuestNode): Refusal[] {
  if (address === undefined || port === undefined) return [];
  const other = [...guestNodes(cib).values()].find(
    (each) => each.address === address && each.port === port && each.vm !== vm && each.name !== name,
  );
  if (other === undefined) return [];
  return [
    {
      property: "address",
      reason: `guest node "${other.name}" (VM "${other.vm}") is at ${address}, port ${port}, already`,
    },
  ];
}
