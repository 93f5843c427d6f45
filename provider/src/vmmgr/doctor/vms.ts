/** VMs that failed or find no node, failures that close nodes to them, and leftovers of other failures. */
import type { FailedOperation, Inventory, Simulations } from "../../cluster";
import { closedNodes, closedWords, openingCommand } from "../core/closed-nodes";
import { hypervisorsOf } from "../core/context";
import { isVm } from "../whatif/declared";
import { judge } from "../whatif/judge";
import { finding, type Finding } from "./finding";

/** Pacemaker's recorded failures. */
export function failureFindings(inventory: Inventory): Finding[] {
  const { cib, status } = inventory;
  const counted = [...new Set(cib.failCounts.filter(({ count }) => count > 0).map(({ resource }) => resource))];
  const closed = new Map(
    counted.map((resource) => [
      resource,
      closedNodes(cib, resource).filter(({ node }) => hypervisorsOf(inventory).includes(node)),
    ]),
  );
  const told = (failure: FailedOperation) =>
    closed.get(failure.resource)?.some(({ node }) => node === failure.node) === true;
  return [
    ...[...status.resources.values()]
      .filter(({ failed, blocked, orphaned }) => (failed || blocked) && !orphaned)
      .map(({ id, role, nodes, blocked }) =>
        finding(
          "vm-failed",
          aboutResource(inventory, id),
          `${nameOf(inventory, id)} has failed (${role}${nodes.length > 0 ? ` on ${nodes.join(" and ")}` : ""})${blocked ? ", and Pacemaker leaves it so" : ""}`,
          `See why in the log of that node; then ${openingCommand(id)} tries it anew.`,
        ),
      ),
    ...counted.flatMap((id): Finding[] => {
      const nodes = closed.get(id) ?? [];
      if (nodes.length === 0) return [];
      if (!cib.primitives.has(id)) {
        return [
          finding(
            "failures-of-nobody",
            {},
            `there is no "${id}" any more, and failures of it are still counted: a new one of that name would not start on ${nodes
              .map(({ node }) => node)
              .sort()
              .join(" and ")}`,
            `Run ${openingCommand(id)}; this provider does so before it starts a VM of that name.`,
          ),
        ];
      }
      return [
        finding(
          "node-closed",
          aboutResource(inventory, id),
          `${nameOf(inventory, id)} does not get everywhere: ${closedWords(nodes)}`,
          `See why in the log of that node; then ${openingCommand(id)} opens ${nodes.length > 1 ? "them" : "it"} again.`,
        ),
      ];
    }),
    ...status.failures
      .filter((each) => !told(each) && !isProbeOfGuest(inventory, each))
      .map((failure) => {
        const { resource, node, operation, exit, reason } = failure;
        return finding(
          "failure-recorded",
          { node, ...aboutResource(inventory, resource) },
          `${operation} of ${nameOf(inventory, resource)} has failed on ${node}: ${reason || exit}`,
          `See whether it matters still; ${openingCommand(resource)} has Pacemaker forget it.`,
        );
      }),
  ];
}

/** A guest lacks the agents of resources on the nodes, and reports that when Pacemaker probes for them. */
const isProbeOfGuest = ({ cib }: Inventory, { node, exit }: FailedOperation) =>
  !cib.nodes.includes(node) && exit === "not installed";

const isVmOf = ({ cib }: Inventory, id: string) => {
  const primitive = cib.primitives.get(id);
  return primitive !== undefined && isVm(primitive);
};
const aboutResource = (inventory: Inventory, id: string) => (isVmOf(inventory, id) ? { vm: id } : {});
const nameOf = (inventory: Inventory, id: string) => (isVmOf(inventory, id) ? `VM "${id}"` : `primitive "${id}"`);

/** VMs that should run but find no node, according to Pacemaker's own scheduler. */
export function placeFindings(inventory: Inventory, simulated: Simulations): Finding[] {
  const { placements, inside } = judge(inventory.cib, simulated, { vms: [], removed: [] }, [], {});
  return [
    ...placements.map((each) => ({ ...each, about: { vm: each.vm }, what: `VM "${each.vm}"` })),
    ...inside.map((each) => ({ ...each, about: {}, what: `${each.kind} "${each.vm}"` })),
  ].flatMap(({ unplaced, about, what }) =>
    unplaced === undefined
      ? []
      : [
          finding(
            "vm-unplaced",
            about,
            `${what} is to run, and no node can start it: ${unplaced}`,
            "Take away what is named here, or bring back the node; `npx seapath plan --no-preview` has the whole picture.",
          ),
        ],
  );
}
