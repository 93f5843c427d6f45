/**
 * Where a guest runs, and how libvirt gets there. Users and nodes are read back from metadata, the CIB and configuration: they
 * are somebody else's words, and a URI has room for more than a name (libvirt runs what `?command=` says). This is the one place
 * that makes a URI of them; the node programs look at it again.
 */
import { SeapathError } from "../errors";

/** Where a guest runs: the node that is asked, or another one, where libvirt logs in as that user. */
export interface GuestPlace {
  node: string;
  asked: string;
  user: string;
}

/** A guest that runs. */
export interface GuestAt extends GuestPlace {
  domain: string;
}

/** What a user of the nodes may be called. The node programs have the same rule. */
export const USER_NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/;
/** What a node may be called: a host name. */
export const NODE_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/;

/** A name that was read back and cannot be one; it is not used. */
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

/** What an image may be called where QEMU reads its name, in which `:` begins an option; it may have a snapshot's behind it. */
const IMAGE_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]*(?:@[A-Za-z0-9_.-]+)?$/;

/** Whether an image, with a snapshot's name behind it or not, can be given to QEMU. */
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

/** libvirt on the node that is asked. */
export const LOCAL_URI = "qemu:///system";

/** Whom the nodes let each other in as: root, unless the cluster was hardened. The node programs have the same. */
export const BETWEEN_NODES = ["root", "libvirtadmin"] as const;

/**
 * libvirt's addresses of a node, in the order in which they are tried: as the user that is named, then as those whom nodes
 * let in otherwise.
 * @throws UnsafeName
 */
export function libvirtUris(at: GuestPlace, terminal = false): string[] {
  const users = [at.user, ...BETWEEN_NODES];
  return [...new Set(users.map((user) => libvirtUri({ ...at, user }, terminal)))];
}

/**
 * libvirt's address of a node as the one that is asked sees it.
 * @param terminal whether ssh may ask somebody for a password
 * @throws UnsafeName
 */
export function libvirtUri(at: GuestPlace, terminal = false): string {
  if (at.node === at.asked) return LOCAL_URI;
  return `qemu+ssh://${checkedUser(at.user)}@${checkedNode(at.node)}/system${terminal ? "" : "?no_tty=1"}`;
}
