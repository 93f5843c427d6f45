/** What a doctor may find. */
import { told } from "../../errors";

/** `fault`: something that has to work does not, or is about to. `advice`: it works, and would be better otherwise. */
export type Level = "fault" | "advice";

/** Every finding by its id, which stays the same for as long as it means the same, with its level. */
export const FINDINGS = {
  // What could not be looked at.
  "node-unreachable": "fault",
  "host-key-refused": "fault",
  "login-refused": "fault",
  "sudo-refused": "fault",
  "not-root": "fault",
  "node-not-examined": "fault",
  "cluster-unreadable": "fault",
  "scheduler-unreadable": "fault",
  "part-unreadable": "fault",
  "time-unknown": "advice",
  // The machines, and Pacemaker.
  "machines-even": "fault",
  "machines-few": "advice",
  "no-quorum": "fault",
  "quorum-ignored": "advice",
  "observer-unknown": "fault",
  "cluster-in-maintenance": "fault",
  "configuration-invalid": "fault",
  "fencing-off": "advice",
  "fencing-without-device": "fault",
  "node-offline": "fault",
  "node-unclean": "fault",
  "node-in-standby": "advice",
  "node-in-maintenance": "advice",
  // VMs, what has failed, and constraints.
  "vm-unreadable": "fault",
  "vm-failed": "fault",
  "vm-unplaced": "fault",
  "node-closed": "fault",
  "failure-recorded": "advice",
  "failures-of-nobody": "advice",
  "constraint-names-nothing": "fault",
  "ban-names-nothing": "advice",
  // Ceph.
  "ceph-unreachable": "fault",
  "ceph-error": "fault",
  "ceph-warning": "advice",
  "ceph-full": "fault",
  "ceph-room": "advice",
  // What nodes have.
  "time-skew": "fault",
  "versions-differ": "advice",
  "tool-missing": "fault",
  "module-missing": "advice",
  "agent-missing": "fault",
  "libvirt-unreachable": "fault",
  "libvirt-secret-missing": "fault",
  "libvirt-secret-differs": "fault",
  "bridge-missing": "fault",
  "file-missing": "fault",
  "bridge-not-everywhere": "advice",
  // How they get to each other.
  "ssh-between-nodes": "advice",
  "migration-refused": "fault",
  "migration-impossible": "advice",
  "processors-differ": "advice",
} as const satisfies Record<string, Level>;

export type FindingId = keyof typeof FINDINGS;

/** What a finding is about. */
export interface About {
  /** A node by the name that Pacemaker has for it, or an address of the settings where that is not known. */
  node?: string;
  vm?: string;
  /** Its id in the CIB. */
  constraint?: string;
}

/** Something that is not as it should be, or could not be looked at. */
export interface Finding extends About {
  id: FindingId;
  level: Level;
  /** What was seen, a clause. */
  seen: string;
  /** What to do, a sentence. */
  remedy: string;
}

/** What a doctor says of a cluster. */
export interface Diagnosis {
  /** There is no fault; advice there may be. */
  fit: boolean;
  /** The nodes that were examined. */
  examined: string[];
  /** Faults first. */
  findings: Finding[];
}

/** A finding, without what is secret, as errors are. */
export const finding = (id: FindingId, { node, ...about }: About, seen: string, remedy: string): Finding => ({
  id,
  level: FINDINGS[id],
  ...(node === undefined ? {} : { node: told(node) }),
  ...about,
  seen: told(seen),
  remedy: told(remedy),
});

/** Names as one says them. */
export const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join() : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
