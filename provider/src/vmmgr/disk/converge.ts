/** The steps that make a disk with an existing image match its spec: each looks, and acts on differences. */
import { changeStorage, growDisk, type Inventory, type StorageOperation, type XmlElement } from "../../cluster";
import { validateXml } from "../form/domain-xml";
import { reportOf, type Context } from "../core/context";
import { ownDisks } from "../form/domain";
import { dataImage } from "../form/names";
import type { Step } from "../core/steps";
import { isSame, readElement, wantedElement, withElement } from "./element";
import { attachLive, detachLive } from "./live";
import { noteMetadata, readNote, type DiskNote, type DiskSpec, type ObservedDisk } from "./model";
import { guestAt, liveDisks } from "./observe";
import { editStored, storedXml } from "./stored";

/** The note of a complete disk. */
export const noteOf = (spec: DiskSpec, nonce: string | undefined): DiskNote => ({
  image: dataImage(spec.vm, spec.index),
  ...(spec.owner === undefined ? {} : { owner: spec.owner }),
  ...(spec.retain ? { retain: true } : {}),
  ...(nonce === undefined ? {} : { nonce }),
});

/** @param found the disk as it is; undefined if its image is yet to be created */
export function convergeSteps(context: Context, spec: DiskSpec, inventory: Inventory, found?: ObservedDisk): Step[] {
  return [
    ...(found === undefined ? [] : growSteps(context, spec, found)),
    ...noteSteps(context, spec, inventory, found),
    ...storedSteps(context, spec, inventory, found),
    {
      name: "attaching it to the guest",
      act: () =>
        attachLive(
          context,
          spec.vm,
          dataImage(spec.vm, spec.index),
          wantedElement(spec, inventory),
          found === undefined,
        ),
      // A disk that the guest already had stays.
      ...(found?.live === undefined ? { undo: () => takeBack(context, spec) } : { noUndo: "it has it already" }),
    },
  ];
}

/** Notes its owner, and that it belongs to the VM. */
function noteSteps(
  { cluster }: Context,
  spec: DiskSpec,
  inventory: Inventory,
  found: ObservedDisk | undefined,
): Step[] {
  if (found === undefined) return [];
  const { image } = found;
  const before = readNote(image, inventory.images.get(image)?.metadata);
  const set = noteMetadata(noteOf(spec, before?.nonce));
  const back: StorageOperation =
    before === undefined
      ? { op: "setMetadata", image, unset: Object.keys(set) }
      : { op: "setMetadata", image, set: noteMetadata(before) };
  if (found.inGroup && JSON.stringify(before) === JSON.stringify(noteOf(spec, before?.nonce))) return [];
  return [
    {
      name: "noting whose it is",
      act: () =>
        changeStorage(cluster.runner, [
          { op: "setMetadata", image, set },
          { op: "addToGroup", group: spec.vm, image },
        ]),
      undo: () => changeStorage(cluster.runner, [back]),
    },
  ];
}

/** Its element in the stored XML, which the guest gets at its next start. */
function storedSteps(context: Context, spec: DiskSpec, inventory: Inventory, found: ObservedDisk | undefined): Step[] {
  const { cluster } = context;
  const image = dataImage(spec.vm, spec.index);
  const wanted = wantedElement(spec, inventory);
  const count: StorageOperation = { op: "countDisks", vm: spec.vm };
  const put = (element: XmlElement | undefined, known?: Inventory) =>
    editStored(cluster, spec.vm, {
      edit: (root) => withElement(root, spec.vm, image, element),
      also: () => [count],
      ...(known ? { known } : {}),
    });
  if (isSame(found?.stored, spec)) {
    const fresh = (root: XmlElement) =>
      isSame(ownDisks(root, spec.vm).get(image), spec) ? root : withElement(root, spec.vm, image, wanted);
    return [
      {
        name: "counting the disks",
        act: () => editStored(cluster, spec.vm, { edit: fresh, also: () => [count], known: inventory }),
        noUndo: "the count is right whatever comes",
      },
    ];
  }
  return [
    {
      name: "libvirt's check of the domain",
      act: async () => {
        const root = storedXml(inventory, spec.vm)?.root;
        if (root !== undefined) await validateXml(cluster, { finalElement: withElement(root, spec.vm, image, wanted) });
      },
      noUndo: "it leaves nothing",
    },
    { name: "putting it into the VM's XML", act: () => put(wanted, inventory), undo: () => put(found?.stored) },
  ];
}

/**
 * The size; a note stays until the running guest has been notified, so that the next `up` finishes an interrupted
 * change.
 */
function growSteps({ cluster }: Context, spec: DiskSpec, { image, bytes, note }: ObservedDisk): Step[] {
  const size = Math.max(spec.size ?? 0, bytes);
  if (size === bytes && note?.growing !== true) return [];
  const whole = noteOf(spec, note?.nonce);
  return [
    {
      name: "growing it",
      act: async () => {
        await changeStorage(cluster.runner, [
          { op: "setMetadata", image, set: noteMetadata({ ...whole, growing: true }) },
          { op: "resizeImage", image, size },
        ]);
        const inventory = await cluster.inventory();
        const guest = guestAt(inventory, spec.vm);
        const live = guest === undefined ? undefined : (await liveDisks(cluster, guest))?.get(image);
        if (guest !== undefined && live !== undefined)
          await growDisk(cluster.runner, guest, readElement(live).target, size);
        await changeStorage(cluster.runner, [{ op: "setMetadata", image, set: noteMetadata(whole) }]);
      },
      noUndo: "a disk is never made smaller; the next `up` finds it grown, and tells the guest",
    },
  ];
}

async function takeBack(context: Context, spec: DiskSpec): Promise<void> {
  const held = await detachLive(context, spec.vm, dataImage(spec.vm, spec.index), 20);
  if (held !== undefined) throw new Error(held);
}

/** Reports which parts of a change the running guest only gets at its next start. */
export function sayNextStart(context: Context, { image, live }: ObservedDisk, spec: DiskSpec): void {
  if (live === undefined || isSame(live, spec)) return;
  reportOf(context)(
    `${image}: the running guest keeps what it has; the change takes effect when VM "${spec.vm}" is next stopped and started`,
  );
}
