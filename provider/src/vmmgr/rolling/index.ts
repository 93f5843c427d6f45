/** Turns for the VMs of a real cluster. */
import type { Cluster, Inventory, XmlElement } from "../../cluster";
import { runsNow } from "../core/apply";
import { deadlineOf, reportOf, type Context, type StopTurns } from "../core/context";
import type { Refusal } from "../core/errors";
import { apartBonds, apartFrom, inOrder } from "./apart";
import { readinessOf } from "./ready";
import { Turns, type Look } from "./turns";

export { Turns } from "./turns";

/** Information for a change, so that VMs kept apart are not stopped at the same time. */
export interface RollingTerms {
  turns: Turns;
  /** Whether the VM may be stopped while a VM it is kept apart from is not running. */
  outage: boolean;
  /** Seconds from its start until its guest is operational, if Pacemaker cannot see that. */
  readyAfter: number;
  /** Constraints that the program is about to create. */
  planned: () => readonly XmlElement[];
}

/** The same, as a change uses it. */
export type Rolling = RollingTerms & StopTurns;

/** How a change of a VM waits for its turn. */
export const rollingBy = (terms: RollingTerms): Rolling => ({ ...terms, run: (...turn) => runInTurn(terms, ...turn) });

const known = new WeakMap<Cluster, Turns>();

/** The turns of a cluster, shared by all changes to it. */
export function turnsOf(cluster: Cluster): Turns {
  const found = known.get(cluster) ?? new Turns();
  known.set(cluster, found);
  return found;
}

/** A cluster from one VM's point of view. */
function lookFrom(inventory: Inventory, vm: string, planned: readonly XmlElement[]): Look {
  const bonds = apartBonds(inventory, planned);
  return {
    node: inventory.node,
    runs: runsNow(inventory, vm),
    peers: apartFrom(bonds, vm).map((peer) => ({ ...peer, ...readinessOf(inventory, peer.vm) })),
    order: inOrder(bonds),
  };
}

/**
 * Waits until a VM may be stopped. Then the caller holds the turn, and has to give it back.
 * @throws NotAtOnce, before anything was changed
 */
export async function beginTurn(
  context: Context,
  rolling: RollingTerms,
  vm: string,
  verb: string,
  final = false,
): Promise<void> {
  const { turns, outage, planned } = rolling;
  if (final && turns.isIdle) return;
  const look = async () => lookFrom(await context.cluster.inventory(), vm, planned());
  await turns.begin({ vm, verb, look, deadline: deadlineOf(context), say: reportOf(context), outage, final });
}

async function runInTurn<T>(
  rolling: RollingTerms,
  context: Context,
  vm: string,
  verb: string,
  work: (context: Context) => Promise<T>,
  final: boolean,
): Promise<T> {
  await beginTurn(context, rolling, vm, verb, final);
  let done = false;
  try {
    const result = await work(context);
    done = true;
    return result;
  } finally {
    rolling.turns.end(vm, done, rolling.readyAfter);
  }
}

/** Known obstacles to stopping a VM, for a preview. Ongoing activity is left to the change itself. */
export function turnRefusals(
  inventory: Inventory,
  vm: string,
  { turns, outage, planned }: RollingTerms,
  property: string,
): Refusal[] {
  const { runs, peers } = lookFrom(inventory, vm, planned());
  if (outage || !runs) return [];
  return peers
    .filter((peer) => peer.state === "down" && !turns.isBusy(peer.vm))
    .map((peer) => ({
      property,
      reason:
        `the change stops it, and VM "${peer.vm}", from which "${peer.by}" keeps it apart, ${peer.words}: none of them would run. Bring "${peer.vm}" back first, or say that it may be ` +
        'by `rolling: { outage: "allowed" }`, for one run by SEAPATH_OUTAGE=allowed',
    }));
}

/** The order in which VMs are stopped, once a diff has shown that several VMs kept apart are. */
export function turnNotice(
  inventory: Inventory,
  vm: string,
  { turns, outage, planned }: RollingTerms,
): string | undefined {
  const bonds = apartBonds(inventory, planned());
  const peers = apartFrom(bonds, vm);
  const others = turns.announce(
    vm,
    peers.map((peer) => peer.vm),
  );
  if (outage || others.length === 0) return undefined;
  const order = inOrder(bonds)
    .filter((each) => each === vm || others.includes(each))
    .map((each) => `"${each}"`);
  const by = [...new Set(peers.filter((peer) => others.includes(peer.vm)).map((peer) => `"${peer.by}"`))].join(" and ");
  return `VMs ${order.join(", ")}: ${by} keeps them apart, so they are stopped one after the other, ${order[0]} first; each of the others when the one before runs and is ready`;
}
