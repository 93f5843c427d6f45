/** Guest nodes outside of Pulumi programs: vm-mgr's add_pacemaker_remote and remove_pacemaker_remote. */
import {
  ensureGuestNode,
  findGuestNode,
  GUEST_DEFAULTS,
  nameProblem,
  NotFound,
  Refused,
  removeGuestNode,
} from "../vmmgr";
import { contextOf, look, type At } from "./at";

/** The location of a guest's pacemaker_remoted. */
export interface GuestNode {
  /** The node's name. */
  name: string;
  address: string;
  /** @default 3121 */
  port?: number;
  /** Seconds for a connection. @default 60 */
  timeout?: number;
}

/**
 * Makes a VM a guest node, or changes its settings as one. If the VM is running, waits for the connection. @throws
 * Refused, NotFound
 */
export async function addRemote(at: At, vm: string, { name, address, port, timeout }: GuestNode): Promise<void> {
  const problem = nameProblem(name);
  if (problem !== undefined)
    throw new Refused("make", name, (await look(at)).node, [{ property: "name", reason: problem }], "guest node");
  const { port: usualPort, timeout: usualTimeout } = GUEST_DEFAULTS;
  await ensureGuestNode(contextOf(at), {
    vm,
    name,
    address,
    port: port ?? usualPort,
    timeout: timeout ?? usualTimeout,
  });
}

/**
 * Removes a guest node; its VM keeps running. @throws NotFound if the VM is not one; Refused while something is bound
 * to it
 */
export async function removeRemote(at: At, vm: string): Promise<void> {
  const inventory = await look(at);
  const found = findGuestNode(inventory, vm);
  if (found === undefined)
    throw new NotFound(`Unable to take away the guest node of VM "${vm}" on ${inventory.node}: it is none`);
  await removeGuestNode(contextOf(at), { vm, name: found.name });
}
