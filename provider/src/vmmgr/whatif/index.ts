/**
 * Predicts where VMs will run, before anything is changed: Pacemaker's own scheduler on a copy of the planned
 * configuration.
 */
import { NotFound, simulate, type Cib, type Cluster, type Fencing, type Inventory } from "../../cluster";
import { hypervisorsOf } from "../core/context";
import { isUserKey, OWNER_KEY } from "../form/metadata";
import { withAssumed } from "./assumed";
import { withCandidates } from "./candidates";
import { declaredOf, type Declared } from "./declared";
import { guestsOf, openOf, type Guest, type Open } from "./guests";
import { judge, type Verdict } from "./judge";
import type { Plan } from "./model";
import { forgottenBy, otherOrders, planChanges } from "./plan";
import { relationsOf, type RelatedVms } from "./relations";
import { nodesRoom, storedNeeds, withCapacity, type Capacity } from "./room";
import { cibOf, type SavedCluster } from "./saved";
import { settingsOf, type ClusterSettings } from "./settings";
import { digestOf } from "./since";

export type { Declared } from "./declared";
export type { Guest, Open } from "./guests";
export type { Inside, Loss, Placement } from "./judge";
export type { Fate } from "./outcome";
export type { Plan } from "./model";
export type { RelatedVms } from "./relations";
export type { Capacity as NodeCapacity, Need, NodeRoom, Room } from "./room";
export { parseSaved, type SavedCluster } from "./saved";
export type { ClusterSettings, NodeState } from "./settings";
export { changedSince, NotPlanned, parsePlanned, plannedText, type PlannedOf } from "./since";

/** The effect of a plan. */
export interface WhatIf extends Verdict, ClusterSettings {
  /** `admin_epoch.epoch` of the CIB that was read: a cluster with another one has changed since. */
  epoch: string;
  /**
   * Digest of the parts of that CIB that decide where VMs run: with another epoch but the same digest, nothing relevant
   * has changed.
   */
  digest: string;
  /**
   * Its input, without anything that looks secret, to save for machines that cannot reach the cluster. Only with
   * `keep`.
   */
  saved?: SavedCluster;
  /** The objections of `crm_verify` to the CIB with the plan; absent if it is valid. */
  invalid?: string;
  /** The lines of `crm_verify`, including warnings about a valid CIB. */
  verified: string[];
  /** The nodes that may run VMs. */
  hypervisors: string[];
  observer?: string;
  /** VMs of the program that the plan does not name and that count as removed by it (`owner`). */
  assumedRemoved: string[];
  /** The guest nodes after the change. */
  guests: Guest[];
  /** VMs that no rule keeps off a guest node after the change. */
  open: Open[];
  /** Every VM as declared after the change. */
  declared: Declared[];
  /** The VMs kept together or apart after the change, by the plan and by others. */
  relations: RelatedVms[];
}

/** The start and the scope of the what-if. */
export interface WhatIfOptions {
  /** A saved cluster, instead of the live one. */
  saved?: SavedCluster;
  /**
   * The plan's program, `project/stack`: what it has on the cluster but not in the plan counts as removed. For plans
   * without removals of their own, such as a policy's. In a saved cluster without VM owners, no VM counts as its own.
   */
  owner?: string;
  /** The capacity of nodes, overriding what their libvirt reports. Other nodes keep the reported one. */
  capacity?: Readonly<Record<string, Capacity>>;
  /** Also simulates, for each loss, the node's return afterwards. @default false */
  failback?: boolean;
  /** Whether to save the cluster. @default false */
  keep?: boolean;
  /** Nodes to put in standby with the change. */
  standby?: readonly string[];
}

/**
 * Simulates a plan: at most three round trips, and nothing is changed.
 * @throws NotFound if a standby node does not exist; ProgramError if the plan does not fit the CIB; ParseError if the
 * scheduler's answer is truncated
 */
