/** Creates a VM: completely, or not at all. */
import { importImage, NotFound, type ImportSource, type Inventory, type StorageOperation } from "../../cluster";
import { present, waitStep } from "../core/apply";
import { buildXml, validateThenMake, validateXml, type VmXml } from "../form/domain-xml";
import { cloneSteps } from "./clone-steps";
import { carriedRoomRefusals } from "./clone-room";
import { hasFailed } from "../core/closed-nodes";
import { clonedDisks, parentOf, releaseParent, renamedDisks } from "./clone-plan";
import { commandWords, type Context } from "../core/context";
import { Refused } from "../core/errors";
import { PARENT_KEY, vmMetadata } from "../form/metadata";
import { importOf, judgedFile, onNode, sourceFile, sourceName, sourceQuestions } from "../core/image-source";
import type { FileSource, CloneSource, ObservedVm, VmSpec } from "../form/model";
import { nowAndThen } from "../core/progress";
import { systemImage } from "../form/names";
import { findVm, isTakenOver, vmImages } from "../form/observe";
import { changeRefusals, clusterRefusals, imageSizeRefusals } from "./refusals";
import { forgetVm } from "../core/forget";
import { clearVm, takeOutOfCib } from "./remove";
import { runSteps, type Step } from "../core/steps";
import { CreateLease, waitUntilCreateAbandoned } from "./create-lease";
import { enableChanges } from "../form/cib-changes";
import { returningWith } from "../form/parked-constraints";
import { changeVm } from "./update";

/**
 * Creates a VM as `vm-mgr create` does, waits until it matches the spec, and returns it as observed. An interrupted
 * create of ours is resumed: a complete image stays, an incomplete one is removed.
 * @throws Refused before anything was changed; ChangeFailed with what could not be undone, usually nothing
 */
export async function createVm(context: Context, spec: VmSpec): Promise<ObservedVm> {
  const { cluster } = context;
  const inventory = await cluster.inventory({ ...(await sourceQuestions(spec.source)), cephHosts: true });
  const what = `Unable to create VM "${spec.name}" on ${inventory.node}`;
  refuse(
    inventory,
    [...changeRefusals(inventory, spec, "create"), ...clusterRefusals(inventory, spec, "create")],
    spec,
  );
  const found = findVm(inventory, spec.name);
  // An existing VM is changed in place to match the spec; its disks stay as they are.
  if (found !== undefined && found.unfinished === undefined && isTakenOver(found, spec))
    return changeVm(context, spec, inventory);
  const { source: given } = spec;
  if (given === undefined) {
    const reason = `there is no VM "${spec.name}" to adopt; give the image that it is to be made of`;
    throw new Refused("create", spec.name, inventory.node, [{ property: "source", reason }]);
  }
  if (found?.unfinished !== undefined) await waitUntilCreateAbandoned(context, spec.name, inventory.node);
  if (found?.unfinished === "importing") {
    await clearVm(context, spec.name, vmImages(inventory, spec.name), inventory, found.linkedTo);
  }
  // These failures belong to a VM that is gone, and would close nodes to this one.
  if (!inventory.cib.primitives.has(spec.name) && hasFailed(inventory, spec.name)) await forgetVm(context, spec.name);
  const whole = found?.unfinished === "imported" ? found : undefined;
  const lease = new CreateLease(cluster, spec.name);
  const disks =
    "vm" in given
      ? await clone(context, spec, inventory, given, lease, whole)
      : await image(context, spec, inventory, given, lease, whole);
  let made: Inventory | undefined;
  try {
    await runSteps(what, [
      ...(whole === undefined ? disks.steps : [checkStep(context, disks.xml)]),
      registerStep(context, spec, inventory, disks, lease),
      ...(spec.enabled ? [waitStep(context, spec, inventory)] : []),
      { name: "marking it as finished", act: async () => (made = await lease.finish()), noUndo: "it is the last step" },
    ]);
  } finally {
    await lease.stopRenewing();
  }
  const gone = () => new NotFound(`${what}: it was made, and is gone again; someone removed it meanwhile`);
  return present(made ?? (await cluster.inventory()), spec.name, gone);
}

/** How the disks of a VM are created. */
interface Making {
  xml: VmXml;
  steps: Step[];
  /** Metadata for them. */
  set: Record<string, string>;
  unset: string[];
  /** Cleans up what is no longer needed once they are complete. */
  after: StorageOperation[];
}

