/** The possible findings of the doctor. */
import { told } from "../../errors";

/** `fault`: something required does not work, or is about to fail. `advice`: it works, but could be better. */
export type Level = "fault" | "advice";

/** Every finding by its id, with its level. An id is stable as long as its meaning is. */
export const FINDINGS = {
  // Failed examinations.
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
  // VMs, failures, and constraints.
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
  // The nodes' equipment.
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
  // Connections between nodes.
  "ssh-between-nodes": "advice",
  "migration-refused": "fault",
  "migration-impossible": "advice",
  "processors-differ": "advice",
} as const satisfies Record<string, Level>;

export type FindingId = keyof typeof FINDINGS;

/** The subject of a finding. */
export interface About {
  /** A node by its Pacemaker name, or an address of the settings if that is unknown. */
  node?: string;
  vm?: string;
  /** Its id in the CIB. */
  constraint?: string;
}

/** Something that is wrong, or could not be examined. */
export interface Finding extends About {
  id: FindingId;
  level: Level;
  /** The observation, as a clause. */
  seen: string;
  /** The remedy, as a sentence. */
  remedy: string;
}

/** The doctor's report on a cluster. */
export interface Diagnosis {
  /** There is no fault, though there may be advice. */
  fit: boolean;
  /** The nodes that were examined. */
  examined: string[];
  /** Faults first. */
  findings: Finding[];
}

/** A finding without secrets, like errors. */
export const finding = (id: FindingId, { node, ...about }: About, seen: string, remedy: string): Finding => ({
  id,
  level: FINDINGS[id],
  ...(node === undefined ? {} : { node: told(node) }),
  ...about,
  seen: told(seen),
  remedy: told(remedy),
});

/** Names as a phrase. */
export const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join() : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
