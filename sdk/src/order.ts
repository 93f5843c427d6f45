import type * as pulumi from "@pulumi/pulumi";
import { nameOf, namesOf, type VmInput } from "./named";
import { Relation, type RelationArgs } from "./relation";
import { isOfKind, typeOf } from "./resource";

/**
 * The inputs of an order. All of them are changed in place, in one change of the CIB.
 *
 * @example
 * { first: database, then: [application, gateway] }
 */
export interface OrderArgs extends RelationArgs {
  /** The VM that starts first, or its name. */
  first: VmInput;
  /** The others, or their names, in the order in which they start. */
  then: pulumi.Input<VmInput[]>;
  /** Whether those of `then` wait for each other as well; with `false` each waits for `first` alone. @default true */
  sequential?: pulumi.Input<boolean>;
  /**
   * Pacemaker's kind. `"mandatory"`: the later ones run only while the earlier ones do, so that a stop or a restart of an
   * earlier one stops or restarts the later ones. `"optional"`: it counts only when both start or stop at the same time.
   * `"serialize"`: never two of them at once, in any order.
   * @default "mandatory"
   */
  kind?: pulumi.Input<"mandatory" | "optional" | "serialize">;
  /** Whether they stop the other way round. It means nothing with `"serialize"`. @default true */
  symmetrical?: pulumi.Input<boolean>;
}

/**
 * VMs that start one after another. vm-mgr has no word for it.
 *
 * @example
 * new seapath.Order("boot", { first: database, then: [application], kind: "optional" });
 */
export class Order extends Relation {
  /** The type of this kind in a state, for policies. */
  static readonly __pulumiType = typeOf("Order");

  /** The VM that starts first. */
  declare readonly first: pulumi.Output<string>;
  /** The others. */
  declare readonly then: pulumi.Output<string[]>;
  /** Whether the others wait for each other as well. */
  declare readonly sequential: pulumi.Output<boolean>;
  /** Pacemaker's kind. */
  declare readonly kind: pulumi.Output<"mandatory" | "optional" | "serialize">;
  /** Whether they stop the other way round. */
  declare readonly symmetrical: pulumi.Output<boolean>;

  /** Whether a value is an order, also when another copy of this package made it. */
  static override isInstance(value: unknown): value is Order {
    return isOfKind(value, Order.__pulumiType);
  }

  constructor(name: string, args: OrderArgs, options?: pulumi.CustomResourceOptions) {
    super(
      "Order",
      name,
      {
        sequential: undefined,
        kind: undefined,
        symmetrical: undefined,
        ...args,
        first: nameOf(args.first),
        then: namesOf(args.then),
      },
      options,
    );
  }
}
