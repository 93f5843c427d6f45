import type * as pulumi from "@pulumi/pulumi";
import { Relation, type RelationArgs } from "./relation";
import { isOfKind, typeOf } from "./resource";

/**
 * The inputs of a colocation. All of them are changed in place, in one change of the CIB.
 *
 * @example
 * { vm: first.name, with: [second.name], apart: true, strong: true }
 */
export interface ColocationArgs extends RelationArgs {
  /** The VM that goes where the others are, and that gives way first when there is no room for all. Name it by its output. */
  vm: pulumi.Input<string>;
  /** The others, at least one. Each has to be enabled, as `vm` has. */
  with: pulumi.Input<pulumi.Input<string>[]>;
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
 * const pair = new seapath.Colocation("pair", { vm: first.name, with: [second.name], apart: true });
 * export const places = pair.nodes;
 */
export class Colocation extends Relation {
  /** The type of this kind in a state, for policies. */
  static readonly __pulumiType = typeOf("Colocation");

  declare readonly vm: pulumi.Output<string>;
  declare readonly with: pulumi.Output<string[]>;
  declare readonly strong: pulumi.Output<boolean>;
  declare readonly apart: pulumi.Output<boolean>;
  declare readonly score: pulumi.Output<number | undefined>;

  /** Whether a value is a colocation, also when another copy of this package made it. */
  static override isInstance(value: unknown): value is Colocation {
    return isOfKind(value, Colocation.__pulumiType);
  }

  constructor(name: string, args: ColocationArgs, options?: pulumi.CustomResourceOptions) {
    super("Colocation", name, { strong: undefined, apart: undefined, score: undefined, ...args }, options);
  }
}
