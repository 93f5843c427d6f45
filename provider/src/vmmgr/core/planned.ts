/** A program's declarations for a VM that the cluster may not have yet. */
export interface PlannedVm {
  /** Undefined: not known before other resources are created. */
  enabled?: boolean;
  started?: boolean;
  pinnedHost?: string;
  /** Its metadata keys. */
  keys?: readonly string[];
}

/** The VMs of a program; undefined for a VM that it does not declare. */
export type PlannedVms = (vm: string) => PlannedVm | undefined;
