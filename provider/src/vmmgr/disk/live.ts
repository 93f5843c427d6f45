/** Attaches disks to running guests and detaches them, wherever they run and even while they move. */
import { setTimeout as sleep } from "node:timers/promises";
import { changeDevice, ProgramError, renderXml, WaitTimeout, type GuestAt, type XmlElement } from "../../cluster";
import { deadlineOf, reportOf, type Context } from "../core/context";
import { describe } from "../core/wait";
import { readElement } from "./element";
import { guestAt, liveDisks } from "./observe";
import { isPluggable } from "./model";

/** Whether a role and pending action mean that a guest is about to move, start or stop. */
const isMoving = (role: string | undefined, pending: string | undefined) =>
  ["Starting", "Stopping", "Migrating"].includes(role ?? "") ||
  (pending !== undefined && /start|stop|migrat|promot/i.test(pending));

/** Where the guest runs once it has settled; undefined if it is not running. */
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

/**
 * The result of an attachment: the guest has the disk; it is not running; or it gets the disk only at its next start.
 */
export type Attached = "attached" | "not running" | "at the next start";

/**
 * Attaches a disk to the guest, if it is running. Follows a guest that moves meanwhile.
 * @param fresh its image was just created: no guest can have it, so none is queried
 * @throws ProgramError with libvirt's message if it refuses
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
      // Retry if the guest has moved or already has the disk; otherwise the refusal is final.
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

/** The delay before asking a guest again: one that is booting misses the first request. */
const ASK_AGAIN_MS = 5_000;

/**
 * Detaches a disk from the guest, if it is running and has it. The guest itself has to release it.
 * @param seconds how long that may take
 * @returns why the guest still has it; undefined if it does not
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
      guest = undefined; // it has moved or stopped
    else if (Date.now() - asked > ASK_AGAIN_MS) {
      asked = Date.now();
      // Only whether the guest has it afterwards counts: it may refuse at first, move away, or answer late.
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
