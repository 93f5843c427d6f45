/** Where VMs will run, before anything is changed: Pacemaker's own scheduler on a copy of what the cluster is told. */
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

/** What a plan means. */
export interface WhatIf extends Verdict, ClusterSettings {
  /** `admin_epoch.epoch` of the CIB that was looked at: a cluster that has another one has changed since. */
  epoch: string;
  /** Of what of that CIB decides where VMs run: one of another epoch and the same digest has not changed in anything that counts. */
  digest: string;
  /** What it was made of, without what looks secret, to be saved for machines that cannot reach the cluster. Only with `keep`. */
  saved?: SavedCluster;
  /** What `crm_verify` has against the CIB with the plan; absent when it is valid. */
  invalid?: string;
  /** The lines of `crm_verify`, warnings about a valid CIB among them. */
  verified: string[];
  /** The nodes that may run VMs. */
  hypervisors: string[];
  observer?: string;
  /** VMs of the program that the plan does not name, and that are taken as removed by it (`owner`). */
  assumedRemoved: string[];
  /** The guest nodes after the change. */
  guests: Guest[];
  /** VMs that after the change no rule keeps off a guest node. */
  open: Open[];
  /** Every VM as it will be declared after the change. */
  declared: Declared[];
  /** Which VMs are kept together or apart after the change, by the plan and by others. */
  relations: RelatedVms[];
}

/** Where the what-if begins, and how far it goes. */
export interface WhatIfOptions {
  /** A cluster that was saved, in place of the one of now. */
  saved?: SavedCluster;
  /**
   * The program that the plan is of, `project/stack`: what it has on the cluster and the plan does not name is taken as
   * removed. For plans that have no removals of their own, as those of a policy. Of a saved cluster that does not say
   * whose its VMs are, no VM is.
   */
  owner?: string;
  /** What nodes have, in place of what their libvirt says. One that is not named has what it says. */
  capacity?: Readonly<Record<string, Capacity>>;
  /** For each loss also what happens when the node comes back afterwards. @default false */
  failback?: boolean;
  /** Whether the cluster is to be saved. @default false */
  keep?: boolean;
  /** Nodes that go into standby with the change. */
  standby?: readonly string[];
}

/**
 * Simulates a plan: at most three round trips, nothing is changed.
 * @throws NotFound when a node in standby is none; ProgramError when the plan does not fit the CIB; ParseError when the scheduler's answer is cut off
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

/** What is looked at: a cluster of now, or one that was saved. */
type Seen = Omit<SavedCluster, "cib" | "nodes"> & {
  cib: Cib;
  /** As the cluster itself reads it. */
  fencing?: Fencing;
  /** The users' metadata, by VM. Nobody writes it down: it is theirs, and a saved cluster goes from machine to machine. */
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

/** Whose VMs are, of those that say it. */
function ownersOf({ images }: Inventory): Record<string, string> {
  return Object.fromEntries(
    [...images.values()].flatMap(({ metadata = {} }) => {
      const [vm, owner] = [metadata["vm_name"], metadata[OWNER_KEY]];
      return vm === undefined || owner === undefined ? [] : [[vm, owner]];
    }),
  );
}

/** What users keep with their VMs, of those that keep something. */
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
