/** Rolls a VM back to a snapshot: all disks or none, and a guest never runs on partly rolled-back disks. */
import { setTimeout as sleep } from "node:timers/promises";
import {
  changeStorage,
  CommandError,
  ConnectionError,
  ProgramError,
  rollDisks,
  WaitTimeout,
  type Cluster,
  type Inventory,
  type StorageOperation,
} from "../../cluster";
import { SeapathError } from "../../errors";
import { deadlineOf, hypervisorsOf, reportOf, stopInTurn, type Context } from "../core/context";
import { ChangeFailed, Refused } from "../core/errors";
import { runsNow } from "../core/apply";
import { findVm } from "../form/observe";
import { runSteps, type Step } from "../core/steps";
import { waitFor } from "../core/wait";
import { banChanges, unbanChanges } from "./ban";
import { vmDisks } from "./observe";
import { RollbackLease, waitUntilRollbackAbandoned } from "./rollback-lease";
import {
  findRollback,
  keyOf,
  lastRollback,
  rollbackRefusals,
  type LastRollback,
  type RollbackPlan,
  type RollbackSpec,
} from "./rollback-state";

/**
 * Rolls a VM back to a snapshot, and returns once it runs again, if it was running. Its CIB elements and metadata stay.
 * An interrupted rollback is continued; one already done for the same request is not repeated.
 * @throws Refused before anything was changed: no such snapshot, a disk that is younger; ChangeFailed, and everything
 * is restored, or `left` says what is not: then the VM is kept from running until the next call has finished the
 * rollback
 */
export async function rollbackVm(context: Context, spec: RollbackSpec): Promise<LastRollback> {
  const { vm, snapshot } = spec;
  let inventory = await context.cluster.inventory();
  const key = keyOf(inventory, spec);
  const found = findRollback(inventory, vm);
  if (found !== undefined) {
    await waitUntilRollbackAbandoned(context, vm, inventory.node);
    // It belongs to another request: if its disks are rolled back it is finished first, else this one replaces it.
    if (found.key === key || found.done) {
      const ended = await carryOut(context, inventory, vm, found, found.mark);
      if (found.key === key) return ended;
      inventory = await context.cluster.inventory();
    } else {
      refuse(inventory, vm, snapshot);
      return carryOut(context, inventory, vm, { snapshot, ran: found.ran, key }, found.mark);
    }
  }
  const last = lastRollback(inventory, vm);
  if (last?.key === key) {
    reportOf(context)(`${vm}: it has been rolled back to ${snapshot} for this already`);
    return last;
  }
  refuse(inventory, vm, snapshot);
  const ran = (inventory.status.resources.get(vm)?.nodes.length ?? 0) > 0;
  return carryOut(context, inventory, vm, { snapshot, ran, key });
}

/** Finishes an interrupted rollback of a VM, whichever program began it. @returns whether there was one */
export async function finishRollback(context: Context, inventory: Inventory, vm: string): Promise<boolean> {
  const found = findRollback(inventory, vm);
  if (found === undefined) return false;
  await waitUntilRollbackAbandoned(context, vm, inventory.node);
  await carryOut(context, inventory, vm, found, found.mark);
  return true;
}

function refuse(inventory: Inventory, vm: string, snapshot: string): void {
  const refusals = rollbackRefusals(inventory, vm, snapshot);
  if (refusals.length > 0) throw new Refused("roll back", vm, inventory.node, refusals);
}

/** Carries out a rollback once the VM may be stopped. */
const carryOut = (
  context: Context,
  inventory: Inventory,
  vm: string,
  plan: RollbackPlan,
  insteadOf?: string,
): Promise<LastRollback> =>
  runsNow(inventory, vm)
    ? stopInTurn(context, vm, "roll back", async (inner) =>
        carryThrough(inner, await inner.cluster.inventory(), vm, plan, insteadOf),
      )
    : carryThrough(context, inventory, vm, plan, insteadOf);

async function carryThrough(
  context: Context,
  inventory: Inventory,
  vm: string,
  plan: RollbackPlan,
  insteadOf?: string,
): Promise<LastRollback> {
  const { cluster } = context;
  const lease = new RollbackLease(cluster, vm, plan);
  const what = `Unable to roll back VM "${vm}" to "${plan.snapshot}" on ${inventory.node}`;
  const last: LastRollback = { key: plan.key, snapshot: plan.snapshot, at: 0, disks: [] };
  // An earlier run may have rolled some disks back: do not assume that they are unchanged.
  const progress: Progress = { touched: insteadOf !== undefined };
  try {
    await runSteps(what, [
      leaseStep(lease, insteadOf, progress),
      stopStep(context, inventory, vm, plan, progress),
      {
        name: "bringing its disks back",
        act: async () => {
          last.disks = await roll(context, vm, plan.snapshot, progress);
          last.at = Math.floor(Date.now() / 1000);
        },
        noUndo: "what fails is taken back where it is done, or carried on by the next run",
      },
      {
        name: "letting it run again",
        act: () => letRun(context, vm, plan.ran),
        noUndo: "its disks are back; the next run waits for it again",
      },
      {
        name: "noting that it was done",
        act: () => lease.finish(last),
        noUndo: "it is the last step",
      },
    ]);
    return last;
  } catch (error) {
    // If even this fails, the next program waits until the lease has stood still.
    if (error instanceof ChangeFailed && error.left.length > 0) await lease.release().catch(() => undefined);
    throw error;
  } finally {
    await lease.stopRenewing();
  }
}

