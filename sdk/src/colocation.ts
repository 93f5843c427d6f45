import type * as pulumi from "@pulumi/pulumi";
import { nameOf, namesOf, type VmInput } from "./named";
import { Relation, type RelationArgs } from "./relation";
import { isOfKind, typeOf } from "./resource";

/**
 * The inputs of a colocation. All of them are changed in place, in one change of the CIB.
 *
 * @example
 * { vm: first, with: [second], apart: true, strong: true }
 */
export interface ColocationArgs extends RelationArgs {
  /** The VM that goes where the others are, and that gives way first when there is no room for all; or its name. */
  vm: VmInput;
  /** The others, or their names; at least one. Each has to be enabled, as `vm` has. */
  with: pulumi.Input<VmInput[]>;
  /**
   * Together, or apart, or not running: Pacemaker's score INFINITY. Otherwise it is a wish, which gives way when a node is
   * down; vm-mgr's `add_colocation` without and with `--strong`.
   * @default false
   */
  strong?: pulumi.Input<boolean>;
  /** The contrary: each of the VMs on a node without any of the others. vm-mgr has no word for it. @default false */
  apart?: pulumi.Input<boolean>;
  /** How much a wish weighs, 1 to 999999, against others and `resource-stickiness`. Not beside `strong: true`. @default 700 */
  score?: pulumi.Input<number>;
}

/**
 * VMs that run on one node, or on different ones. Together it is the constraint that `vm-mgr add_colocation` makes, under
 * the same id; apart it is one constraint for each pair.
 *
 * @example
 * const pair = new seapath.Colocation("pair", { vm: first, with: [second], apart: true });
 * export const places = pair.nodes;
 */
export class Colocation extends Relation {
  /** The type of this kind in a state, for policies. */
  static readonly __pulumiType = typeOf("Colocation");

  /** The VM that goes where the others are, or where they are not. */
  declare readonly vm: pulumi.Output<string>;
  /** The others. */
  declare readonly with: pulumi.Output<string[]>;
  /** Whether it holds at any price. */
  declare readonly strong: pulumi.Output<boolean>;
  /** Whether each is on a node without any of the others. */
  declare readonly apart: pulumi.Output<boolean>;
  /** How much a wish weighs, where that was said. */
  declare readonly score: pulumi.Output<number | undefined>;

  /** Whether a value is a colocation, also when another copy of this package made it. */
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
