/**
 * Where a guest runs, and how libvirt gets there. Users and nodes are read back from metadata, the CIB and
 * configuration, so they are untrusted. A URI has room for more than a name: libvirt runs the value of `?command=`.
 * This is the only place that builds such URIs; the node programs check them again.
 */
import { SeapathError } from "../errors";

/** Where a guest runs: on the connected node, or on another one, where libvirt logs in as that user. */
export interface GuestPlace {
  node: string;
  asked: string;
  user: string;
}

/** A running guest. */
export interface GuestAt extends GuestPlace {
  domain: string;
}

/** Valid user names on the nodes. The node programs have the same rule. */
export const USER_NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/;
/** Valid node names: host names. */
export const NODE_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/;

/** A name that was read back is invalid, and so is not used. */
export class UnsafeName extends SeapathError {
  constructor(what: string, name: string, hint: string) {
    super("unsafe-name", `${JSON.stringify(name)} is not the name of ${what}, and is not used`, { hint });
  }
}

/** @throws UnsafeName */
export function checkedUser(user: string): string {
  if (USER_NAME.test(user)) return user;
  throw new UnsafeName(
    "a user on the nodes",
    user,
    "Look at the VM's `migration_user` in the CIB and at `_migration_user` in the metadata of its system image.",
  );
}

/** Valid image names where QEMU reads them, since `:` starts an option there; a snapshot's name may follow. */
const IMAGE_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]*(?:@[A-Za-z0-9_.-]+)?$/;

/** Whether an image, with or without a snapshot's name, can be passed to QEMU. */
export const isImageName = (image: string): boolean => IMAGE_NAME.test(image);

/** @throws UnsafeName */
export function checkedImage(image: string): string {
  if (isImageName(image)) return image;
  throw new UnsafeName("an image that QEMU can be given", image, "Rename it with `rbd mv`.");
}

/** @throws UnsafeName */
export function checkedNode(node: string): string {
  if (NODE_NAME.test(node)) return node;
  throw new UnsafeName("a node", node, "Look at the nodes in `crm_node --list`.");
}

/** libvirt on the connected node. */
export const LOCAL_URI = "qemu:///system";

/**
 * The users as which the nodes admit each other: root, unless the cluster was hardened. The node programs have the same
 * list.
 */
export const BETWEEN_NODES = ["root", "libvirtadmin"] as const;

/**
 * libvirt's URIs of a node, in the order to try them: as the named user, then as the other users that nodes usually
 * admit.
 * @throws UnsafeName
 */
export function libvirtUris(at: GuestPlace, terminal = false): string[] {
  const users = [at.user, ...BETWEEN_NODES];
  return [...new Set(users.map((user) => libvirtUri({ ...at, user }, terminal)))];
}

/**
 * libvirt's URI of a node as seen from the connected one.
 * @param terminal whether ssh may ask the user for a password
 * @throws UnsafeName
 */
export function libvirtUri(at: GuestPlace, terminal = false): string {
  if (at.node === at.asked) return LOCAL_URI;
  return `qemu+ssh://${checkedUser(at.user)}@${checkedNode(at.node)}/system${terminal ? "" : "?no_tty=1"}`;
}
