import * as pulumi from "@pulumi/pulumi";
import { nameOf, type VmInput } from "./named";
import { isOfKind, SeapathResource, typeOf } from "./resource";
import type { Triggers } from "./rollback";
import type { CommonArgs } from "./types";

/** The inputs of a retention: `purgeAll`, or `keepLast` and/or `keepWithin`. */
export interface SnapshotRetentionArgs extends CommonArgs {
  /** The VM, or its name. */
  vm: VmInput;
  /** Keeps this many of the newest, counting only those that the rule may remove at all. */
  keepLast?: pulumi.Input<number>;
  /**
   * Keeps those younger than this: `"7d"`, `"36h"`, `"1w2d"`, or seconds. With `keepLast`, a snapshot stays if either
   * keeps it.
   */
  keepWithin?: pulumi.Input<string | number>;
  /** Removes all; vm-mgr's `purge`. @default false */
  purgeAll?: pulumi.Input<boolean>;
  /** Also removes those that belong to a `Snapshot`, of this stack or any other. @default false */
  includeManaged?: pulumi.Input<boolean>;
  /** Also removes protected ones. @default false */
  includeProtected?: pulumi.Input<boolean>;
  /**
   * Also removes those that other programs made: vm-mgr, `rbd snap create`, another backup tool. Those of
   * backup_restore stay.
   * @default false
   */
  includeOthers?: pulumi.Input<boolean>;
  /**
   * Also removes those of backup_restore, whose names are timestamps (`202611270230`). Its next incremental backup
   * counts from the newest of them, and without it fails or cannot be restored.
   * @default false
   */
  includeBackups?: pulumi.Input<boolean>;
  /**
   * The rule is applied again when one of these values changes.
   * @example [new Date().toISOString().slice(0, 10)] // at the first `up` of each day
   */
  triggers?: Triggers;
}

/**
 * Removes snapshots of a VM by a rule: when this resource is created, and again when its `triggers` or the rule change.
 * A preview names the snapshots that would be removed, and says why each of the others stays.
 *
 * By default it removes only those that `npx seapath create_snapshot` made and no program owns. Others stay unless
 * included explicitly: protected ones, those that belong to a `Snapshot`, those of other programs (e.g. vm-mgr in a
 * cron job) and those of backup_restore. Those with linked clones always stay. Deleting the resource changes nothing on
 * the cluster.
 *
 * @example
 * new seapath.SnapshotRetention("tidy", { vm: web, keepLast: 3, keepWithin: "7d", includeOthers: true, triggers: [today] });
 */
export class SnapshotRetention extends SeapathResource {
  /** The type token of this resource in a state, for policies. */
  static readonly __pulumiType = typeOf("SnapshotRetention");

  /** The VM that the snapshots belong to. */
  declare readonly vm: pulumi.Output<string>;
  /** How many of the newest are kept. */
  declare readonly keepLast: pulumi.Output<number | undefined>;
  /** The age up to which snapshots are kept. */
  declare readonly keepWithin: pulumi.Output<string | number | undefined>;
  /** Whether all are removed. */
  declare readonly purgeAll: pulumi.Output<boolean>;
  /** Whether those that belong to a `Snapshot` are also removed. */
  declare readonly includeManaged: pulumi.Output<boolean>;
  /** Whether protected ones are also removed. */
  declare readonly includeProtected: pulumi.Output<boolean>;
  /** Whether those that other programs made are also removed. */
  declare readonly includeOthers: pulumi.Output<boolean>;
  /** Whether those of backup_restore are also removed. */
  declare readonly includeBackups: pulumi.Output<boolean>;
  /** The trigger values at the last run. */
  declare readonly triggers: pulumi.Output<unknown[] | Record<string, unknown> | undefined>;
  /** The names of the snapshots that the last run removed. */
  declare readonly removed: pulumi.Output<string[]>;
  /** The names of the snapshots that the last run kept. */
  declare readonly kept: pulumi.Output<string[]>;

  /** Whether a value is a retention, even if another copy of this package created it. */
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
