/** Removes a VM: from Pacemaker first, its disks last, and never a disk of a guest that may still be running. */
import { setTimeout as sleep } from "node:timers/promises";
import {
  changeStorageAndForget,
  cleanup,
  settle,
  WaitTimeout,
  type Cluster,
  type Inventory,
  type Outcome,
  type Removed,
  type StorageOperation,
} from "../../cluster";
import { hasFailed } from "../core/closed-nodes";
import { deadlineOf, hypervisorsOf, reportOf, type Context } from "../core/context";
import { writePlan } from "../core/apply";
import { forgetVm, sayLeft } from "../core/forget";
import { ChangeFailed, Refused, type Refusal } from "../core/errors";
import { parentIn } from "../form/metadata";
import type { Parent } from "../form/model";
import { configFile, isDataImage, systemImage } from "../form/names";
import { deleteRefusals } from "./refusals";
import { diffTargetRole, disableChanges, foreignConstraints } from "../form/cib-changes";
import { vmImages } from "../form/observe";
import { keptByOthers, without } from "../form/parked-constraints";
import { describe, waitFor } from "../core/wait";

/**
 * Removes images and the group of that name, and the failures that Pacemaker counts against it, which would count
 * against the next VM of that name. Idempotent.
 * @param inventory the cluster as observed: the agent's file of the VM is removed from the online nodes
 * @param parent what they were cloned from: the snapshot taken for them is removed as well
 * @returns the names of the disks that are kept because they are to be retained
 */
export async function clearVm(
  context: Context,
  vm: string,
  images: readonly string[],
  inventory: Inventory,
  parent?: Parent,
): Promise<string[]> {
  const { nodes, away } = hypervisorsBy(inventory);
  const { answers, forgotten } = await changeStorageAndForget(
    context.cluster.runner,
    [
      ...images.map((image): StorageOperation => ({ op: "removeImage", image })),
      { op: "removeGroup", group: vm },
      ...(parent?.own ? [{ op: "releaseSnapshots" as const, vm: parent.vm, snapshot: parent.snapshot }] : []),
    ],
    vm,
    nodes,
  );
  sayLeft(context, vm, forgotten);
  const stays = [...Object.entries(forgotten.stays), ...away.map((node) => [node, "it is not online"])];
  for (const [node, reason] of stays) reportOf(context)(`${vm}: ${configFile(vm)} may stay on ${node}: ${reason}`);
  return (answers.slice(0, images.length) as Removed[]).flatMap(({ kept }) => kept ?? []);
}

/** The online hypervisors, and the offline ones, from which nothing can be removed. */
const hypervisorsBy = (inventory: Inventory) => {
  const online = new Set(inventory.status.nodes.filter((node) => node.online).map((node) => node.name));
  const all = hypervisorsOf(inventory);
  return { nodes: all.filter((node) => online.has(node)), away: all.filter((node) => !online.has(node)) };
};

/**
 * Stops a VM and removes it from the CIB, with every constraint that names it. Does nothing if it is not there.
 * @param inventory the cluster as just observed
 * @param comesBack the VM is recreated: foreign constraints on it are kept with the other VMs until then
 * @throws WaitTimeout if it does not stop: then it stays in the CIB and keeps its disks
 */
export async function takeOutOfCib(
  context: Context,
  vm: string,
  inventory: Inventory,
  comesBack = false,
): Promise<void> {
  const { cluster } = context;
  if (!inventory.cib.primitives.has(vm)) return;
  await stopVm(context, vm, inventory);
  const closed = await readClosed(cluster, vm, presentImages(inventory, vm));
  await writePlan(context, closed, (seen) => ({
    storage: comesBack ? keptByOthers(seen, vm, foreignConstraints(seen.cib, vm, seen.observer)) : [],
    sync: disableChanges(seen.cib, vm),
    commands: [],
  }));
  if (hasFailed(inventory, vm) || hasFailed(closed, vm)) await forgetVm(context, vm);
}

/** How long Ceph keeps a dead client's watcher, plus some margin. */
const CLOSED_SECONDS = 45;

/**
 * The cluster once no client has a disk of the VM open. Whatever Pacemaker believes, an open disk belongs to a running
 * guest, and such a VM stays in the CIB, where it can be seen.
 */
