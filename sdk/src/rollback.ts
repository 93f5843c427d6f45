import * as pulumi from "@pulumi/pulumi";
import { nameOf, type SnapshotInput, type VmInput } from "./named";
import { isOfKind, SeapathResource, typeOf } from "./resource";
import type { CommonArgs } from "./types";

/** Values whose change does it again: what they are does not matter. */
export type Triggers = pulumi.Input<pulumi.Input<unknown>[]> | pulumi.Input<Record<string, pulumi.Input<unknown>>>;

/** The inputs of a rollback. */
export interface RollbackArgs extends CommonArgs {
  /** The VM, or its name. Another VM is rolled back at once. */
  vm: VmInput;
  /** The snapshot, or its name. Another one is gone back to at once. */
  snapshot: SnapshotInput;
  /**
   * When one of them changes, the VM is rolled back again.
   * @example [config.get("rollback"), before.created]
   */
  triggers?: Triggers;
}

/**
 * Brings a VM back to a snapshot: when this resource is made, and again when its `triggers`, or the snapshot, change.
 * A preview says in words what is lost.
 *
 * The VM is stopped if it runs, all its disks or none are brought back, and it is started again if it ran. Its primitive,
 * constraints and metadata stay as they are. Disks that have no snapshot of that name are an error before anything is
 * stopped. Deleting the resource changes nothing on the cluster.
 *
 * @example
 * new seapath.Rollback("undo", { vm: web, snapshot: before, triggers: [config.require("attempt")] });
 */
export class Rollback extends SeapathResource {
  /** The type of this kind in a state, for policies. */
  static readonly __pulumiType = typeOf("Rollback");

  /** The VM that was brought back. */
  declare readonly vm: pulumi.Output<string>;
  /** The snapshot that it was brought back to. */
  declare readonly snapshot: pulumi.Output<string>;
  /** The values for which it was last done. */
  declare readonly triggers: pulumi.Output<unknown[] | Record<string, unknown> | undefined>;
  /** The project, the stack and the resource that ask for it: what they have been given is not done twice. */
  declare readonly owner: pulumi.Output<string>;
  /** When it was last done, e.g. `2026-03-01T12:00:00Z`. */
  declare readonly rolledBack: pulumi.Output<string>;
  /** The disks that were brought back. */
  declare readonly disks: pulumi.Output<string[]>;

  /** Whether a value is a rollback, also when another copy of this package made it. */
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
