/** vm-mgr's verbs for an existing VM: each changes the VM in place from its observed state. */
import { cleanup, destroyDomain, type Inventory } from "../../cluster";
import { SeapathError } from "../../errors";
import { validateXml, buildXml } from "../form/domain-xml";
import { commandWords, deadlineOf, hypervisorsOf, reportOf, type Context } from "../core/context";
import { createVm } from "./create";
import { NoSuchVm, Refused } from "../core/errors";
import type { ObservedVm, VmSpec } from "../form/model";
import { sourceQuestions } from "../core/image-source";
import { systemImage } from "../form/names";
import { findVm } from "../form/observe";
import { changeRefusals, clusterRefusals } from "./refusals";
import { removeVm } from "./remove";
import { stateRefusals } from "../core/cluster-health";
import { enableChanges } from "../form/cib-changes";
import { updateVm } from "./update";
import { waitFor } from "../core/wait";

/** Seconds to wait beyond a VM's stop timeout: Pacemaker notices, and checks once more. */
const SLACK = 60;

/** A VM's state does not allow the operation. Nothing was changed. */
export class NotNow extends SeapathError {
  constructor(verb: string, vm: string, node: string, reason: string, hint: string) {
    super("not-now", `Unable to ${verb} VM "${vm}" on ${node}: ${reason}`, { hint });
  }
}

/** An observed VM as a spec: applying it changes nothing. */
export function specOfObserved(observed: ObservedVm): VmSpec {
  const {
    uuid: _uuid,
    status: _status,
    node: _node,
    systemSize: _size,
    baseXml,
    domain: _domain,
    unfinished: _un,
    restartRequired: _due,
    started,
    ...settings
  } = observed;
  return { ...settings, xml: baseXml, started: started ?? true };
}

/**
 * Finds a VM by name.
 * @param verb the attempted operation, for the error
 * @throws NotFound; NotNow if a create of it has not ended
 */
export function getVm(inventory: Inventory, vm: string, verb: string): ObservedVm {
  const observed = findVm(inventory, vm);
  if (observed === undefined) {
    throw new NoSuchVm(verb, vm, inventory.node);
  }
  if (observed.unfinished !== undefined) {
    throw new NotNow(
      verb,
      vm,
      inventory.node,
      "a create of it has not ended",
      "Run that create again, or remove the VM.",
    );
  }
  return observed;
}

async function observe(
  context: Context,
  vm: string,
  verb: string,
): Promise<{ inventory: Inventory; observed: ObservedVm }> {
  const inventory = await context.cluster.inventory();
  return { inventory, observed: getVm(inventory, vm, verb) };
}

/** A deadline no shorter than the VM's stop timeout. */
const patient = (context: Context, observed: ObservedVm): Context => ({
  ...context,
  deadline: Math.max(deadlineOf(context), observed.stopTimeout + SLACK),
});

/** Adds a VM to Pacemaker or removes it; foreign constraints on it are kept. Idempotent. */
export async function setEnabled(context: Context, vm: string, enabled: boolean, started = true): Promise<ObservedVm> {
  const { observed } = await observe(context, vm, enabled ? "enable" : "disable");
  if (observed.enabled === enabled) return observed;
  return updateVm(patient(context, observed), { ...specOfObserved(observed), enabled, started });
}

/**
 * Starts or stops a VM, and waits for it.
 * @throws NotNow if the VM is not enabled
 */
export async function setStarted(context: Context, vm: string, started: boolean): Promise<ObservedVm> {
  const verb = started ? "start" : "stop";
  const { inventory, observed } = await observe(context, vm, verb);
  refuseDisabled(inventory, observed, verb);
  return updateVm(patient(context, observed), { ...specOfObserved(observed), started });
}

function refuseDisabled(inventory: Inventory, observed: ObservedVm, verb: string): void {
  if (observed.enabled) return;
  throw new NotNow(
    verb,
    observed.name,
    inventory.node,
    "it is not on the cluster, being not enabled",
    "Enable it first: Pacemaker starts and stops what it has.",
  );
}

/**
 * Stops a VM at once, without a guest shutdown: Pacemaker learns of it first, so that it does not start the VM again,
 * and a failed stop is forgotten.
 */
export async function forceStop(context: Context, vm: string): Promise<ObservedVm> {
  const { cluster } = context;
  const { inventory, observed } = await observe(context, vm, "stop");
  refuseDisabled(inventory, observed, "stop");
  const state = stateRefusals(inventory);
  if (state.length > 0) throw new Refused("stop", vm, inventory.node, state);
  const spec = { ...specOfObserved(observed), started: false };
  await cluster.changeCib(enableChanges(inventory.cib, spec, inventory.observer).changes);
  const resource = inventory.status.resources.get(vm);
  for (const node of resource?.nodes ?? []) {
    await destroyDomain(cluster.runner, vm, { node, asked: inventory.node, user: observed.migrationUser });
  }
  if (resource?.failed || resource?.blocked) await cleanup(cluster.runner, vm);
  const wanted = { vm, state: "stopped" as const, hypervisors: hypervisorsOf(inventory) };
  await waitFor(cluster, wanted, deadlineOf(patient(context, observed)), reportOf(context));
  return getVm(await cluster.inventory(), vm, "stop");
}

/**
 * Replaces a VM of the same name, which is removed once nothing blocks the new one any more. If there is none, just
 * creates the VM.
 */
export async function replaceVm(context: Context, spec: VmSpec): Promise<ObservedVm> {
  const { cluster } = context;
  const inventory = await cluster.inventory({ ...(await sourceQuestions(spec.source)), cephHosts: true });
  if (inventory.images.has(systemImage(spec.name)) || inventory.groups.has(spec.name)) {
    const refusals = [...changeRefusals(inventory, spec, "replace"), ...clusterRefusals(inventory, spec, "replace")];
    if (refusals.length > 0) throw new Refused("create", spec.name, inventory.node, refusals);
    await validateXml(cluster, buildXml(spec, inventory, [systemImage(spec.name)]));
    await removeVm(context, spec.name, { comesBack: true });
  }
  return createVm(context, spec);
}

/** Runs a `crm configure` command for an enabled VM: completely, or not at all. */
export async function crmConfigure(context: Context, words: string): Promise<void> {
  await context.cluster.write({ commands: commandWords([words]) });
}
