/** Creates a disk, or changes an existing one to match its spec: completely, or not at all. */
import { randomUUID } from "node:crypto";
import {
  changeStorage,
  importImage,
  NotFound,
  type ImportSource,
  type Inventory,
  type StorageOperation,
} from "../../cluster";
import { words } from "../../words";
import type { Context } from "../core/context";
import { importOf, isFile, judgedFile, onNode, sourceName, sourceQuestions } from "../core/image-source";
import { dataImage } from "../form/names";
import { stateRefusals } from "../core/cluster-health";
import { nowAndThen } from "../core/progress";
import { runSteps, type Step } from "../core/steps";
import { convergeSteps, noteOf, sayNextStart } from "./converge";
import { DiskRefused } from "./errors";
import { noteMetadata, readNote, type DiskSpec, type ObservedDisk } from "./model";
import { findDisk, guestAt, liveDisks, observeDisk, takenNumbers } from "./observe";
import { contentSizeRefusals, diskRefusals, type DiskIntent } from "./refusals";

/**
 * Creates a disk and attaches it to its VM; a running VM gets it at once if its bus allows. A disk that an earlier run
 * created and lost track of is resumed: a complete one stays, else it is filled again.
 * @throws DiskRefused before anything was changed; ChangeFailed with what could not be undone, usually nothing
 */
export async function createDisk(context: Context, spec: DiskSpec): Promise<ObservedDisk> {
  return makeDisk(context, spec, "create");
}

/** Changes an existing disk in place to match its spec. @throws NotFound if it is gone */
export async function updateDisk(context: Context, spec: DiskSpec): Promise<ObservedDisk> {
  return makeDisk(context, spec, "update");
}

async function makeDisk(context: Context, spec: DiskSpec, intent: DiskIntent): Promise<ObservedDisk> {
  const { cluster } = context;
  const image = dataImage(spec.vm, spec.index);
  const verb = intent === "create" ? "create" : "change";
  const sent = intent === "create" && isFile(spec.source) ? await onNode(context, image, spec.source) : spec.source;
  const asked = sent === undefined ? spec : { ...spec, source: sent };
  const inventory = await cluster.inventory({ disks: true, cephHosts: true, ...(await sourceQuestions(sent)) });
  const what = `Unable to ${verb} disk "${image}" on ${inventory.node}`;
  const refusals = [
    ...(intent === "update" ? stateRefusals(inventory) : []),
    ...diskRefusals(inventory, asked, intent, { vm: false, index: () => false }),
  ];
  if (refusals.length > 0) throw new DiskRefused(verb, image, inventory.node, refusals);
  const found = findDisk(inventory, spec.vm, spec.index);
  if (found === undefined && intent === "update") {
    throw new NotFound(`${what}: it is not on the cluster any more`, words().gone);
  }
  if (found !== undefined && found.note?.filling !== true) {
    const whole = await withLive(context, inventory, found);
    await runSteps(what, convergeSteps(context, spec, inventory, whole));
    sayNextStart(context, whole, spec);
  } else {
    await runSteps(what, [...imageSteps(context, asked, inventory), ...convergeSteps(context, spec, inventory)]);
  }
  const made = await observeDisk(cluster, spec.vm, spec.index);
  if (made === undefined) throw new NotFound(`${what}: it was made, and is gone again; someone removed it meanwhile`);
  return made;
}

async function withLive({ cluster }: Context, inventory: Inventory, found: ObservedDisk): Promise<ObservedDisk> {
  const guest = guestAt(inventory, found.vm);
  const live = guest === undefined ? undefined : (await liveDisks(cluster, guest))?.get(found.image);
  return live === undefined ? found : { ...found, live };
}

/** Its image in the VM's group, with an owner note from the start, and its content. */
function imageSteps(context: Context, spec: DiskSpec, inventory: Inventory): Step[] {
  const { cluster, report } = context;
  const { vm, index } = spec;
  const image = dataImage(vm, index);
  const nonce = randomUUID();
  const source = contentOf(inventory, spec);
  const size = Math.max(spec.size ?? 0, Math.ceil((source?.bytes ?? 0) / 512) * 512);
  const refusals = source === undefined ? [] : contentSizeRefusals(source.bytes, spec, inventory.freeBytes);
  if (refusals.length > 0) throw new DiskRefused("create", image, inventory.node, refusals);
  // The leftover is a deleted disk, or one of ours that was never completed: remove exactly that one.
  const leftover = readNote(image, inventory.images.get(image)?.metadata)?.nonce;
  const note = { ...noteOf(spec, nonce), ...(source === undefined ? {} : { filling: true }) };
  const make: StorageOperation[] = [
    ...(leftover === undefined ? [] : [{ op: "removeImage" as const, image, nonce: leftover }]),
    { op: "createImage", image, size },
    { op: "setMetadata", image, set: noteMetadata(note) },
    { op: "addToGroup", group: vm, image },
  ];
  const steps: Step[] = [
    {
      // Only one of two concurrent creates gets the image, and the other has changed nothing.
      name: "making its RBD image",
      act: () => changeStorage(cluster.runner, make),
      undo: () =>
        changeStorage(cluster.runner, [
          { op: "removeImage", image, nonce },
          { op: "countDisks", vm },
        ]),
    },
  ];
  if (source !== undefined) {
    const onProgress = nowAndThen((percent) => report?.(`${image}: copying ${source.name}: ${percent} %`));
    steps.push(
      {
        name: `copying ${source.name}`,
        act: () => importImage(cluster.runner, source.from, image, onProgress),
        noUndo: "it goes with the image",
      },
      {
        name: "noting that it is whole",
        act: () =>
          changeStorage(cluster.runner, [{ op: "setMetadata", image, set: noteMetadata(noteOf(spec, nonce)) }]),
        noUndo: "it goes with the image",
      },
    );
  }
  return steps;
}

/** The source of a disk's content; undefined for a blank one. */
function contentOf(
  inventory: Inventory,
  spec: DiskSpec,
): { name: string; from: ImportSource; bytes: number } | undefined {
  const { source } = spec;
  if (source === undefined) return undefined;
  if ("image" in source)
    return { name: source.image, from: source, bytes: inventory.images.get(source.image)?.size ?? 0 };
  const { file, refusals } = judgedFile(inventory, source);
  if (file?.virtualSize != null)
    return { name: sourceName(source), from: importOf(file, source), bytes: file.virtualSize };
  throw new DiskRefused("create", dataImage(spec.vm, spec.index), inventory.node, refusals);
}

/** The lower numbers for which a VM has no disk: while there are any, a disk would leave a gap. */
export async function missingBelow(context: Context, vm: string, index: number): Promise<number[]> {
  if (index === 0) return [];
  const taken = takenNumbers(await context.cluster.inventory({ disks: true }), vm);
  return Array.from({ length: index }, (_, each) => each).filter((each) => !taken.includes(each));
}
