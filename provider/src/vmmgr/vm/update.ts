/** Changes a VM in place: only what differs, and no guest restart that the diff did not announce. */
import { changeStorage, cleanup, NotFound, RESTART_KEY, type Inventory, type StorageOperation } from "../../cluster";
import { parkedWith, returningWith } from "../form/parked-constraints";
import { present, runsNow, undoPlan, waitStep, writePlan, type Plan } from "../core/apply";
import { validateXml } from "../form/domain-xml";
import { flattenSteps } from "./clone-steps";
import { closedNodes, hasFailed } from "../core/closed-nodes";
import { commandWords, reportOf, wantedOf, stopInTurn, type Context } from "../core/context";
import { documentChange, type DocumentChange } from "./stored-change";
import { words } from "../../words";
import { Refused } from "../core/errors";
import { growSteps } from "./grow";
import { metaFromMetadata } from "../guest/settings";
import { PARKED_KEY } from "../form/metadata";
import type { ObservedVm, VmSpec } from "../form/model";
import { chosenHost } from "../form/placement";
import { systemImage } from "../form/names";
import { findVm } from "../form/observe";
import { changeRefusals, clusterRefusals } from "./refusals";
import { forgetVm } from "../core/forget";
import { takeOutOfCib } from "./remove";
import { restartSteps, runAgainStep } from "./restart";
import { apartBonds, apartFrom } from "../rolling/apart";
import { finishRollback } from "../snapshots/rollback";
import { runSteps, type Step } from "../core/steps";
import { disableChanges, enableChanges, foreignConstraints, undoChanges } from "../form/cib-changes";
import { isReached } from "../core/wait";
import { changeUnmanaged, restartsByItself } from "./unmanaged";

/**
 * Changes an existing VM to match the spec, as far as possible in place, and returns it as observed.
 * @throws NotFound if it is gone; Refused before anything was changed; ChangeFailed after an undo
 */
export async function updateVm(context: Context, spec: VmSpec): Promise<ObservedVm> {
  return changeVm(context, spec, await context.cluster.inventory({ cephHosts: true }));
}

/** The same, for a cluster that was just read, including its Ceph hosts. */
export async function changeVm(context: Context, spec: VmSpec, inventory: Inventory): Promise<ObservedVm> {
  // The VM is kept from running until then.
  if (await finishRollback(context, inventory, spec.name))
    return changeVm(context, spec, await context.cluster.inventory({ cephHosts: true }));
  const observed = findVm(inventory, spec.name);
  const what = `Unable to change VM "${spec.name}" on ${inventory.node}`;
  if (observed === undefined) {
    throw new NotFound(`${what}: it is not on the cluster any more`, words().gone);
  }
  const change = new VmChange(context, spec, inventory, observed);
  const refusals = [
    ...changeRefusals(inventory, spec, "update", change.restarts),
    ...clusterRefusals(inventory, spec, "update"),
  ];
  if (refusals.length > 0) throw new Refused("change", spec.name, inventory.node, refusals);
  if (context.rolling !== undefined && change.stops) {
    // Waiting for a turn may take long, so read the cluster again after it.
    const again = async (inner: Context) => changeVm(inner, spec, await inner.cluster.inventory({ cephHosts: true }));
    return stopInTurn(context, spec.name, "change", again, !isToRun(spec));
  }
  await runSteps(what, change.steps());
  return present(
    await change.after(),
    spec.name,
    () => new NotFound(`${what}: it was changed, and is gone now; someone removed it meanwhile`),
  );
}

class VmChange {
  readonly #context: Context;
  readonly #spec: VmSpec;
  readonly #inventory: Inventory;
  readonly #observed: ObservedVm;
  /** The running guest is stopped and started for its changed domain. */
  readonly restarts: boolean;
  #last: Inventory | undefined;
  #restarted = false;

  constructor(context: Context, spec: VmSpec, inventory: Inventory, observed: ObservedVm) {
    this.#context = context;
    this.#spec = spec;
    this.#inventory = inventory;
    this.#observed = observed;
    const { differs } = documentChange(spec, inventory, observed);
    this.restarts =
      differs &&
      spec.restart === "whenRequired" &&
      spec.started &&
      spec.enabled &&
      inventory.cib.primitives.has(spec.name);
  }

