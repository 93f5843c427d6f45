/** Nodes that Pacemaker has closed to a VM after failures: the VM does not start there until they are forgotten. */
import { nvpairs, seconds, type Cib, type Inventory } from "../../cluster";

/** A node and the operations that failed on it. */
export interface ClosedNode {
  node: string;
  /** `start`, `monitor`, … */
  operations: string[];
}

/** A failed start counts this much at once. */
const INFINITE = 1_000_000;

/** How many failures close a node to a VM, and after how many seconds they expire. Pacemaker's 0 means never. */
function limits(cib: Cib, vm: string): { threshold: number; timeout: number } {
  const meta = { ...cib.defaults, ...nvpairs(cib.primitives.get(vm), "meta_attributes") };
  const said = Number(meta["migration-threshold"]);
  return { threshold: said > 0 ? said : INFINITE, timeout: seconds(meta["failure-timeout"]) ?? 0 };
}

/** The nodes that are closed to a VM, in the CIB or not. */
export function closedNodes(cib: Cib, vm: string, now = Date.now() / 1000): ClosedNode[] {
  const { threshold, timeout } = limits(cib, vm);
  const found = new Map<string, { count: number; operations: string[] }>();
  for (const { resource, node, operation, count, last = 0 } of cib.failCounts) {
    if (resource !== vm || count === 0 || (timeout > 0 && last + timeout < now)) continue;
    const before = found.get(node) ?? { count: 0, operations: [] };
    found.set(node, { count: before.count + count, operations: [...before.operations, operation || "start"] });
  }
  return [...found]
    .filter(([, { count }]) => count >= threshold)
    .map(([node, { operations }]) => ({ node, operations }));
}

/** The same as a clause: `node2 is closed to it (failed start)`. */
export const closedClause = ({ node, operations }: ClosedNode): string =>
  `${node} is closed to it (failed ${operations.join(", ")})`;

/** Several as a clause. */
export function closedWords(closed: readonly ClosedNode[]): string {
  const operations = [...new Set(closed.flatMap((each) => each.operations))];
  const names = closed.map(({ node }) => node);
  return `${[...names].sort().join(" and ")} ${names.length > 1 ? "are" : "is"} closed to it (failed ${operations.join(", ")})`;
}

/** The command that reopens nodes. */
export const openingCommand = (vm: string): string => `\`crm_resource --cleanup --resource ${vm}\``;

/** Whether Pacemaker counts failures of a VM. If the VM is not in the CIB, an earlier VM of that name caused them. */
export const hasFailed = ({ cib, status }: Pick<Inventory, "cib" | "status">, vm: string): boolean =>
  status.failures.some((each) => each.resource === vm) ||
  cib.failCounts.some(({ resource, count }) => resource === vm && count > 0);
