/** The VMs that a plan really changes, among those it names: most of a stack stays the same in most changes. */
import { canonicalXml, type Cib, type XmlElement } from "../../cluster";
import { referencesOf } from "../form/parked-constraints";

/** The primitive without the part that the resource agent writes itself. */
const withoutUtilization = (primitive: XmlElement): string =>
  canonicalXml({ ...primitive, children: primitive.children.filter(({ name }) => name !== "utilization") });

/**
 * The VMs that the plan changes: their own primitive or placement, if the plan has them, or a colocation or order that
 * names them, whoever owns them.
 * @param own the VMs of the plan
 */
export function touchedVms(before: Cib, after: Cib, own: ReadonlySet<string>): Set<string> {
  const touched = new Set<string>();
  for (const vm of own) {
    const [was, is] = [before, after]
      .map(({ primitives }) => primitives.get(vm))
      .map((each) => (each === undefined ? "" : withoutUtilization(each)));
    if (was !== is) touched.add(vm);
  }
  const were = new Map(before.constraints.map((node) => [node.attrs["id"], node]));
  const are = new Map(after.constraints.map((node) => [node.attrs["id"], node]));
  for (const id of new Set([...were.keys(), ...are.keys()])) {
    const nodes = [were.get(id), are.get(id)].filter((each) => each !== undefined);
    if (nodes.length === 2 && new Set(nodes.map(canonicalXml)).size === 1) continue;
    for (const node of nodes) {
      for (const vm of referencesOf(node)) if (node.name !== "rsc_location" || own.has(vm)) touched.add(vm);
    }
  }
  return touched;
}
