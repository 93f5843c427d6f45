/**
 * Problems of a disk that can be found before anything is changed: the same checks for a preview and for the change
 * itself.
 */
import type { Inventory } from "../../cluster";
import { words } from "../../words";
import { ownDisks } from "../form/domain";
import type { Refusal } from "../core/errors";
import { judgedFile } from "../core/image-source";
import { dataImage, noSuchVm, systemImage } from "../form/names";
import { isOwned } from "../form/ownership";
import { stateRefusals } from "../core/cluster-health";
import { readElement, targetHolder, wantedElement } from "./element";
import { readNote, type DiskSpec } from "./model";
import { findDisk, isDeleted, takenNumbers } from "./observe";
import { storedXml } from "./stored";

/** The intended operation; `replace` first removes the disk with the same number. */
export type DiskIntent = "create" | "update" | "replace";

/** Parts of a program that are not on the cluster yet, but will be. */
export interface Planned {
  /** Whether the program creates a VM of this name. */
  vm: boolean;
  /** Whether the program declares a disk with this number for the VM. */
  index: (index: number) => boolean;
  /** The disk's current number, if it changes within the same VM. */
  leaves?: number;
}

/** Reasons to reject this disk on this cluster. In a preview some inputs are not known yet. */
export function diskRefusals(
  inventory: Inventory,
  spec: Partial<DiskSpec>,
  intent: DiskIntent,
  planned: Planned,
): Refusal[] {
  const { vm, index } = spec;
  const general = intent === "update" ? [] : stateRefusals(inventory);
  if (general.length > 0) return general;
  if (vm === undefined) return contentRefusals(inventory, spec, intent);
  if (!inventory.images.has(systemImage(vm))) {
    if (planned.vm) return contentRefusals(inventory, spec, intent);
    return [{ property: "vm", reason: noSuchVm(vm) }];
  }
  return [
    ...(index === undefined ? [] : numberRefusals(inventory, { ...spec, vm, index }, intent, planned)),
    ...(index === undefined ? [] : targetRefusals(inventory, { ...spec, vm, index })),
    ...contentRefusals(inventory, spec, intent),
  ];
}

type Numbered = Partial<DiskSpec> & { vm: string; index: number };

/** Whether an existing disk is ours. */
export function isOurs(inventory: Inventory, spec: Numbered): boolean {
  const image = dataImage(spec.vm, spec.index);
  const owner = readNote(image, inventory.images.get(image)?.metadata)?.owner;
  return spec.adopt === true || isOwned(owner, spec);
}

function numberRefusals(inventory: Inventory, spec: Numbered, intent: DiskIntent, planned: Planned): Refusal[] {
  const { vm, index } = spec;
  if (intent === "update") return [];
  const found = findDisk(inventory, vm, index);
  if (found !== undefined && intent === "create" && !isOurs(inventory, spec)) {
    const owner = found.note?.owner === undefined ? "by another program" : `by ${found.note.owner}`;
    const reason = `${index} is taken: VM "${vm}" has ${found.image}, made ${owner}. ${words().otherDisk}`;
    return [{ property: "index", reason }];
  }
  if (
    found === undefined &&
    intent === "create" &&
    spec.adopt === true &&
    spec.size === undefined &&
    spec.source === undefined
  ) {
    return [
      {
        property: "adopt",
        reason: `there is no disk ${dataImage(vm, index)} to adopt; give the \`size\` or the \`source\` that it is to be made of`,
      },
    ];
  }
  const taken = new Set(takenNumbers(inventory, vm));
  const missing = Array.from({ length: index }, (_, each) => each).filter(
    (each) => (!taken.has(each) || each === planned.leaves) && !planned.index(each),
  );
  if (missing.length === 0) return [];
  const reason =
    `${index} would leave a gap: VM "${vm}" has no data disk ${missing.join(", ")}, and vm-mgr's clone counts them from 0. ` +
    `Leave \`index\` out for the next one; a disk of this program with a lower number has to stand above, or in \`dependsOn\``;
  return [{ property: "index", reason }];
}

