/** Giving a disk to a guest that runs, and taking it away, wherever it runs and also while it moves. */
import { setTimeout as sleep } from "node:timers/promises";
import { changeDevice, ProgramError, renderXml, WaitTimeout, type GuestAt, type XmlElement } from "../../cluster";
import { deadlineOf, reportOf, type Context } from "../core/context";
import { describe } from "../core/wait";
import { readElement } from "./element";
import { guestAt, liveDisks } from "./observe";
import { isPluggable } from "./model";

/** Roles and pending actions in which a guest is about to be somewhere else, or not to be. */
const isMoving = (role: string | undefined, pending: string | undefined) =>
  ["Starting", "Stopping", "Migrating"].includes(role ?? "") ||
  (pending !== undefined && /start|stop|migrat|promot/i.test(pending));

/** Where the guest runs once it has settled; undefined when it does not. */
async function settledGuest(context: Context, vm: string, until: number): Promise<GuestAt | undefined> {
  const { cluster } = context;
  for (;;) {
    const inventory = await cluster.inventory();
    const resource = inventory.status.resources.get(vm);
    if (!isMoving(resource?.role, resource?.pending)) return guestAt(inventory, vm);
    if (Date.now() > until) {
      throw new WaitTimeout(
        `VM "${vm}"`,
        "it to be started or stopped",
        describe(inventory.status, vm),
        deadlineOf(context),
      );
    }
    await sleep(500);
  }
}

/** What came of an attachment: the guest has it; it does not run; or it can have it only when it is started anew. */
export type Attached = "attached" | "not running" | "at the next start";

/**
 * Gives a disk to the guest, if it runs. A guest that moves meanwhile is followed.
 * @param fresh its image was just made: no guest has it, so none is asked
 * @throws ProgramError with libvirt's words when it refuses
 */
export async function attachLive(
  context: Context,
  vm: string,
  image: string,
  wanted: XmlElement,
  fresh: boolean,
): Promise<Attached> {
  const { cluster } = context;
  const until = Date.now() + deadlineOf(context) * 1000;
  for (let asks = !fresh; ; asks = true) {
    const guest = await settledGuest(context, vm, until);
    if (guest === undefined) return "not running";
    const disks = asks ? await liveDisks(cluster, guest) : new Map<string, XmlElement>();
    if (disks?.has(image) === true) return "attached";
    const { bus } = readElement(wanted);
    if (disks !== undefined && !isPluggable(bus)) return "at the next start";
    try {
      if (disks !== undefined) await changeDevice(cluster.runner, guest, "attach", renderXml(wanted));
    } catch (error) {
      if (!(error instanceof ProgramError)) throw error;
      if (error.kind === "no-slot") {
        reportOf(context)(
          `${image}: the guest has no free PCI slot, so it gets the disk when it is next stopped and started`,
        );
        return "at the next start";
      }
      const later = guestAt(await cluster.inventory(), vm);
      // Refused where it was: a guest on its way, or one that has another disk of ours meanwhile, is asked again.
      if (
        error.kind !== "no-domain" &&
        later?.node === guest.node &&
        (await liveDisks(cluster, later))?.has(image) !== true
      )
        throw error;
    }
    if (Date.now() > until) throw new WaitTimeout(`VM "${vm}"`, `it to take ${image}`, "it moves", deadlineOf(context));
    if (disks === undefined) await sleep(500);
  }
}

/** A guest is asked again after so long: one that boots does not hear the first question. */
const ASK_AGAIN_MS = 5_000;

/**
 * Takes a disk from the guest, if it runs and has it. The guest itself has to let go of it.
 * @param seconds how long that may take
 * @returns why the guest still has it; undefined when it has not
 */
export async function detachLive(
  context: Context,
  vm: string,
  image: string,
  seconds: number,
): Promise<string | undefined> {
  const { cluster } = context;
  const until = Date.now() + seconds * 1000;
  let words = "";
  let guest: GuestAt | undefined;
  for (let asked = 0; ;) {
    guest ??= await settledGuest(context, vm, Date.now() + deadlineOf(context) * 1000);
    if (guest === undefined) return undefined;
    const disks = await liveDisks(cluster, guest);
    const live = disks?.get(image);
    if (disks !== undefined && live === undefined) return undefined;
    const { bus } = live === undefined ? { bus: "" } : readElement(live);
    if (live !== undefined && !isPluggable(bus))
      return `a disk on the bus ${bus} cannot be taken from a guest that runs`;
    if (Date.now() > until) return `the guest on ${guest.node} has not let go of it in ${seconds} s${words}`;
    if (live === undefined)
      guest = undefined; // it has moved, or ended
    else if (Date.now() - asked > ASK_AGAIN_MS) {
      asked = Date.now();
      // What counts is whether the guest has it afterwards: it may say no at first, or move away, or answer late.
      words = await changeDevice(cluster.runner, guest, "detach", renderXml(live)).then(() => "", wordsOf);
      continue;
    }
    await sleep(500);
  }
}

function wordsOf(error: unknown): string {
  if (error instanceof ProgramError) return ` (${error.words})`;
  throw error;
}
