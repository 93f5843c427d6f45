/** What a program says of a VM that the cluster may not have yet. */
export interface PlannedVm {
  /** Undefined: not known before other resources are made. */
  enabled?: boolean;
  started?: boolean;
  pinnedHost?: string;
  /** The keys of its metadata. */
  keys?: readonly string[];
}

/** The VMs of a program; undefined for one that it does not have. */
export type PlannedVms = (vm: string) => PlannedVm | undefined;