async function image(
  context: Context,
  spec: VmSpec,
  seen: Inventory,
  given: FileSource,
  lease: CreateLease,
  whole?: ObservedVm,
): Promise<Making> {
  const source = await onNode(context, spec.name, given);
  const inventory =
    sourceFile(seen, source) === undefined
      ? await context.cluster.inventory({ ...(await sourceQuestions(source)), cephHosts: true })
      : seen;
  const { file, refusals } = judgedFile(inventory, source);
  refuse(inventory, [...refusals, ...imageSizeRefusals(file?.virtualSize ?? null, spec, inventory.freeBytes)], spec);
  if (file?.virtualSize == null)
    throw new NotFound(`Unable to create VM "${spec.name}" on ${inventory.node}: nothing is known of its image`);
  const xml = buildXml(spec, inventory, [systemImage(spec.name)], whole?.uuid || undefined);
  return {
    xml,
    steps: imageSteps(
      context,
      spec,
      inventory,
      { from: importOf(file, source), path: sourceName(source), size: file.virtualSize },
      xml,
      lease,
    ),
    set: {},
    unset: [],
    after: [],
  };
}

async function clone(
  context: Context,
  spec: VmSpec,
  inventory: Inventory,
  source: CloneSource,
  lease: CreateLease,
  whole?: ObservedVm,
): Promise<Making> {
  // A resumed create already has its disks.
  if (whole === undefined) refuse(inventory, await carriedRoomRefusals(context.cluster, inventory, spec), spec);
  const pairs = clonedDisks(inventory, source.vm, spec.name);
  const stored = renamedDisks(inventory, source.vm, pairs);
  const xml = buildXml(
    spec,
    inventory,
    pairs.map(({ to }) => to),
    whole?.uuid || undefined,
    stored,
  );
  const parent = whole?.linkedTo ?? parentOf(spec, source);
  const linked = source.mode === "linked";
  const count = inventory.images.get(systemImage(source.vm))?.metadata?.["_additional_disks"];
  return {
    xml,
    steps: cloneSteps(context, spec, inventory, source, parent, pairs, xml, lease),
    set: {
      ...(count === undefined ? {} : { _additional_disks: count }),
      ...(linked ? { [PARENT_KEY]: JSON.stringify(parent) } : {}),
    },
    unset: linked ? [] : [PARENT_KEY],
    after: linked ? [] : releaseParent(parent),
  };
}

function refuse(inventory: Inventory, refusals: ReturnType<typeof clusterRefusals>, spec: VmSpec): void {
  if (refusals.length > 0) throw new Refused("create", spec.name, inventory.node, refusals);
}

/** The system image and the group, marked as unfinished and as this create's own from the start. */
function imageSteps(
  context: Context,
  spec: VmSpec,
  inventory: Inventory,
  source: { from: ImportSource; path: string; size: number },
  xml: VmXml,
  lease: CreateLease,
): Step[] {
  const { cluster, report } = context;
  const image = systemImage(spec.name);
  return [
    {
      // The image comes first: only one of two concurrent creates gets it, and the other has changed nothing.
      name: "making its RBD image and group",
      act: async () => {
        await validateThenMake(cluster, xml, [
          { op: "createImage", image, size: Math.max(spec.systemSize ?? 0, Math.ceil(source.size / 512) * 512) },
          { op: "setMetadata", image, set: { vm_name: spec.name, ...lease.metadata("importing") } },
          { op: "createGroup", group: spec.name },
          { op: "addToGroup", group: spec.name, image },
        ]);
        lease.keepRenewing();
      },
      undo: async () => {
        await lease.stopRenewing();
        if (await lease.isHeld()) await clearVm(context, spec.name, [image], inventory);
      },
    },
    {
      name: `importing ${source.path}`,
      act: () =>
        importImage(
          cluster.runner,
          source.from,
          image,
          nowAndThen((percent) => report?.(`${spec.name}: importing: ${percent} %`)),
        ),
      noUndo: "it goes with the image",
    },
  ];
}

const checkStep = ({ cluster }: Context, xml: VmXml): Step => ({
  name: "libvirt's check of the domain",
  act: () => validateXml(cluster, xml),
  noUndo: "it leaves nothing",
});

/**
 * Writes the metadata, and the CIB elements of an enabled VM, in one go. This marks the image as complete: a create
 * that is interrupted after this keeps it.
 */
function registerStep(context: Context, spec: VmSpec, inventory: Inventory, disks: Making, lease: CreateLease): Step {
  const { cluster } = context;
  const commands = spec.enabled ? commandWords(spec.crmConfigCommands) : [];
  return {
    name: spec.enabled ? "telling Pacemaker of it" : "writing its metadata",
    act: async () => {
      await lease.stopRenewing();
      const set = { ...vmMetadata(spec, disks.xml), ...disks.set, ...lease.metadata("imported") };
      // A VM that was removed to be recreated gets back the foreign constraints that were kept for it.
      const back = returningWith(inventory, spec.name);
      const { changes } = spec.enabled
        ? enableChanges(inventory.cib, spec, inventory.observer, back.constraints)
        : { changes: [] };
      const image = systemImage(spec.name);
      const storage: StorageOperation[] = [
        ...disks.after,
        { op: "setMetadata", image, set, unset: disks.unset },
        ...(spec.enabled ? back.storage : []),
      ];
      await cluster.write({ storage, changes, commands });
      lease.keepRenewing();
    },
    undo: async () => takeOutOfCib(context, spec.name, await cluster.inventory(), true),
  };
}
