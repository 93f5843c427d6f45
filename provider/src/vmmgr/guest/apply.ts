/** Turns a VM into a guest node, and changes its Pacemaker settings in place, while the VM keeps running. */
import { setTimeout as sleep } from "node:timers/promises";
import {
  changeStorage,
  diffElement,
  forgetNode,
  isOnline,
  NotFound,
  RESOURCES,
  WaitTimeout,
  type CibChange,
  type Inventory,
} from "../../cluster";
import { retryOnCibConflict } from "../core/cib-retry";
import { hasFailed } from "../core/closed-nodes";
import { deadlineOf, hypervisorsOf, reportOf, type Context } from "../core/context";
import { Refused } from "../core/errors";
import { metadataChanges } from "../form/metadata";
import { noSuchVm, systemImage } from "../form/names";
import { findVm } from "../form/observe";
import { maintenanceRefusal, stateRefusals } from "../core/cluster-health";
import { forgetVm } from "../core/forget";
import { runSteps, type Step } from "../core/steps";
import { waitFor } from "../core/wait";
import { banChanges, openTo, unbanChanges } from "./keepoff";
import { ensureAuthKey } from "./key";
import type { GuestNodeSpec, ObservedGuestNode } from "./model";
import { guestNodeRefusals } from "./refusals";
import { findGuestNode, guestMetadata, METADATA_KEYS, readMeta, withSettings } from "./settings";
import { waitForRemoted, waitUntilConnected } from "./wait";

/** A guest node, with the key that its guest needs, in base64. */
export type MadeGuestNode = ObservedGuestNode & { authkey: string };

/**
 * Turns a VM into the specified guest node, whatever it was before, and waits until Pacemaker is connected to it. If
 * the VM is not running or not enabled, only the settings are written: Pacemaker connects when it starts.
 * @throws NotFound; Refused before anything was changed; KeyRejected; ChangeFailed after an undo
 */
export async function ensureGuestNode(context: Context, spec: GuestNodeSpec): Promise<MadeGuestNode> {
  const { cluster } = context;
  const inventory = await cluster.inventory();
  const what = `Unable to make VM "${spec.vm}" guest node "${spec.name}" on ${inventory.node}`;
  const vm = findVm(inventory, spec.vm);
  if (vm === undefined) throw new NotFound(`${what}: ${noSuchVm(spec.vm)}`);
  const refusals = [
    ...stateRefusals(inventory),
    ...(inventory.status.maintenance ? [maintenanceRefusal] : []),
    ...guestNodeRefusals(inventory, spec),
  ];
  if (refusals.length > 0) throw new Refused("make", spec.name, inventory.node, refusals, "guest node");
  const runs = vm.enabled && vm.started === true;
  const key = { authkey: "" };
  await runSteps(what, [
    {
      name: "seeing to the key of Pacemaker Remote",
      act: async () => (key.authkey = await ensureAuthKey(context, inventory)),
      noUndo: "a key that was made stays: a guest's image may have it already",
    },
    ...(runs ? [reachStep(context, spec, inventory)] : []),
    ...metadataSteps(context, spec, inventory),
    ...(vm.enabled ? [cibStep(context, spec, inventory, runs)] : []),
    ...(runs
      ? [
          {
            name: "waiting for Pacemaker's connection",
            act: () => waitUntilConnected(context, spec),
            noUndo: "it only looks",
          },
        ]
      : []),
  ]);
  if (!runs) reportOf(context)(`${spec.name}: VM "${spec.vm}" does not run, so it is told and not tried`);
  const made = findGuestNode(await cluster.inventory(), spec.vm);
  if (made === undefined) throw new NotFound(`${what}: it was made, and is gone again; someone took it away meanwhile`);
  return { ...made, ...key };
}

/** Pacemaker stops a VM that it cannot connect to, so try the connection to the guest first. */
function reachStep(context: Context, spec: GuestNodeSpec, inventory: Inventory): Step {
  const before = readMeta(inventory.cib.primitives.get(spec.vm));
  const same = before?.address === spec.address && before.port === spec.port;
  return {
    name: "asking pacemaker_remoted in the guest",
    act: () => (same ? Promise.resolve() : waitForRemoted(context, spec, before === undefined)),
    noUndo: "it only asks",
  };
}

