/** The disks of a cloned VM, copied or shared. */
import { changeStorage, copyWithSnapshots, importImage, type Inventory, type StorageOperation } from "../../cluster";
import { validateThenMake, type VmXml } from "../form/domain-xml";
import { carriedMarks, carriedSnapshots } from "./clone-snapshots";
import { releaseParent, type DiskPair } from "./clone-plan";
import { reportOf, type Context } from "../core/context";
import type { CreateLease } from "./create-lease";
import { PARENT_KEY } from "../form/metadata";
import type { CloneSource, Parent, VmSpec } from "../form/model";
import { systemImage } from "../form/names";
import { vmImages } from "../form/observe";
import { clearVm } from "./remove";
import type { Step } from "../core/steps";

/** The disks of a clone, marked as unfinished and as this create's own from the start. */
export function cloneSteps(
  context: Context,
  spec: VmSpec,
  inventory: Inventory,
  source: CloneSource,
  parent: Parent,
  pairs: readonly DiskPair[],
  xml: VmXml,
  lease: CreateLease,
): Step[] {
  const { cluster } = context;
  const images = pairs.map(({ to }) => to);
  const make: Step = {
    name: `making its RBD images and group of the disks of VM "${source.vm}"`,
    act: async () => {
      await validateThenMake(cluster, xml, reserve(spec, source, parent, pairs, lease));
      lease.keepRenewing();
    },
    undo: async () => {
      await lease.stopRenewing();
      if (await lease.isHeld()) await clearVm(context, spec.name, images, inventory, parent);
      // Its name is unique to this create, so it belongs to no other.
      else if (parent.own) await changeStorage(cluster.runner, releaseParent(parent));
    },
  };
  if (source.mode === "linked") return [make];
  const progress = (from: string) => (percent: number) => {
    if (percent % 25 === 0 && percent > 0 && percent < 100)
      reportOf(context)(`${spec.name}: copying ${from}: ${percent} %`);
  };
  if (source.snapshots === true) return [make, ...snapshotSteps(context, spec, source, parent, pairs, progress)];
  const copies = pairs.map(({ from, to }): Step => ({
    name: `copying ${from}`,
    act: () => importImage(cluster.runner, { image: `${from}@${parent.snapshot}` }, to, progress(from)),
    noUndo: "it goes with the images",
  }));
  return [make, ...copies];
}

/** The copies with the snapshots of each disk. The set is fixed once, when the source snapshot is held. */
function snapshotSteps(
  { cluster }: Context,
  spec: VmSpec,
  source: CloneSource,
  parent: Parent,
  pairs: readonly DiskPair[],
  progress: (from: string) => (percent: number) => void,
): Step[] {
  let seen: Inventory | undefined;
  const held = async () => (seen ??= await cluster.inventory());
  const noUndo = "it goes with the images";
  const copies = pairs.map(({ from, to }, index): Step => ({
    name: `copying ${from} with its snapshots`,
    act: async () => {
      const snapshots = carriedSnapshots(await held(), source.vm, parent).get(from) ?? [];
      const size = index === 0 ? (spec.systemSize ?? 0) : 0;
      await copyWithSnapshots(cluster.runner, { from, to, snapshots, last: parent.snapshot, size }, progress(from));
    },
    noUndo,
  }));
  const note: Step = {
    name: "noting what is known of its snapshots",
    act: async () => {
      const before = await held();
      const names = [...carriedSnapshots(before, source.vm, parent).values()].flat();
      const set = carriedMarks(before, await cluster.inventory(), source.vm, spec.name, pairs, names);
      if (Object.keys(set).length > 0)
        await changeStorage(cluster.runner, [{ op: "setMetadata", image: systemImage(spec.name), set }]);
    },
    noUndo,
  };
  return [...copies, note];
}

function reserve(
  spec: VmSpec,
  source: CloneSource,
  parent: Parent,
  pairs: readonly DiskPair[],
  lease: CreateLease,
): StorageOperation[] {
  const marked = { vm_name: spec.name, [PARENT_KEY]: JSON.stringify(parent), ...lease.metadata("importing") };
  const hold: StorageOperation = {
    op: "holdSnapshots",
    vm: source.vm,
    snapshot: parent.snapshot,
    own: parent.own,
    protect: source.mode === "linked",
  };
  const made = pairs.flatMap(({ from, to, size }, index): StorageOperation[] => {
    const wanted = index === 0 ? Math.max(size, spec.systemSize ?? 0) : size;
    const set = index === 0 ? { set: marked } : {};
    if (source.mode === "linked")
      return [{ op: "cloneImage", parent: from, snapshot: parent.snapshot, image: to, size: wanted, ...set }];
    const image: StorageOperation = { op: "createImage", image: to, size: wanted };
    return index === 0 ? [image, { op: "setMetadata", image: to, ...set }] : [image];
  });
  const group: StorageOperation[] = [
    { op: "createGroup", group: spec.name },
    ...pairs.map(({ to }): StorageOperation => ({ op: "addToGroup", group: spec.name, image: to })),
  ];
  // A copy is marked before the snapshot is taken, so that a kill leaves no unknown snapshot; a link needs the snapshot
  // first.
  return source.mode === "linked" ? [hold, ...made, ...group] : [...made, ...group, hold];
}

const FLATTEN_MS = 4 * 3600_000;

/** Makes a linked clone independent while it keeps running. */
export function flattenSteps(
  { cluster }: Context,
  spec: VmSpec,
  inventory: Inventory,
  parent: Parent | undefined,
): Step[] {
  const { source } = spec;
  if (parent === undefined || source === undefined || !("vm" in source) || source.mode !== "copy") return [];
  const images = vmImages(inventory, spec.name);
  return [
    {
      name: `copying what it shares with VM "${parent.vm}"`,
      act: () =>
        changeStorage(
          cluster.runner,
          [
            ...images.map((image): StorageOperation => ({ op: "flattenImage", image })),
            ...releaseParent(parent),
            { op: "setMetadata", image: systemImage(spec.name), unset: [PARENT_KEY] },
          ],
          FLATTEN_MS,
        ),
      noUndo: "it only takes room; the next `up` goes on with it",
    },
  ];
}
