/** What is asked of a what-if. */
import type { XmlElement } from "../../cluster";
import type { GuestNodeSpec, GuestResourceSpec } from "../guest";
import type { VmSpec } from "../form/model";

/** What is to be on the cluster, and what is to go. */
export interface Plan {
  /** VMs that are made or changed, in the order in which Pacemaker hears of them. */
  vms: readonly VmSpec[];
  /** VMs that are removed. */
  removed: readonly string[];
  /** Constraints that are made, or take the place of the ones of their ids. */
  constraints?: readonly XmlElement[];
  /** Ids of constraints that go. */
  removedConstraints?: readonly string[];
  /** Guest nodes that are made or changed. */
  guests?: readonly GuestNodeSpec[];
  /** Guest nodes that are VMs alone again. */
  removedGuests?: readonly Pick<GuestNodeSpec, "vm" | "name">[];
  /** Primitives inside of guest nodes that are made or changed. */
  services?: readonly GuestResourceSpec[];
  /** Names of those that go. */
  removedServices?: readonly string[];
  /** Of all these what is only named, by its id: as the cluster has it, it stays, whatever has become of it there. */
  unchanged?: readonly string[];
}
