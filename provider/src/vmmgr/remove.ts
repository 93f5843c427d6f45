/** Removing a VM: out of Pacemaker first, its disks last, and never a disk of a guest that may still run. */
import { setTimeout as sleep } from "node:timers/promises";
import { changeStorage, cleanup, settle, WaitTimeout, type Cluster, type Inventory, type StorageOperation } from "../cluster";
import { deadlineOf, hypervisorsOf, reportOf, type Context } from "./context";
import { ChangeFailed } from "./errors";
import { diffTargetRole, disableChanges, foreignConstraints } from "./sync";
import { vmImages } from "./observe";
import { describe, waitFor } from "./wait";

/** Removes images and the group of that name. May be done twice. */
export async function clearVm(cluster: Cluster, vm: string, images: readonly string[]): Promise<void> {
  await changeStorage(cluster.runner, [
    ...images.map((image): StorageOperation => ({ op: "removeImage", image })),
    { op: "removeGroup", group: vm },
  ]);
}

/**
 * Stops a VM and takes it out of the CIB with every constraint that names it. Does nothing where it is not in it.
 * @throws WaitTimeout when it does not stop: it is then still in the CIB, and so are its disks
 */
export async function takeOutOfCib(context: Context, vm: string): Promise<void> {
  const { cluster } = context;
  const inventory = await cluster.inventory();
  if (!inventory.cib.primitives.has(vm)) return;
  await stopVm(context, vm, inventory);
  await waitUntilClosed(cluster, vm, presentImages(inventory, vm));
  const latest = await cluster.inventory();
  for (const node of foreignConstraints(latest.cib, vm)) {
    reportOf(context)(`${vm}: the constraint "${node.attrs["id"]}" names it and goes with it`);
  }
  await cluster.changeCib(disableChanges(latest.cib, vm).changes);
}

/** How long Ceph keeps a watcher of a program that is gone, and some. */
const CLOSED_SECONDS = 45;

/**
 * Waits until nobody has a disk of the VM open. Whatever Pacemaker believes, a disk that is open belongs to a guest that
 * runs, and such a VM is left in the CIB, where it can be seen.
 */
async function waitUntilClosed(cluster: Cluster, vm: string, images: readonly string[]): Promise<void> {
  const operations = images.map((image): StorageOperation => ({ op: "watchers", image }));
  const begun = Date.now();
  for (;;) {
    const open = ((await changeStorage(cluster.runner, operations)) as string[][]).flat();
    if (open.length === 0) return;
    const after = (Date.now() - begun) / 1000;
    if (after > CLOSED_SECONDS) {
      throw new WaitTimeout(`VM "${vm}"`, "its disks to be closed", `open at ${open.join(", ")}`, after);
    }
    await sleep(500);
  }
}

/** The images of a VM that there are: of one that is half-made not all need be. */
const presentImages = (inventory: Inventory, vm: string) => vmImages(inventory, vm).filter((image) => inventory.images.has(image));

/** Stops a VM that is in the CIB as just observed, also when it is unmanaged or has failed. */
export async function stopVm(context: Context, vm: string, inventory: Inventory): Promise<void> {
  const { cluster } = context;
  const primitive = inventory.cib.primitives.get(vm);
  if (primitive === undefined) return;
  await cluster.changeCib(diffTargetRole(primitive, "Stopped"));
  if (inventory.status.resources.get(vm)?.blocked) {
    // A stop that failed is not tried again until it is forgotten. With it Pacemaker forgets where the VM runs, and calls
    // it stopped until it has looked everywhere again: nothing may be believed before that.
    await cleanup(cluster.runner, vm);
    await settle(cluster.runner, deadlineOf(context));
  }
  const wanted = { vm, state: "stopped" as const, hypervisors: hypervisorsOf(inventory) };
  await waitFor(cluster, wanted, deadlineOf(context), reportOf(context));
}

/**
 * Removes a VM: everything, also when it has failed or is half-made. A VM that is gone already is removed.
 * @throws ChangeFailed saying what is left; its disks are when it could not be stopped
 */
export async function removeVm(context: Context, vm: string): Promise<void> {
  const { cluster } = context;
  const inventory = await cluster.inventory();
  const what = `Unable to delete VM "${vm}" on ${inventory.node}`;
  if (!inventory.status.withQuorum) {
    throw new ChangeFailed(what, "looking at the cluster", new Error("it has no quorum; nothing was changed"), []);
  }
  const images = presentImages(inventory, vm);
  try {
    await takeOutOfCib(context, vm);
  } catch (cause) {
    const seen = await cluster.status().then((status) => describe(status, vm), () => "not to be seen");
    const disks = images.length > 0 ? [`its disks ${images.join(", ")}, untouched`] : [];
    throw new ChangeFailed(what, "stopping it", cause, [`the VM, ${seen}`, ...disks]);
  }
  try {
    await clearVm(cluster, vm, images);
  } catch (cause) {
    throw new ChangeFailed(what, "removing its disks", cause, [`of ${images.join(", ")} what is not gone yet`]);
  }
}
