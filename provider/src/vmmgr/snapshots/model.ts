/** What a snapshot of a VM is: one RBD snapshot of the same name on each of its disks. */
import type { Quiesce } from "../../cluster";

/** What is asked of a snapshot. */
export interface SnapshotSpec {
  vm: string;
  name: string;
  /**
   * The program whose it is: a retention leaves it alone, and a run that lost track of it knows it by this. Empty: nobody's,
   * as those of vm-mgr are.
   */
  owner: string;
  /** Whose it was by the state, where stack or project were renamed since. */
  formerOwner?: string;
  quiesce: Quiesce;
  /** A purge leaves it, and it can have linked clones. */
  protect: boolean;
  /** Takes over one that another program has made. */
  adopt?: boolean;
  /** Seconds that the guest may be frozen. */
  freezeTimeout: number;
}

/** The snapshot of one disk. */
export interface DiskSnapshot {
  image: string;
  /** Bytes. */
  size: number;
  /** Seconds since 1970, UTC. */
  created: number;
  protected: boolean;
}

/** What is kept of a snapshot in the metadata of the system image; none for one that another program has made. */
export interface SnapshotMark {
  owner: string;
  /** It has not been finished. */
  making?: boolean;
  /** Nothing was written while it was taken. */
  quiesced?: boolean;
  /** The same in words. */
  consistency?: string;
  /** The disks that it was made of, and when. */
  disks?: Record<string, number>;
}

/** A snapshot as it was found. */
export interface VmSnapshot {
  vm: string;
  name: string;
  /** When its first disk was taken: seconds since 1970, UTC. */
  created: number;
  disks: DiskSnapshot[];
  /** Disks of the VM that it does not have: they came later. */
  lacking: string[];
  /** Disks that it was made of and that do not have it any more, or have another of its name. */
  lost: string[];
  /** Every disk's is protected. */
  protected: boolean;
  mark?: SnapshotMark;
}

/** The name of the snapshots that a rollback makes of each disk as it was before; they go when it has ended. */
export const SAFETY = "seapathsafety";
/** Before the name of a snapshot: what is kept of it. */
export const SNAPSHOT_KEY = "_seapath_snapshot_";

/** A moment as people read it, e.g. `2026-03-01T12:00:00Z`. */
export const moment = (seconds: number) => new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, "Z");
