/** The primitives of VMs as a plan creates them, including those of guest nodes. */
import { CONSTRAINTS, diffElement, RESOURCES, type Cib, type CibChange, type XmlElement } from "../../cluster";
import type { GuestNodeSpec } from "../guest";
import { guestMeta, readMeta, withSettings } from "../guest/settings";
import type { VmSpec } from "../form/model";
import { referencesOf, without } from "../form/parked-constraints";
import { enableChanges } from "../form/cib-changes";
import type { Plan } from "./model";

/** The changes that make the CIB match an enabled VM's spec and the plan's guest node for it. */
export function enabledVm(cib: Cib, plan: Plan, spec: VmSpec, observer: string | undefined): CibChange[] {
  const guest = plan.guests?.find(({ vm }) => vm === spec.name);
  const sync = enableChanges(cib, spec, observer, undefined, guest === undefined ? {} : guestMeta(guest));
  // They are in undo order.
  return [...sync.elements]
    .reverse()
    .flatMap(({ parent, before, after }) =>
      diffElement(parent, before, parent === RESOURCES && after !== undefined ? asGuest(plan, after) : after),
    );
}

/**
 * The changes that remove VMs from the CIB and from the constraints that name them.
 * @param settled ids of constraints that the plan itself handles
 */
export function removedVms(cib: Cib, vms: readonly string[], settled: ReadonlySet<string>): CibChange[] {
  const gone = vms.filter((vm) => cib.primitives.has(vm));
  const away = new Set(gone);
  const constraints = cib.constraints.filter(
    (node) => !settled.has(node.attrs["id"] ?? "") && referencesOf(node).some((id) => away.has(id)),
  );
  return [
    ...constraints.flatMap((node) => {
      // A constraint on several of them is reduced to the rest once, not once per VM.
      const rest = without(
        node,
        referencesOf(node).filter((id) => away.has(id)),
      );
      return [...diffElement(CONSTRAINTS, node, undefined), ...diffElement(CONSTRAINTS, undefined, rest)];
    }),
    ...gone.flatMap((vm) => diffElement(RESOURCES, cib.primitives.get(vm), undefined)),
  ];
}

/** The changes by the plan's guest nodes to VMs that it does not name, which belong to other programs. */
export function otherVms(cib: Cib, plan: Plan): CibChange[] {
  const named = new Set([...plan.vms.map(({ name }) => name), ...plan.removed]);
  const touched = new Set([...(plan.guests ?? []), ...(plan.removedGuests ?? [])].map(({ vm }) => vm));
  return [...touched]
    .filter((vm) => !named.has(vm))
    .flatMap((vm) => {
      const primitive = cib.primitives.get(vm);
      return primitive === undefined ? [] : diffElement(RESOURCES, primitive, asGuest(plan, primitive));
    });
}

/** A VM's primitive with the plan's guest node settings. */
function asGuest({ guests = [], removedGuests = [] }: Plan, primitive: XmlElement): XmlElement {
  const vm = primitive.attrs["id"];
  const made = guests.find((each) => each.vm === vm);
  if (made !== undefined) return withSettings(primitive, settingsOf(made));
  const name = readMeta(primitive)?.name;
  const gone = removedGuests.some((each) => each.vm === vm && each.name === name);
  return gone ? withSettings(primitive, undefined) : primitive;
}

const settingsOf = ({ vm: _vm, ...settings }: GuestNodeSpec) => settings;