function targetRefusals(inventory: Inventory, spec: Numbered): Refusal[] {
  const root = storedXml(inventory, spec.vm)?.root;
  if (root === undefined || spec.bus === undefined) return [];
  const wanted = wantedElement({ cache: "writeback", readOnly: false, ...spec, bus: spec.bus }, inventory);
  const holder = targetHolder(root, wanted);
  if (holder === undefined) return [];
  const own = ownDisks(root, spec.vm).has(holder.replace(/^rbd\//, "")) ? "disk " : "";
  return [
    {
      property: "bus",
      reason: `the target ${readElement(wanted).target} of VM "${spec.vm}" is taken by ${own}${holder}`,
    },
  ];
}

/** Size and source. */
function contentRefusals(inventory: Inventory, spec: Partial<DiskSpec>, intent: DiskIntent): Refusal[] {
  const { vm, index, size, source } = spec;
  const found = vm === undefined || index === undefined ? undefined : findDisk(inventory, vm, index);
  // A resumed or adopted disk keeps its content, so it can only grow.
  if (found !== undefined && intent !== "replace" && found.note?.filling !== true) {
    if (size === undefined || size >= found.bytes) return [];
    return [
      {
        property: "size",
        reason: `${found.image} has ${found.bytes} bytes and is never made smaller: that would cut off what is on it`,
      },
    ];
  }
  if (source === undefined || intent === "update") return [];
  if ("image" in source) return imageRefusals(inventory, source.image, spec);
  const { file, refusals } = judgedFile(inventory, source);
  return file === undefined ? refusals : contentSizeRefusals(file.virtualSize, spec, inventory.freeBytes);
}

function imageRefusals(inventory: Inventory, image: string, spec: Partial<DiskSpec>): Refusal[] {
  const refuse = (reason: string) => [{ property: "source.image", reason }];
  const facts = inventory.images.get(image);
  if (!/^(system|data|retained)_/.test(image))
    return refuse(
      `"${image}" is no disk of a VM: those are system_<vm>, data_<vm>_<number> and retained_<vm>_<number>`,
    );
  if (facts === undefined) return refuse(`Ceph has no image "${image}"`);
  const note = readNote(image, facts.metadata);
  if (note?.deleted === true || note?.filling === true)
    return refuse(`"${image}" is ${note.deleted ? "deleted" : "not whole yet"}`);
  return contentSizeRefusals(facts.size, spec, inventory.freeBytes);
}

/** A disk that is too small for its content, or too large for Ceph. */
export function contentSizeRefusals(bytes: number | null, spec: Partial<DiskSpec>, freeBytes: number): Refusal[] {
  if (bytes === null) return [];
  if (spec.size !== undefined && spec.size < bytes) {
    return [{ property: "size", reason: `the source has ${bytes} bytes; the disk must not be smaller` }];
  }
  if (bytes > freeBytes)
    return [{ property: "source", reason: `it has ${bytes} bytes, and Ceph has ${freeBytes} left` }];
  return [];
}

/**
 * The number for a disk without one: its own, if an earlier run created it and lost track of it, else the lowest free
 * one.
 */
export function nextNumber(
  inventory: Inventory,
  vm: string,
  owner: string | undefined,
  isPlanned: (index: number) => boolean,
): number {
  const numbers = takenNumbers(inventory, vm);
  const own = numbers.find(
    (index) =>
      !isDeleted(inventory, vm, index) && owner !== undefined && findDisk(inventory, vm, index)?.note?.owner === owner,
  );
  if (own !== undefined) return own;
  for (let index = 0; ; index++) {
    if (!isPlanned(index) && (!numbers.includes(index) || isDeleted(inventory, vm, index))) return index;
  }
}
