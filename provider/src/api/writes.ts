/** Operations on VMs outside of Pulumi programs, each as a resource would do it. */
import { specFromInputs, wholeInputs, withKept, withMigration } from "../resources";
import {
  createWithDisks,
  findImportedDomain,
  forceStop,
  openConsole as open,
  removeVm,
  setEnabled,
  setMetadata as set,
  setStarted,
  summaryOf,
  NoSuchVm,
  refuseEarly,
  Refused,
  importDomain,
  type FileSource,
  type Terminal,
} from "../vmmgr";
import { contextOf, look, type At } from "./at";

type Raw = Record<string, unknown>;

/** Options of a create besides the inputs of `seapath.Vm`. */
export interface CreateOptions {
  /**
   * Images for data disks, each a file on the node or on this machine; the first becomes `data_<vm>_0`. @default none
   */
  disks?: FileSource[];
  /** Removes an existing VM with that name, once nothing else prevents the new one. @default false */
  force?: boolean;
}

/** Makes a VM: all of it or nothing. @param inputs of `seapath.Vm`; a clone inherits the inputs not given */
export async function create(at: At, inputs: Raw, { force = false, disks = [] }: CreateOptions = {}): Promise<void> {
  const whole = await migrating(at, await wholeInputs(() => look(at), inputs));
  const spec = await withKept(() => look(at), "create", await specFromInputs("create", whole, disks));
  const context = contextOf(at);
  await refuseEarly(context, spec, force);
  await createWithDisks(context, spec, disks, force);
}

/** Inputs with the user for live migration, if they do not name one. */
const migrating = (at: At, inputs: Raw): Promise<Raw> =>
  withMigration(() => contextOf(at).cluster, {}, inputs, inputs, at.report ?? (() => undefined));

/** Removes a VM with its disks and their snapshots. @throws NotFound if nothing of it exists */
export async function remove(at: At, vm: string): Promise<void> {
  const inventory = await look(at);
  const none = summaryOf(inventory, vm).status === "Undefined";
  if (none) throw new NoSuchVm("remove", vm, inventory.node);
  await removeVm(contextOf(at), vm);
}

/** Adds a VM to Pacemaker. Does nothing if Pacemaker has it. @param started whether to run it then */
export async function enable(at: At, vm: string, started = true): Promise<void> {
  await setEnabled(contextOf(at), vm, true, started);
}

/** Stops a VM and removes it from Pacemaker; its constraints are kept for the next `enable`. */
export async function disable(at: At, vm: string): Promise<void> {
  await setEnabled(contextOf(at), vm, false);
}

/** Starts an enabled VM and waits until it runs. */
export async function start(at: At, vm: string): Promise<void> {
  await setStarted(contextOf(at), vm, true);
}

/** Stops an enabled VM and waits until it has stopped. @param force immediately, without asking the guest */
export async function stop(at: At, vm: string, force = false): Promise<void> {
  await (force ? forceStop(contextOf(at), vm) : setStarted(contextOf(at), vm, false));
}

/** Sets a user metadata value. */
export async function setMetadata(at: At, vm: string, key: string, value: string): Promise<void> {
  await set(contextOf(at), vm, key, value);
}

/** Opens the serial console of a VM. @returns the exit code of `virsh console` */
export async function openConsole(at: At, vm: string, user: string, terminal: Terminal): Promise<number> {
  return open(contextOf(at), vm, user, terminal);
}

/**
 * Takes a libvirt VM of the connected node into the cluster.
 * @param domain its name in libvirt
 * @param inputs of `seapath.Vm`; the XML is libvirt's, and so is the source, the domain's disk, unless one is given
 */
export async function addToCluster(
  at: At,
  domain: string,
  inputs: Raw,
  { force = false }: CreateOptions = {},
): Promise<void> {
  const context = contextOf(at);
  const { xml, disk, format, node } = await findImportedDomain(context, domain);
  if (disk === undefined && inputs["source"] === undefined) {
    throw new Refused("take in", domain, node, [
      { property: "its disk", reason: "it is neither a file nor a device there; give the image" },
    ]);
  }
  const whole = await migrating(at, {
    source: { nodePath: disk, ...(format === undefined ? {} : { format }) },
    ...inputs,
    xml,
  });
  const spec = await specFromInputs("take in", whole);
  await importDomain(context, domain, spec, force);
}
