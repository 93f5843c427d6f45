/** Changing a VM in place: only what differs, and nothing that would restart a guest which the diff did not announce. */
import { changeStorage, cleanup, growDisk, NotFound, type Inventory } from "../cluster";
import { applySync, waitStep } from "./apply";
import { buildXml, validateXml } from "./build";
import { canonicalBase, diskTarget } from "./domain";
import { commandWords, reportOf, wantedOf, type Context } from "./context";
import { Refused } from "./errors";
import { metadataChanges, PARKED_KEY, PHASE_KEY, vmMetadata } from "./metadata";
import type { ObservedVm, VmSpec } from "./model";
import { systemImage } from "./names";
import { findVm, vmImages } from "./observe";
import { clusterRefusals, stateRefusals } from "./refusals";
import { stopVm } from "./remove";
import { runSteps, type Step } from "./steps";
import { disableChanges, enableChanges, foreignConstraints, parkConstraints } from "./sync";
import { isReached } from "./wait";
import { changeUnmanaged, restartsByItself } from "./unmanaged";

/**
 * Makes an existing VM into what is asked, as far as that can be done in place, and returns it as observed.
 * @throws NotFound when it is gone; Refused before anything was changed; ChangeFailed after an undo
 */
export async function updateVm(context: Context, spec: VmSpec): Promise<ObservedVm> {
  const { cluster } = context;
  const inventory = await cluster.inventory({ cephHosts: true });
  const observed = findVm(inventory, spec.name);
  const what = `Unable to change VM "${spec.name}" on ${inventory.node}`;
  if (observed === undefined) {
    throw new NotFound(`${what}: it is not on the cluster any more`, "Run `pulumi refresh`; the next `pulumi up` makes it anew.");
  }
  const refusals = [...stateRefusals(inventory), ...clusterRefusals(inventory, spec, "update")];
  if (refusals.length > 0) throw new Refused("change", spec.name, inventory.node, refusals);
  await runSteps(what, [
    ...(await diskSteps(context, spec, inventory, observed)),
    ...(spec.enabled ? enabledSteps(context, spec, inventory) : disabledSteps(context, spec, inventory)),
  ]);
  const changed = findVm(await cluster.inventory(), spec.name);
  if (changed === undefined) throw new NotFound(`${what}: it was changed, and is gone now; someone removed it meanwhile`);
  return changed;
}

/** The image's size and metadata, the XML among them. */
async function diskSteps(context: Context, spec: VmSpec, inventory: Inventory, observed: ObservedVm): Promise<Step[]> {
  const { cluster } = context;
  const image = systemImage(spec.name);
  const before = inventory.images.get(image)?.metadata ?? {};
  const steps: Step[] = [];
  const xml = buildXml(spec, inventory, vmImages(inventory, spec.name), observed.uuid || undefined);
  // XML that means the same is left in the words that it has: another tool may compare them.
  const sameBase = canonicalBase(xml.base, spec.name) === observed.baseXml;
  const same = sameBase && before["xml"] !== undefined && spec.diskBus === observed.diskBus;
  if (!same) {
    await validateXml(cluster, xml);
    if (observed.status !== "Disabled" && !observed.status.startsWith("Stopped")) {
      reportOf(context)(`${spec.name}: the changed domain takes effect when the VM is next stopped and started`);
    }
  }
  const wanted = vmMetadata(spec, same ? { base: before["_base_xml"] ?? xml.base, final: before["xml"] ?? xml.final } : xml);
  const { set, unset } = metadataChanges(before, wanted);
  if (PHASE_KEY in before) unset.push(PHASE_KEY);
  if (spec.systemSize !== undefined && spec.systemSize > observed.systemSize) {
    const size = spec.systemSize;
    steps.push({
      name: "growing its system disk",
      act: async () => {
        await changeStorage(cluster.runner, [{ op: "resizeImage", image, size }]);
        if (observed.node === undefined) return;
        const at = { domain: spec.name, node: observed.node, asked: inventory.node, user: spec.migrationUser };
        await growDisk(cluster.runner, at, diskTarget(observed.diskBus, 0), size);
      },
      noUndo: "a disk is never made smaller; the next `up` finds it grown",
    });
  }
  if (Object.keys(set).length > 0 || unset.length > 0) {
    const back = metadataChanges({ ...before, ...wanted }, before);
    const restored = Object.fromEntries(Object.entries(before).filter(([key]) => key in set || unset.includes(key)));
    steps.push({
      name: "writing its metadata",
      act: () => changeStorage(cluster.runner, [{ op: "setMetadata", image, set, unset }]),
      undo: () => changeStorage(cluster.runner, [{ op: "setMetadata", image, set: restored, unset: back.unset }]),
    });
  }
  return steps;
}