export async function whatIf(cluster: Cluster, asked: Plan, options: WhatIfOptions = {}): Promise<WhatIf> {
  const seen = options.saved === undefined ? await lookAt(cluster) : seenOf(options.saved);
  const { cib, observer, fencing, owners = {}, metadata = {}, domains = {} } = seen;
  const hypervisors = hypervisorsOf(seen);
  const strange = options.standby?.find((node) => !cib.nodes.includes(node));
  if (strange !== undefined)
    throw new NotFound(
      `Unable to plan the standby of node "${strange}": the cluster's nodes are ${cib.nodes.join(", ")}`,
    );
  const { plan, removed } = withAssumed(cib, asked, options.owner, owners);
  const { saved } = options;
  const [found, nodes] = await Promise.all([
    simulate(cluster.runner, {
      ...(saved === undefined ? {} : { cib: saved.cib }),
      changes: planChanges(cib, plan, observer),
      orders: otherOrders(cib, plan),
      forgotten: forgottenBy(cib, plan),
      standby: options.standby ?? [],
      lose: hypervisors,
      failback: options.failback ?? false,
      keep: options.keep ?? false,
      ...(fencing === undefined ? {} : { fencing: fencing.enabled }),
    }),
    saved === undefined
      ? nodesRoom(cluster, hypervisors)
      : hypervisors.map((node) => saved.nodes.find((each) => each.node === node) ?? { node }),
  ]);
  const guests = guestsOf(found.planned);
  const { valid, words } = found.verified;
  const digest = saved?.digest ?? digestOf(cib);
  const bindings = {
    declared: declaredOf(found.planned, plan, { guests, observer, metadata }),
    relations: relationsOf(found.planned),
    ...settingsOf(found.planned, found.baseline, observer, fencing),
  };
  const verdict = judge(cib, found, plan, withCapacity(nodes, options.capacity ?? {}), domains);
  return {
    epoch: cib.epoch,
    digest,
    ...(found.kept === undefined
      ? {}
      : {
          saved: { cib: found.kept, digest, nodes, ...(observer === undefined ? {} : { observer }), owners, domains },
        }),
    ...(valid ? {} : { invalid: words }),
    verified: words
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== ""),
    hypervisors,
    ...(observer === undefined ? {} : { observer }),
    assumedRemoved: removed,
    guests,
    open: openOf(found.planned, guests),
    ...bindings,
    ...verdict,
    placements: withCandidates(verdict.placements, bindings),
  };
}

/** The cluster to examine, live or saved. */
type Seen = Omit<SavedCluster, "cib" | "nodes"> & {
  cib: Cib;
  /** As the cluster itself reports it. */
  fencing?: Fencing;
  /**
   * The users' metadata, by VM. They are never saved: they are private, and a saved cluster goes from machine to
   * machine.
   */
  metadata?: Record<string, Record<string, string>>;
};

const seenOf = (saved: SavedCluster): Seen => ({ ...saved, cib: cibOf(saved) });

async function lookAt(cluster: Cluster): Promise<Seen> {
  const inventory = await cluster.inventory();
  const { cib, observer, status } = inventory;
  return {
    cib,
    observer,
    ...(status.fencing === undefined ? {} : { fencing: status.fencing }),
    owners: ownersOf(inventory),
    metadata: metadataOf(inventory),
    domains: storedNeeds(inventory),
  };
}

/** The owners of VMs, if recorded. */
function ownersOf({ images }: Inventory): Record<string, string> {
  return Object.fromEntries(
    [...images.values()].flatMap(({ metadata = {} }) => {
      const [vm, owner] = [metadata["vm_name"], metadata[OWNER_KEY]];
      return vm === undefined || owner === undefined ? [] : [[vm, owner]];
    }),
  );
}

/** The users' metadata of VMs, if any. */
function metadataOf({ images }: Inventory): Record<string, Record<string, string>> {
  return Object.fromEntries(
    [...images.values()].flatMap(({ metadata = {} }) => {
      const own = Object.entries(metadata).filter(([key]) => isUserKey(key));
      return metadata["vm_name"] === undefined || own.length === 0
        ? []
        : [[metadata["vm_name"], Object.fromEntries(own)]];
    }),
  );
}
