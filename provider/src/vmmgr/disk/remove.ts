/** Removes a disk: from the guest, from the VM's XML, and its image last. */
import { randomUUID } from "node:crypto";
import {
  changeStorage,
  ProgramError,
  type Inventory,
  type Outcome,
  type Removed,
  type StorageOperation,
  type XmlElement,
} from "../../cluster";
import { deadlineOf, reportOf, type Context } from "../core/context";
import { words } from "../../words";
import { ChangeFailed, type Refusal } from "../core/errors";
import { dataImage, systemImage } from "../form/names";
import { fullRefusals, quorumRefusals } from "../core/cluster-health";
import { withElement } from "./element";
import { DiskRefused } from "./errors";
import { detachLive } from "./live";
import { noteMetadata, readNote } from "./model";
import { findDisk, isDeleted, takenNumbers } from "./observe";
import { editStored, queueForVm } from "./stored";

/** The parameters of a removal. */
export interface Removal {
  vm: string;
  index: number;
  /** Keep the image, under another name. */
  retain: boolean;
  owner?: string;
  /** Whether a disk with a higher number stays, as far as the program shows. */
  stays: (index: number, owner: string | undefined) => boolean;
  /** A disk with the same number is created right after. */
  replaced: boolean;
  /** The VM is removed as well, along with anything its guest does not release. */
  withVm: boolean;
}

const PATIENCE_SECONDS = 30;
const WITH_VM_SECONDS = 8;
/** A number needs an image of some size. */
const PLACEHOLDER_BYTES = 4096;

/**
 * Removes a disk. Succeeds if it or its VM is already gone.
 * @throws DiskRefused, ChangeFailed: the disk is unchanged, or the error says what is left
 */
export async function removeDisk(context: Context, removal: Removal): Promise<void> {
  const { cluster } = context;
  const { vm, index } = removal;
  const image = dataImage(vm, index);
  const ask: StorageOperation = { op: "children", vm, image };
  const inventory = await cluster.inventory({ disks: true, before: [ask] });
  const what = `Unable to delete disk "${image}" on ${inventory.node}`;
  const shared = removal.retain ? [] : sharedRefusals(inventory.before.get(ask));
  const refusals = [...quorumRefusals(inventory), ...fullRefusals(inventory), ...shared];
  if (refusals.length > 0) throw new DiskRefused("delete", image, inventory.node, refusals);
  if (!inventory.images.has(systemImage(vm))) return removeOrphan(context, inventory, removal);
  if (findDisk(inventory, vm, index) === undefined) return;
  refuseGap(inventory, removal, image);

  const seconds = Math.min(removal.withVm ? WITH_VM_SECONDS : PATIENCE_SECONDS, deadlineOf(context));
  const held = await detachLive(context, vm, image, seconds);
  if (held !== undefined && !removal.withVm) {
    const reason = `${held}; it is attached as before, and nothing on it was touched`;
    const hint = `Unmount it in the guest, or stop the VM (\`started: false\`), and ${words().again}.`;
    throw new DiskRefused("delete", image, inventory.node, [{ property: "the guest", reason }], hint);
  }
  const left = [`${image}, which VM "${vm}" may not have any more`];
  if (held === undefined || removal.retain)
    await step(what, "removing it", left, () => removeImage(context, removal, image));
  else {
    const also = () => [{ op: "setMetadata" as const, image, set: deletedNote(image, removal.owner) }];
    await step(what, "taking it out of the VM's XML", left, () =>
      editStored(cluster, vm, { edit: (root) => withElement(root, vm, image, undefined), also }),
    );
    reportOf(context)(`${image}: ${held}; its image goes with VM "${vm}"`);
  }
}

async function step(what: string, name: string, left: readonly string[], act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (cause) {
    throw new ChangeFailed(what, name, cause, left);
  }
}

const deletedNote = (image: string, owner: string | undefined) =>
  noteMetadata({ image, deleted: true, nonce: randomUUID(), ...(owner === undefined ? {} : { owner }) });

/** Images that share data with the disk, as linked clones do, and would be lost with it. */
function sharedRefusals(answer: Outcome | undefined): Refusal[] {
  const images = answer !== undefined && "ok" in answer ? (answer.ok as string[]) : [];
  if (images.length === 0) return [];
  return [
    {
      property: "the image",
      reason: `${images.join(", ")} shares it as a linked clone; delete that first, make it stand alone, or set \`retain\``,
    },
  ];
}

