/**
 * The nodes that VMs may end up on. New VMs are created in parallel, so each arrives when only some of the others are
 * there, and the constraints that tie it to others arrive later than itself: a simulation with everything at once gives
 * one node, and reality another.
 */
import type { Placement } from "./judge";
import type { Declared } from "./declared";
import type { RelatedVms } from "./relations";
import type { NodeState } from "./settings";

/** The bindings of VMs to nodes. */
export interface Bindings {
  nodes: readonly NodeState[];
  declared: readonly Declared[];
  relations: readonly RelatedVms[];
}

/** Whether the plan creates the VM: its node depends on the VMs that were there before. */
const isNew = ({ before, after, action }: Placement) =>
  before === undefined && after !== undefined && action === "start";

/**
 * Adds the other nodes that new VMs may run on, if the plan creates several and nothing binds them to the simulated
 * node.
 */
export function withCandidates(
  placements: readonly Placement[],
  { nodes, declared, relations }: Bindings,
): Placement[] {
  if (placements.filter((each) => each.planned && isNew(each)).length < 2) return [...placements];
  const usable = nodes
    .filter(({ online, standby, maintenance, guest }) => online && !standby && !maintenance && !guest)
    .map(({ name }) => name);
  const byVm = new Map(declared.map((each) => [each.vm, each]));
  const bound = (vm: string) => {
    const { pinnedHost, preferredHost } = byVm.get(vm) ?? {};
    return [pinnedHost, preferredHost].find((node) => node !== undefined && usable.includes(node));
  };
  const fates = new Map(placements.map((each) => [each.vm, each]));
  /** The node of a VM, if it does not depend on the order. */
  const settled = (vm: string) => {
    const fate = fates.get(vm);
    return bound(vm) ?? (fate !== undefined && !isNew(fate) ? fate.after : undefined);
  };
  return placements.map((each) => {
    if (!each.planned || !isNew(each) || bound(each.vm) !== undefined) return each;
    const related = relations.filter(({ vms }) => vms.includes(each.vm));
    const of = (kind: RelatedVms["kind"]) =>
      related
        .filter((relation) => relation.kind === kind)
        .flatMap(({ vms }) => vms.filter((vm) => vm !== each.vm).map(settled))
        .filter((node) => node !== undefined);
    const [together, apart] = [of("together"), of("apart")];
    const allowed = usable.filter((node) => !byVm.get(each.vm)?.bannedFrom.includes(node) && !apart.includes(node));
    const drawn = allowed.filter((node) => together.includes(node));
    return { ...each, candidates: [...new Set([...each.candidates, ...(drawn.length > 0 ? drawn : allowed)])].sort() };
  });
}