interface Progress {
  /** A disk's content may have changed. */
  touched: boolean;
  /** All disks are rolled back. */
  back?: boolean;
}

/** Throws if a step cannot be undone. */
function stay({ touched, back }: Progress): void {
  if (back === true) throw new Error("its disks are back; what is left is to see it run");
  if (touched)
    throw new Error("some of its disks may be back and others not: it is kept from running until a rollback has ended");
}

const leaseStep = (lease: RollbackLease, insteadOf: string | undefined, progress: Progress): Step => ({
  name: "marking it",
  act: () => lease.begin(insteadOf),
  undo: async () => {
    await lease.stopRenewing();
    if (!(await lease.isHeld())) return;
    stay(progress);
    await lease.finish();
  },
});

function stopStep(context: Context, inventory: Inventory, vm: string, plan: RollbackPlan, progress: Progress): Step {
  const { cluster } = context;
  const stopTimeout = findVm(inventory, vm)?.stopTimeout ?? 0;
  return {
    name: "stopping it",
    act: async () => {
      if (!inventory.cib.primitives.has(vm)) return;
      const { cib } = await cluster.inventory();
      await cluster.changeCib(banChanges(cib, vm));
      const wanted = { vm, state: "stopped" as const, hypervisors: hypervisorsOf(inventory) };
      await waitFor(cluster, wanted, Math.max(deadlineOf(context), stopTimeout + 30), reportOf(context));
      await waitUntilClosed(cluster, vm, vmDisks(inventory, vm));
    },
    undo: async () => {
      if (!progress.touched && progress.back !== true) await letRun(context, vm, plan.ran);
    },
  };
}

/** How long Ceph keeps a dead client's watcher, plus some margin. */
const CLOSED_SECONDS = 45;

/** Waits until no client has a disk of the VM open, whatever Pacemaker believes. */
async function waitUntilClosed(cluster: Cluster, vm: string, images: readonly string[]): Promise<void> {
  const operations = images.map((image): StorageOperation => ({ op: "watchers", image }));
  const begun = Date.now();
  for (;;) {
    const open = ((await changeStorage(cluster.runner, operations)) as string[][]).flat();
    if (open.length === 0) return;
    const after = (Date.now() - begun) / 1000;
    if (after > CLOSED_SECONDS)
      throw new WaitTimeout(`VM "${vm}"`, "its disks to be closed", `open at ${open.join(", ")}`, after);
    await sleep(500);
  }
}

/** Removes the ban, and waits until the VM runs, if it was running. */
async function letRun(context: Context, vm: string, ran: boolean): Promise<void> {
  const { cluster } = context;
  const { cib } = await cluster.inventory();
  await cluster.changeCib(unbanChanges(cib, vm));
  if (!ran || !cib.primitives.has(vm)) return;
  const inventory = await cluster.inventory();
  const wanted = { vm, state: "started" as const, hypervisors: hypervisorsOf(inventory) };
  await waitFor(cluster, wanted, deadlineOf(context), reportOf(context));
}

/** The disks could not be rolled back. */
class RollbackFailed extends SeapathError {
  constructor(cause: ProgramError) {
    const hint =
      cause.kind === "unchanged" ? "All disks are as they were before, and the VM runs again if it ran." : undefined;
    super("rollback-failed", cause.words, { cause, ...(hint === undefined ? {} : { hint }) });
  }
}

const TRIES = 3;

/** Retries if the link broke: the node program continues on its own, and the retry waits for it and finds it done. */
async function roll({ cluster }: Context, vm: string, name: string, progress: Progress): Promise<string[]> {
  for (let attempt = 1; ; attempt++) {
    // True after an attempt with unknown outcome, whatever the retry reports about itself.
    const before = progress.touched;
    progress.touched = true;
    try {
      const disks = await rollDisks(cluster.runner, { vm, name });
      progress.back = true;
      return disks;
    } catch (error) {
      if (error instanceof ProgramError) {
        // The program itself reports all disks as unchanged; an earlier run's changes remain.
        if (["unchanged", "younger", "open"].includes(error.kind))
          progress.touched = error.kind === "unchanged" ? false : before;
        throw new RollbackFailed(error);
      }
      if (!(error instanceof ConnectionError || error instanceof CommandError) || attempt >= TRIES) throw error;
      await sleep(500 * attempt);
    }
  }
}
