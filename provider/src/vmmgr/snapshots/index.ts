export { chainNotice, isBackupName, lossNotice } from "./backups";
export { findSnapshot, listSnapshots, vmDisks } from "./observe";
export { quiesceRefusals } from "./agent";
export { createSnapshot, removeSnapshot, snapshotRefusals, SnapshotFailed, updateSnapshot } from "./snapshot";
export {
  describePurge,
  planOf,
  planPurge,
  purgeSnapshots,
  PurgeFailed,
  type PurgePlan,
  type PurgeResult,
  type PurgeRule,
} from "./retention";
export { finishRollback, rollbackVm } from "./rollback";
export {
  describeRollback,
  findRollback,
  keyOf,
  lastRollback,
  rollbackRefusals,
  type LastRollback,
  type RollbackSpec,
} from "./rollback-state";
export { moment, SAFETY, type DiskSnapshot, type SnapshotMark, type SnapshotSpec, type VmSnapshot } from "./model";