  /** The change stops a running guest, even if only to start it again. */
  get stops(): boolean {
    if (!runsNow(this.#inventory, this.#spec.name)) return false;
    return this.restarts || !isToRun(this.#spec) || movesCold(this.#inventory, this.#spec);
  }

  steps(): Step[] {
    const steps = this.#spec.enabled ? this.#enabled() : this.#disabled();
    const grow = growSteps(this.#context, this.#spec, this.#inventory, this.#observed);
    const flatten = flattenSteps(this.#context, this.#spec, this.#inventory, this.#observed.linkedTo);
    // These make the earlier reading outdated.
    if (grow.length > 0 || flatten.length > 0) this.#last = undefined;
    const forget: Step = {
      name: "looking at it again",
      act: () => Promise.resolve((this.#last = undefined)),
      noUndo: "it only looks",
    };
    return [...grow, ...steps, ...(flatten.length > 0 ? [...flatten, forget] : [])];
  }

  /** The cluster after the change; a step may already have read it. */
  async after(): Promise<Inventory> {
    if (this.#last !== undefined) return this.#last;
    const forget: StorageOperation = { op: "setMetadata", image: systemImage(this.#spec.name), unset: [RESTART_KEY] };
    return this.#context.cluster.changeAndRead(this.#restarted ? [forget] : []);
  }

  /** Lets libvirt check a changed domain, before anything is changed. */
  #check({ xml }: DocumentChange): Step[] {
    if (xml === undefined) return [];
    return [
      {
        name: "libvirt's check of the domain",
        act: () => validateXml(this.#context.cluster, xml),
        noUndo: "it leaves nothing",
      },
    ];
  }

  /** Writes only metadata, and reads the cluster in the same go. */
  #writeMetadata({ storage, restore }: DocumentChange): Step[] {
    if (storage.length === 0) return [];
    const { cluster } = this.#context;
    return [
      {
        name: "writing its metadata",
        act: async () => (this.#last = await cluster.changeAndRead(storage)),
        undo: () => changeStorage(cluster.runner, restore),
      },
    ];
  }

  /** The steps that make the metadata and the CIB match an enabled VM. */
  #enabled(): Step[] {
    const [context, spec, inventory] = [this.#context, this.#spec, this.#inventory];
    const back = returningWith(inventory, spec.name);
    const stored = documentChange(spec, inventory, this.#observed);
    const change = {
      ...stored,
      storage: [...stored.storage, ...back.storage],
      restore: [...stored.restore, ...back.restore],
    };
    const commands = this.#commands();
    if (change.xml !== undefined && change.differs && !this.restarts)
      reportOf(context)(`${spec.name}: the changed domain takes effect when the VM is next stopped and started`);
    const retry: Step = {
      name: "forgetting its failures",
      act: () => cleanup(context.cluster.runner, spec.name),
      noUndo: "Pacemaker only tries again",
    };
    const forget: Step[] = needsRetry(inventory, spec) ? [retry] : [];
    // Failures of a VM that is not in the CIB yet stem from an earlier one; the new one starts with every node open.
    const fresh: Step[] =
      !inventory.cib.primitives.has(spec.name) && hasFailed(inventory, spec.name)
        ? [{ ...retry, act: () => forgetVm(context, spec.name) }]
        : [];
    const wanted = this.restarts ? { ...spec, started: false } : spec;
    const remote = (seen: Inventory) => metaFromMetadata(seen.images.get(systemImage(spec.name))?.metadata ?? {});
    const plan = (seen: Inventory): Plan => ({
      storage: change.storage,
      sync: enableChanges(seen.cib, wanted, seen.observer, back.constraints, remote(seen)),
      commands,
    });
    const nothing = plan(inventory).sync.changes.length === 0 && commands.length === 0;
    if (nothing && forget.length === 0 && isReached(inventory.status, wantedOf(spec, inventory))) {
      if (change.storage.length === 0) this.#last = inventory;
      return [...this.#check(change), ...this.#writeMetadata(change)];
    }
    const write = this.#write(plan, change);
    if (!this.restarts)
      return [
        ...this.#check(change),
        ...fresh,
        ...write,
        ...forget,
        forget.length > 0 ? waitStep(context, spec, inventory) : this.#settle(),
      ];
    this.#restarted = true;
    return [
      ...this.#check(change),
      runAgainStep(context, spec, inventory),
      ...write,
      ...restartSteps(context, spec, inventory),
    ];
  }

  #write(plan: (seen: Inventory) => Plan, change: DocumentChange): Step[] {
    const [context, spec, inventory] = [this.#context, this.#spec, this.#inventory];
    if (!this.restarts && restartsByItself(inventory, spec)) {
      return [
        {
          name: "telling Pacemaker of it without a restart",
          act: () => changeUnmanaged(context, spec, inventory, plan),
          noUndo: "putting parameters back would need the same again; the next `up` takes it up where it is",
        },
      ];
    }
    let done = plan(inventory);
    return [
      {
        name: "telling Pacemaker of it",
        act: async () => (done = await writePlan(context, inventory, plan)),
        undo: () => undoPlan(context, done, change.restore),
      },
    ];
  }

  /** Checks whether everything matches, which it usually does at once, and waits otherwise. */
  #settle(): Step {
    const step = waitStep(this.#context, this.#spec, this.#inventory);
    const { cluster } = this.#context;
    return {
      ...step,
      act: async () => {
        const seen = await cluster.inventory();
        if (isReached(seen.status, wantedOf(this.#spec, seen))) this.#last = seen;
        else await step.act();
      },
    };
  }

  /** The user's crm commands that have not run yet. */
  #commands(): string[][] {
    const { name, crmConfigCommands } = this.#spec;
    const known = new Set(this.#observed.crmConfigCommands);
    // Their results for a VM that we disabled are kept with it and come back: running them again would duplicate them.
    const kept = this.#inventory.images.get(systemImage(name))?.metadata?.[PARKED_KEY] !== undefined;
    const fresh = !this.#inventory.cib.primitives.has(name) && !kept;
    for (const line of known) {
      if (crmConfigCommands.includes(line)) continue;
      reportOf(this.#context)(
        `${name}: what the crm command "${line}" made stays in the CIB; take it out with \`crm configure\``,
      );
    }
    return commandWords(crmConfigCommands.filter((line) => fresh || !known.has(line)));
  }

  /** Removes the VM from the CIB, keeping foreign constraints on it. */
  #disabled(): Step[] {
    const [context, spec, inventory] = [this.#context, this.#spec, this.#inventory];
    if (!inventory.cib.primitives.has(spec.name)) {
      const change = documentChange(spec, inventory, this.#observed);
      if (change.storage.length === 0) this.#last = inventory;
      return [...this.#check(change), ...this.#writeMetadata(change)];
    }
    const foreign = foreignConstraints(inventory.cib, spec.name, inventory.observer);
    const parked = parkedWith(inventory, spec.name, foreign);
    const change = documentChange(spec, inventory, this.#observed, {
      set: parked === undefined ? {} : { [PARKED_KEY]: parked },
    });
    const taken = disableChanges(inventory.cib, spec.name);
    return [
      ...this.#check(change),
      ...this.#writeMetadata(change).map((step) => ({
        ...step,
        act: () => changeStorage(context.cluster.runner, change.storage),
      })),
      {
        name: "taking it out of Pacemaker",
        act: () => takeOutOfCib(context, spec.name, inventory),
        undo: async () => {
          const { cib } = await context.cluster.inventory();
          await context.cluster.changeCib(undoChanges(cib, taken));
        },
      },
    ];
  }
}

const isToRun = ({ enabled, started }: VmSpec) => enabled && started;

/**
 * Whether the VM moves to another node by a stop and a start. Not if a VM that it is kept apart from is on that node:
 * that one has to leave first, which it may be about to, and neither can wait for the other.
 */
function movesCold(inventory: Inventory, spec: VmSpec): boolean {
  const { name, liveMigration } = spec;
  const host = chosenHost(spec);
  const resources = inventory.status.resources;
  const usable = inventory.status.nodes.some(
    (node) => node.name === host && node.online && !node.standby && !node.maintenance,
  );
  if (host === undefined || liveMigration || !usable || resources.get(name)?.nodes.includes(host)) return false;
  return !apartFrom(apartBonds(inventory), name).some(({ vm }) => resources.get(vm)?.nodes.includes(host));
}

/** Whether Pacemaker has given the VM up: it does not retry nodes with a failed start, whatever has changed since. */
export function needsRetry(inventory: Inventory, spec: Pick<VmSpec, "name" | "started">): boolean {
  const failed = inventory.status.resources.get(spec.name)?.failed ?? false;
  const runs =
    runsNow(inventory, spec.name) && inventory.status.resources.get(spec.name)?.role === "Started" && !failed;
  const counted =
    inventory.status.failures.some((each) => each.resource === spec.name) ||
    closedNodes(inventory.cib, spec.name).length > 0;
  return spec.started && inventory.cib.primitives.has(spec.name) && !runs && counted;
}
