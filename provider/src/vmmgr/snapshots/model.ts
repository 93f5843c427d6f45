/** The model of a VM snapshot: one RBD snapshot of the same name on each of its disks. */
import type { Quiesce } from "../../cluster";

/** The spec of a snapshot. */
export interface SnapshotSpec {
  vm: string;
  name: string;
  /**
   * The program that owns it: retention leaves it alone, and a run that lost track of it recognizes it by this. Empty:
   * no owner, as for vm-mgr's snapshots.
   */
  owner: string;
  /** Its owner in the state, if the stack or project has been renamed since. */
  formerOwner?: string;
  quiesce: Quiesce;
  /** A purge skips it, and it can have linked clones. */
  protect: boolean;
  /** Adopts a snapshot that another program made. */
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

/** The record of a snapshot in the metadata of the system image; absent for one that another program made. */
export interface SnapshotMark {
  owner: string;
  /** It is unfinished. */
  making?: boolean;
  /** The guest wrote nothing while it was taken. */
  quiesced?: boolean;
  /** The same in words. */
  consistency?: string;
  /** The disks it was taken of, and when. */
  disks?: Record<string, number>;
}

/** A snapshot as found. */
export interface VmSnapshot {
  vm: string;
  name: string;
  /** When its first disk snapshot was taken: seconds since 1970, UTC. */
  created: number;
  disks: DiskSnapshot[];
  /** Disks of the VM that it does not cover: they came later. */
  lacking: string[];
  /** Disks it was taken of that no longer have it, or have another one of its name. */
  lost: string[];
  /** It is protected on every disk. */
  protected: boolean;
  mark?: SnapshotMark;
}

/** The name of a rollback's safety snapshots of each disk's previous state; removed when it ends. */
export const SAFETY = "seapathsafety";
/** Prefix of a snapshot's name in the metadata key of its record. */
export const SNAPSHOT_KEY = "_seapath_snapshot_";

/** A readable point in time, e.g. `2026-03-01T12:00:00Z`. */
export const moment = (seconds: number) => new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, "Z");
