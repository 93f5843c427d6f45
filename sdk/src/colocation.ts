import type * as pulumi from "@pulumi/pulumi";
import { nameOf, namesOf, type VmInput } from "./named";
import { Relation, type RelationArgs } from "./relation";
import { isOfKind, typeOf } from "./resource";

/**
 * The inputs of a colocation. All of them change in place, in a single CIB change.
 *
 * @example
 * { vm: first, with: [second], apart: true, strong: true }
 */
export interface ColocationArgs extends RelationArgs {
  /** The VM that follows the others, and that yields first if there is no room for all; or its name. */
  vm: VmInput;
  /** The other VMs, or their names; at least one. Each must be enabled, and so must `vm`. */
  with: pulumi.Input<VmInput[]>;
  /**
   * Strict: the VMs run together (or apart), or not at all; Pacemaker's score INFINITY. Otherwise it is a preference
   * that yields when a node is down. vm-mgr's `add_colocation` with and without `--strong`.
   * @default false
   */
  strong?: pulumi.Input<boolean>;
  /** The opposite: no two of the VMs share a node. vm-mgr has no equivalent. @default false */
  apart?: pulumi.Input<boolean>;
  /**
   * The weight of a preference, 1 to 999999, against other preferences and `resource-stickiness`. Not with
   * `strong: true`.
   * @default 700
   */
  score?: pulumi.Input<number>;
}

/**
 * VMs that run on the same node, or on different nodes. Together is the constraint that `vm-mgr add_colocation` makes,
 * under the same id; apart is one constraint per pair.
 *
 * @example
 * const pair = new seapath.Colocation("pair", { vm: first, with: [second], apart: true });
 * export const places = pair.nodes;
 */
export class Colocation extends Relation {
  /** The type token of this resource in a state, for policies. */
  static readonly __pulumiType = typeOf("Colocation");

  /** The VM that follows the others, or avoids them. */
  declare readonly vm: pulumi.Output<string>;
  /** The other VMs. */
  declare readonly with: pulumi.Output<string[]>;
  /** Whether the constraint is strict. */
  declare readonly strong: pulumi.Output<boolean>;
  /** Whether the VMs are kept on different nodes. */
  declare readonly apart: pulumi.Output<boolean>;
  /** The weight of a preference, if given. */
  declare readonly score: pulumi.Output<number | undefined>;

  /** Whether a value is a colocation, even if another copy of this package created it. */
  static override isInstance(value: unknown): value is Colocation {
    return isOfKind(value, Colocation.__pulumiType);
  }

  constructor(name: string, args: ColocationArgs, options?: pulumi.CustomResourceOptions) {
    super(
      "Colocation",
      name,
      { strong: undefined, apart: undefined, score: undefined, ...args, vm: nameOf(args.vm), with: namesOf(args.with) },
      options,
    );
  }
}
