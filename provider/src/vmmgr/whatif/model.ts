/** The input of a what-if. */
import type { XmlElement } from "../../cluster";
import type { GuestNodeSpec, GuestResourceSpec } from "../guest";
import type { VmSpec } from "../form/model";

/** The desired additions, changes and removals on the cluster. */
export interface Plan {
  /** VMs to create or change, in the order in which Pacemaker gets them. */
  vms: readonly VmSpec[];
  /** VMs to remove. */
  removed: readonly string[];
  /** Constraints to create, or to replace those with the same ids. */
  constraints?: readonly XmlElement[];
  /** Ids of constraints to remove. */
  removedConstraints?: readonly string[];
  /** Guest nodes to create or change. */
  guests?: readonly GuestNodeSpec[];
  /** Guest nodes that become plain VMs again. */
  removedGuests?: readonly Pick<GuestNodeSpec, "vm" | "name">[];
  /** Primitives inside guest nodes to create or change. */
  services?: readonly GuestResourceSpec[];
  /** Names of those to remove. */
  removedServices?: readonly string[];
  /** Ids of those above that are only named: they stay as the cluster has them, whatever their state there. */
  unchanged?: readonly string[];
}
