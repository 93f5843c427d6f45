import * as pulumi from "@pulumi/pulumi";
import { nameOf, type SnapshotInput, type VmInput } from "./named";
import { isOfKind, SeapathResource, typeOf } from "./resource";
import type { CommonArgs } from "./types";

/** Values whose change repeats the operation; the values themselves have no meaning. */
export type Triggers = pulumi.Input<pulumi.Input<unknown>[]> | pulumi.Input<Record<string, pulumi.Input<unknown>>>;

/** The inputs of a rollback. */
export interface RollbackArgs extends CommonArgs {
  /** The VM, or its name. A change rolls the other VM back at once. */
  vm: VmInput;
  /** The snapshot, or its name. A change rolls back to the other snapshot at once. */
  snapshot: SnapshotInput;
  /**
   * The VM is rolled back again when one of these values changes.
   * @example [config.get("rollback"), before.created]
   */
  triggers?: Triggers;
}

/**
 * Rolls a VM back to a snapshot: when this resource is created, and again when its `triggers` or the snapshot change. A
 * preview describes what will be lost.
 *
 * A running VM is stopped, all its disks or none are rolled back, and it is started again. Its primitive, constraints
 * and metadata do not change. If a disk lacks a snapshot of that name, it is an error before anything is stopped.
 * Deleting the resource changes nothing on the cluster.
 *
 * @example
 * new seapath.Rollback("undo", { vm: web, snapshot: before, triggers: [config.require("attempt")] });
 */
export class Rollback extends SeapathResource {
  /** The type token of this resource in a state, for policies. */
  static readonly __pulumiType = typeOf("Rollback");

  /** The VM that was rolled back. */
  declare readonly vm: pulumi.Output<string>;
  /** The snapshot that the VM was rolled back to. */
  declare readonly snapshot: pulumi.Output<string>;
  /** The trigger values at the last rollback. */
  declare readonly triggers: pulumi.Output<unknown[] | Record<string, unknown> | undefined>;
  /** The project, stack and resource that requested the rollback, so that the same request never runs twice. */
  declare readonly owner: pulumi.Output<string>;
  /** When the VM was last rolled back, e.g. `2026-03-01T12:00:00Z`. */
  declare readonly rolledBack: pulumi.Output<string>;
  /** The disks that were rolled back. */
  declare readonly disks: pulumi.Output<string[]>;

  /** Whether a value is a rollback, even if another copy of this package created it. */
  static override isInstance(value: unknown): value is Rollback {
    return isOfKind(value, Rollback.__pulumiType);
  }

  constructor(name: string, args: RollbackArgs, options?: pulumi.CustomResourceOptions) {
    const owner = `${pulumi.getProject()}/${pulumi.getStack()}/${name}`;
    super(
      "Rollback",
      name,
      {
        triggers: undefined,
        ...args,
        vm: nameOf(args.vm),
        snapshot: nameOf(args.snapshot),
        owner,
        rolledBack: undefined,
        disks: undefined,
      },
      options,
    );
  }
}