/** What the CIB must say of an enabled VM. */
function enabledSteps(context: Context, spec: VmSpec, inventory: Inventory): Step[] {
  const { cluster } = context;
  const image = systemImage(spec.name);
  const metadata = inventory.images.get(image)?.metadata ?? {};
  const parked = metadata[PARKED_KEY];
  const known = new Set((metadata["_crm_config_cmd"] ?? "").split("\n"));
  const fresh = !inventory.cib.primitives.has(spec.name);
  const commands = commandWords(spec.crmConfigCommands.filter((line) => fresh || !known.has(line)));
  for (const line of known) {
    if (line === "" || spec.crmConfigCommands.includes(line)) continue;
    reportOf(context)(`${spec.name}: what the crm command "${line}" made stays in the CIB; take it out with \`crm configure\``);
  }
  const sync = enableChanges(inventory.cib, spec, inventory.observer, parked);
  const wait = waitStep(context, spec, inventory);
  const forget = needsRetry(inventory, spec)
    ? [{ name: "forgetting its failures", act: () => cleanup(cluster.runner, spec.name), noUndo: "Pacemaker only tries again" }]
    : [];
  if (sync.changes.length === 0 && commands.length === 0) {
    return forget.length === 0 && isReached(inventory.status, wantedOf(spec, inventory)) ? [] : [...forget, wait];
  }
  const steps: Step[] = [
    restartsByItself(inventory, spec)
      ? {
          name: "telling Pacemaker of it without a restart",
          act: () => changeUnmanaged(context, spec, commands),
          noUndo: "putting parameters back would need the same again; the next `up` takes it up where it is",
        }
      : {
          name: "telling Pacemaker of it",
          act: () => applySync(context, sync.changes, commands),
          undo: () => cluster.changeCib(sync.undo),
        },
  ];
  if (parked !== undefined) {
    steps.push({
      name: "forgetting the constraints that were kept for it",
      act: () => changeStorage(cluster.runner, [{ op: "setMetadata", image, unset: [PARKED_KEY] }]),
      undo: () => changeStorage(cluster.runner, [{ op: "setMetadata", image, set: { [PARKED_KEY]: parked } }]),
    });
  }
  return [...steps, ...forget, wait];
}

/** Whether Pacemaker has given the VM up: it tries no node again on which a start failed, whatever is changed since. */
function needsRetry({ status }: Inventory, spec: VmSpec): boolean {
  const resource = status.resources.get(spec.name);
  const runs = resource?.role === "Started" && !resource.failed;
  return spec.started && !runs && status.failures.some((each) => each.resource === spec.name);
}

/** Takes the VM out of the CIB, keeping what others said of it. */
function disabledSteps(context: Context, spec: VmSpec, inventory: Inventory): Step[] {
  const { cluster } = context;
  if (!inventory.cib.primitives.has(spec.name)) return [];
  const image = systemImage(spec.name);
  const foreign = foreignConstraints(inventory.cib, spec.name);
  const sync = disableChanges(inventory.cib, spec.name);
  const park: Step = {
    name: "keeping the constraints of others on it",
    act: () => changeStorage(cluster.runner, [{ op: "setMetadata", image, set: { [PARKED_KEY]: parkConstraints(foreign) } }]),
    undo: () => changeStorage(cluster.runner, [{ op: "setMetadata", image, unset: [PARKED_KEY] }]),
  };
  return [
    ...(foreign.length > 0 ? [park] : []),
    { name: "stopping it", act: async () => stopVm(context, spec.name, await cluster.inventory()), noUndo: "it was asked for" },
    {
      name: "taking it out of Pacemaker",
      act: () => cluster.changeCib(sync.changes),
      undo: () => cluster.changeCib(sync.undo),
    },
  ];
}