function metadataSteps(context: Context, spec: GuestNodeSpec, inventory: Inventory): Step[] {
  const { runner } = context.cluster;
  const image = systemImage(spec.vm);
  const before = inventory.images.get(image)?.metadata ?? {};
  const { set } = metadataChanges(before, guestMetadata(spec));
  if (Object.keys(set).length === 0) return [];
  const restored = Object.fromEntries(
    METADATA_KEYS.flatMap((key) => (before[key] === undefined ? [] : [[key, before[key]]])),
  );
  const unset = METADATA_KEYS.filter((key) => before[key] === undefined);
  return [
    {
      name: "writing its metadata",
      act: () => changeStorage(runner, [{ op: "setMetadata", image, set }]),
      undo: () => changeStorage(runner, [{ op: "setMetadata", image, set: restored, unset }]),
    },
  ];
}

/** The meta attributes, and a ban for each VM that nothing else keeps out, in one change. */
function guestChanges(inventory: Inventory, spec: GuestNodeSpec): CibChange[] {
  const primitive = inventory.cib.primitives.get(spec.vm);
  if (primitive === undefined) return [];
  const { vms } = openTo(inventory.cib, spec.name, spec.vm);
  return [...banChanges(vms, spec.name), ...diffElement(RESOURCES, primitive, withSettings(primitive, spec))];
}

function cibStep(context: Context, spec: GuestNodeSpec, inventory: Inventory, runs: boolean): Step {
  const { cluster } = context;
  const before = readMeta(inventory.cib.primitives.get(spec.vm));
  return {
    name: "telling Pacemaker of it",
    act: () => retryOnCibConflict(cluster, (latest) => guestChanges(latest, spec)),
    undo: async () => {
      await takeOut(patient(context), spec, before);
      // Pacemaker may have stopped the VM because it got no connection.
      if (runs)
        await waitFor(
          cluster,
          { vm: spec.vm, state: "started", hypervisors: hypervisorsOf(inventory) },
          deadlineOf(patient(context)),
          reportOf(context),
        );
    },
  };
}

/** A caller with a short deadline still wants a complete undo. */
const patient = (context: Context): Context => ({ ...context, deadline: Math.max(deadlineOf(context), 90) });

/** Restores a VM's previous settings, and makes Pacemaker forget the guest node if there was none. Idempotent. */
export async function takeOut(
  context: Context,
  { vm, name }: Pick<GuestNodeSpec, "vm" | "name">,
  before?: Omit<GuestNodeSpec, "vm">,
): Promise<void> {
  const { cluster } = context;
  await retryOnCibConflict(cluster, ({ cib }) => {
    const primitive = cib.primitives.get(vm);
    const ours = readMeta(primitive)?.name === name;
    return [
      ...(before === undefined ? unbanChanges(cib, name) : []),
      ...(primitive !== undefined && ours ? diffElement(RESOURCES, primitive, withSettings(primitive, before)) : []),
    ];
  });
  if (before !== undefined) return;
  await waitUntilGone(context, name);
  await forgetNode(cluster.runner, name);
  if (hasFailed(await cluster.inventory(), name)) await forgetVm(context, name);
}

/** Waits until Pacemaker has closed the connection: a node that is forgotten earlier comes back. */
async function waitUntilGone(context: Context, name: string): Promise<void> {
  const { cluster } = context;
  const begun = Date.now();
  for (;;) {
    const status = await cluster.status();
    const link = status.resources.get(name);
    const online = isOnline(status, name);
    if ((link === undefined || link.nodes.length === 0) && !online) return;
    const after = (Date.now() - begun) / 1000;
    if (after > deadlineOf(context)) {
      const seen = `connection ${link?.role.toLowerCase() ?? "gone"}, the node ${online ? "online" : "offline"}`;
      throw new WaitTimeout(`Guest node "${name}"`, "the end of its connection", seen, after);
    }
    await sleep(300);
  }
}
