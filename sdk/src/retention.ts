import * as pulumi from "@pulumi/pulumi";
import { nameOf, type VmInput } from "./named";
import { isOfKind, SeapathResource, typeOf } from "./resource";
import type { Triggers } from "./rollback";
import type { CommonArgs } from "./types";

/** The inputs of a retention: `purgeAll`, or one or both of `keepLast` and `keepWithin`. */
export interface SnapshotRetentionArgs extends CommonArgs {
  /** The VM, or its name. */
  vm: VmInput;
  /** The newest so many stay, of those that it may remove at all. */
  keepLast?: pulumi.Input<number>;
  /** Those stay that are younger: `"7d"`, `"36h"`, `"1w2d"`, or seconds. Beside `keepLast`, what one of the two keeps stays. */
  keepWithin?: pulumi.Input<string | number>;
  /** None stays; vm-mgr's `purge`. @default false */
  purgeAll?: pulumi.Input<boolean>;
  /** Removes those as well that belong to a `Snapshot`, of this stack or any other. @default false */
  includeManaged?: pulumi.Input<boolean>;
  /** Removes those as well that are protected. @default false */
  includeProtected?: pulumi.Input<boolean>;
  /**
   * Removes those as well that other programs made: vm-mgr, `rbd snap create`, another backup tool's. Those of backup_restore
   * stay. @default false
   */
  includeOthers?: pulumi.Input<boolean>;
  /**
   * Removes those as well that backup_restore made, which have a time for a name (`202611270230`). Its next incremental backup
   * counts from the newest of them, and fails or cannot be restored without it. @default false
   */
  includeBackups?: pulumi.Input<boolean>;
  /**
   * When one of them changes, it is done again.
   * @example [new Date().toISOString().slice(0, 10)] // at the first `up` of each day
   */
  triggers?: Triggers;
}

/**
 * Removes snapshots of a VM by a rule: when this resource is made, and again when its `triggers` or the rule change. A preview
 * names those that would go, and says of each other one why it stays.
 *
 * It goes by those that `npx seapath create_snapshot` made and no program has. Others stay unless told by name: protected ones,
 * those that belong to a `Snapshot`, those of other programs (vm-mgr in a cron job, say) and those of backup_restore. Those
 * with linked clones always do. Deleting the resource changes nothing on the cluster.
 *
 * @example
 * new seapath.SnapshotRetention("tidy", { vm: web, keepLast: 3, keepWithin: "7d", includeOthers: true, triggers: [today] });
 */
export class SnapshotRetention extends SeapathResource {
  /** The type of this kind in a state, for policies. */
  static readonly __pulumiType = typeOf("SnapshotRetention");

  /** The VM whose snapshots they are. */
  declare readonly vm: pulumi.Output<string>;
  /** The newest so many stay. */
  declare readonly keepLast: pulumi.Output<number | undefined>;
  /** Those stay that are younger. */
  declare readonly keepWithin: pulumi.Output<string | number | undefined>;
  /** Whether none stays. */
  declare readonly purgeAll: pulumi.Output<boolean>;
  /** Whether those go as well that belong to a `Snapshot`. */
  declare readonly includeManaged: pulumi.Output<boolean>;
  /** Whether those go as well that are protected. */
  declare readonly includeProtected: pulumi.Output<boolean>;
  /** Whether those go as well that other programs made. */
  declare readonly includeOthers: pulumi.Output<boolean>;
  /** Whether those go as well that backup_restore made. */
  declare readonly includeBackups: pulumi.Output<boolean>;
  /** The values for which it was last done. */
  declare readonly triggers: pulumi.Output<unknown[] | Record<string, unknown> | undefined>;
  /** The names of those that it removed the last time. */
  declare readonly removed: pulumi.Output<string[]>;
  /** The names of those that it left then. */
  declare readonly kept: pulumi.Output<string[]>;

  /** Whether a value is a retention, also when another copy of this package made it. */
  static override isInstance(value: unknown): value is SnapshotRetention {
    return isOfKind(value, SnapshotRetention.__pulumiType);
  }

  constructor(name: string, args: SnapshotRetentionArgs, options?: pulumi.CustomResourceOptions) {
    const inputs = {
      keepLast: undefined,
      keepWithin: undefined,
      purgeAll: undefined,
      includeManaged: undefined,
      includeProtected: undefined,
      includeOthers: undefined,
      includeBackups: undefined,
      triggers: undefined,
    };
    super(
      "SnapshotRetention",
      name,
      { ...inputs, ...args, vm: nameOf(args.vm), removed: undefined, kept: undefined },
      options,
    );
  }
}