/** Its VM is gone. An image with the disk's name is removed if it is this disk and belongs to no VM. */
async function removeOrphan(
  context: Context,
  inventory: Inventory,
  { vm, index, owner, retain }: Removal,
): Promise<void> {
  const image = dataImage(vm, index);
  const note = readNote(image, inventory.images.get(image)?.metadata);
  if (note === undefined || note.owner !== owner) return;
  const [removed] = (await changeStorage(context.cluster.runner, [{ op: "removeImage", image, retain }])) as [Removed];
  sayRemoved(context, image, removed);
}

/** vm-mgr's clone counts the data disks from 0: no removal may leave a gap below disks that stay. */
function refuseGap(inventory: Inventory, { vm, index, replaced, stays }: Removal, image: string): void {
  if (replaced) return;
  const higher = takenNumbers(inventory, vm).filter((each) => each > index && !isDeleted(inventory, vm, each));
  const ownerOf = (each: number) => findDisk(inventory, vm, each)?.note?.owner;
  const staying = higher.filter((each) => stays(each, ownerOf(each)));
  if (staying.length === 0) return;
  const names = staying.map((each) => `${dataImage(vm, each)} (${ownerOf(each) ?? "made by another program"})`);
  const reason = `${names.join(", ")} ${names.length === 1 ? "comes" : "come"} after it and ${names.length === 1 ? "stays" : "stay"}, and vm-mgr's clone counts a VM's data disks from 0 without a gap`;
  throw new DiskRefused(
    "delete",
    image,
    inventory.node,
    [{ property: "index", reason }],
    "Delete the ones after it as well, or first. Nothing was changed.",
  );
}

/** Removes it from the XML, and then its image. */
async function removeImage(context: Context, removal: Removal, image: string): Promise<void> {
  const { cluster } = context;
  const { vm, index, owner, replaced, retain } = removal;
  let ends = false;
  const operations = (inventory: Inventory): StorageOperation[] => {
    const deleted = (each: number) => isDeleted(inventory, vm, each);
    // Later disks go in this run too, before or after this one: until then its number has to exist.
    const needed = !replaced && takenNumbers(inventory, vm).some((each) => each > index && !deleted(each));
    ends = !needed && takenNumbers(inventory, vm).some(deleted);
    return [
      { op: "removeImage", image, retain },
      ...(!needed
        ? []
        : [
            { op: "createImage" as const, image, size: PLACEHOLDER_BYTES },
            { op: "setMetadata" as const, image, set: deletedNote(image, owner) },
            { op: "addToGroup" as const, group: vm, image },
          ]),
      { op: "countDisks", vm },
    ];
  };
  const edit = (root: XmlElement) => withElement(root, vm, image, undefined);
  const [removed] = (await editStored(cluster, vm, { edit, also: operations })) as [Removed];
  sayRemoved(context, image, removed);
  if (ends) await queueForVm(cluster, vm, () => sweep(context, vm));
}

function sayRemoved(context: Context, image: string, { snapshots, kept }: Removed): void {
  const say = reportOf(context);
  if (kept !== null)
    say(`${image}: its image is kept as ${kept}; \`source: { image: "${kept}" }\` makes a disk of it again`);
  if (snapshots.length > 0) say(`${image}: its snapshots ${snapshots.join(", ")} went with it`);
}

/** Removes the leftovers of deleted disks at the end of a VM's numbers, unless a guest has them open. */
export async function sweep({ cluster }: Context, vm: string): Promise<void> {
  const inventory = await cluster.inventory({ disks: true });
  const operations: StorageOperation[] = [];
  for (const index of takenNumbers(inventory, vm).reverse()) {
    const image = dataImage(vm, index);
    const note = readNote(image, inventory.images.get(image)?.metadata);
    if (note?.deleted !== true || note.nonce === undefined) break;
    operations.push({ op: "removeImage", image, nonce: note.nonce, busySeconds: 0 });
  }
  if (operations.length === 0) return;
  try {
    await changeStorage(cluster.runner, [...operations, { op: "countDisks", vm }]);
  } catch (error) {
    // A guest still has it open: it is removed with the next disk, or with the VM.
    if (!(error instanceof ProgramError) || error.kind !== "ImageBusy") throw error;
  }
}
