/** Guest nodes and the resources inside them: what a plan does to them, and which VMs could land on one. */
import type { Cib, CibChange } from "../../cluster";
import { banChanges, openTo, unbanChanges } from "../guest/keepoff";
import { resourceChanges, resourceRemoval } from "../guest/resource";
import { guestNodes } from "../guest/settings";
import type { Plan } from "./model";

/** A VM that is a cluster node. */
export interface Guest {
  /** The node. */
  guest: string;
  vm: string;
}

/** A VM that Pacemaker may place on a guest node: a VM inside a VM. */
export interface Open {
  vm: string;
  guest: string;
}

/**
 * The bans that keep foreign VMs out of the plan's guest nodes, as the provider creates them, and the removal of bans
 * on guest nodes that go.
 */
export function guestBans(cib: Cib, { vms, removed, guests = [], removedGuests = [] }: Plan): CibChange[] {
  // Each of the plan's VMs has the rule that restricts it to cluster nodes.
  const own = new Set([...vms.map(({ name }) => name), ...removed]);
  const there = (vm: string) => cib.primitives.has(vm) || own.has(vm);
  return [
    ...guests
      .filter(({ vm }) => there(vm))
      .flatMap(({ name, vm }) =>
        banChanges(
          openTo(cib, name, vm).vms.filter((each) => !own.has(each)),
          name,
        ),
      ),
    ...removedGuests
      .filter(({ name }) => !guests.some((each) => each.name === name))
      .flatMap(({ name }) => unbanChanges(cib, name)),
  ];
}

/** The primitives inside guest nodes. */
export const serviceChanges = (cib: Cib, { services = [], removedServices = [] }: Plan): CibChange[] => [
  ...removedServices
    .filter((name) => !services.some((each) => each.name === name))
    .flatMap((name) => resourceRemoval(cib, name)),
  ...services.flatMap((spec) => resourceChanges(cib, spec)),
];

/** The guest nodes of a CIB. */
export const guestsOf = (cib: Cib): Guest[] =>
  [...guestNodes(cib).values()].map(({ name, vm }) => ({ guest: name, vm }));

/** The VMs that no rule keeps off a guest node. A pin with exclusive resource discovery keeps its VM off as well. */
export function openOf(cib: Cib, guests: readonly Guest[]): Open[] {
  const pins = new Map(
    cib.constraints
      .filter(({ attrs }) => attrs["resource-discovery"] === "exclusive")
      .map(({ attrs }) => [attrs["rsc"] ?? "", attrs["node"]]),
  );
  return guests.flatMap(({ guest, vm }) =>
    openTo(cib, guest, vm)
      .vms.filter((each) => !pins.has(each) || pins.get(each) === guest)
      .map((each) => ({ vm: each, guest })),
  );
}