async function readClosed(cluster: Cluster, vm: string, images: readonly string[]): Promise<Inventory> {
  const begun = Date.now();
  for (;;) {
    const operations = images.map((image): StorageOperation => ({ op: "watchers", image }));
    const inventory = await cluster.changeAndRead(operations);
    const open = operations.flatMap((each) => {
      const outcome = inventory.before.get(each);
      return outcome !== undefined && "ok" in outcome ? (outcome.ok as string[]) : [];
    });
    if (open.length === 0) return inventory;
    const after = (Date.now() - begun) / 1000;
    if (after > CLOSED_SECONDS) {
      throw new WaitTimeout(`VM "${vm}"`, "its disks to be closed", `open at ${open.join(", ")}`, after);
    }
    await sleep(500);
  }
}

/** The existing images of a VM: an incomplete one may lack some. */
const presentImages = (inventory: Inventory, vm: string) =>
  vmImages(inventory, vm).filter((image) => inventory.images.has(image));

/** Stops a VM that is in the CIB as just observed, even if it is unmanaged or has failed. */
export async function stopVm(context: Context, vm: string, inventory: Inventory): Promise<void> {
  const { cluster } = context;
  const primitive = inventory.cib.primitives.get(vm);
  if (primitive === undefined) return;
  const resource = inventory.status.resources.get(vm);
  const changes = diffTargetRole(primitive, "Stopped");
  if (changes.length === 0 && resource?.role === "Stopped" && !resource.failed) return;
  await cluster.changeCib(changes);
  if (resource?.blocked) {
    // Pacemaker does not retry a failed stop until it is forgotten. Then it also forgets where the VM runs, and reports
    // it as stopped until it has probed all nodes again: trust nothing before that.
    await cleanup(cluster.runner, vm);
    await settle(cluster.runner, deadlineOf(context));
  }
  const wanted = { vm, state: "stopped" as const, hypervisors: hypervisorsOf(inventory) };
  await waitFor(cluster, wanted, deadlineOf(context), reportOf(context));
}

/**
 * Removes a VM completely, even if it has failed or is incomplete. Succeeds if the VM is already gone.
 * @param options `comesBack`: it is recreated under its name, and foreign constraints are kept for it
 * @throws Refused before anything was changed; ChangeFailed with what is left, including its disks if it could not be
 * stopped
 */
export async function removeVm(context: Context, vm: string, { comesBack = false } = {}): Promise<void> {
  const { cluster } = context;
  const ask: StorageOperation = { op: "children", vm };
  const inventory = await cluster.changeAndRead([ask]);
  const what = `Unable to delete VM "${vm}" on ${inventory.node}`;
  const refusals = [...deleteRefusals(inventory, vm), ...childRefusals(vm, inventory.before.get(ask))];
  if (refusals.length > 0) throw new Refused("delete", vm, inventory.node, refusals);
  for (const node of comesBack ? [] : foreignConstraints(inventory.cib, vm, inventory.observer)) {
    const what = without(node, [vm]) === undefined ? "goes with it" : "goes on without it";
    reportOf(context)(`${vm}: the constraint "${node.attrs["id"]}" names it and ${what}`);
  }
  const images = presentImages(inventory, vm);
  try {
    await takeOutOfCib(context, vm, inventory, comesBack);
  } catch (cause) {
    const seen = await cluster.status().then(
      (status) => describe(status, vm),
      () => "not to be seen",
    );
    const disks = images.length > 0 ? [`its disks ${images.join(", ")}, untouched`] : [];
    throw new ChangeFailed(what, "stopping it", cause, [`the VM, ${seen}`, ...disks]);
  }
  try {
    const linkedTo = parentIn(inventory.images.get(systemImage(vm))?.metadata ?? {});
    const kept = await clearVm(context, vm, images, inventory, linkedTo);
    for (const image of kept) reportOf(context)(`${vm}: a disk of it that is to be retained is kept as ${image}`);
  } catch (cause) {
    throw new ChangeFailed(what, "removing its disks", cause, [`of ${images.join(", ")} what is not gone yet`]);
  }
}

/** Images that share data with a disk of the VM and would be lost with it. */
function childRefusals(vm: string, answer: Outcome | undefined): Refusal[] {
  const images = answer !== undefined && "ok" in answer ? (answer.ok as string[]) : [];
  const others = images.filter((image) => image !== systemImage(vm) && !isDataImage(vm, image));
  if (others.length === 0) return [];
  const vms = new Set(
    others
      .map((image) => /^(?:system_([^_]+)|data_([^_]+)_\d+)$/.exec(image))
      .flatMap((match) => match?.[1] ?? match?.[2] ?? []),
  );
  const who = vms.size > 0 ? `VM ${[...vms].map((name) => `"${name}"`).join(" and ")}` : others.join(", ");
  return [
    {
      property: "its disks",
      reason: `${who} shares them as a linked clone (${others.join(", ")}); delete that first, or make it stand alone with \`mode: "copy"\``,
    },
  ];
}
