import type * as pulumi from "@pulumi/pulumi";
import { nameOf, namesOf, type VmInput } from "./named";
import { Relation, type RelationArgs } from "./relation";
import { isOfKind, typeOf } from "./resource";

/**
 * The inputs of an order. All of them change in place, in a single CIB change.
 *
 * @example
 * { first: database, then: [application, gateway] }
 */
export interface OrderArgs extends RelationArgs {
  /** The VM that starts first, or its name. */
  first: VmInput;
  /** The other VMs, or their names, in the order in which they start. */
  then: pulumi.Input<VmInput[]>;
  /** Whether the VMs of `then` also wait for each other; if `false`, each waits only for `first`. @default true */
  sequential?: pulumi.Input<boolean>;
  /**
   * Pacemaker's kind. `"mandatory"`: the later VMs run only while the earlier ones do, so stopping or restarting an
   * earlier one stops or restarts the later ones. `"optional"`: it applies only if both start or stop at the same time.
   * `"serialize"`: they start and stop one at a time, in any order.
   * @default "mandatory"
   */
  kind?: pulumi.Input<"mandatory" | "optional" | "serialize">;
  /** Whether they stop in reverse order. Has no effect with `"serialize"`. @default true */
  symmetrical?: pulumi.Input<boolean>;
}

/**
 * VMs that start one after another. vm-mgr has no equivalent.
 *
 * @example
 * new seapath.Order("boot", { first: database, then: [application], kind: "optional" });
 */
export class Order extends Relation {
  /** The type token of this resource in a state, for policies. */
  static readonly __pulumiType = typeOf("Order");

  /** The VM that starts first. */
  declare readonly first: pulumi.Output<string>;
  /** The other VMs. */
  declare readonly then: pulumi.Output<string[]>;
  /** Whether the other VMs also wait for each other. */
  declare readonly sequential: pulumi.Output<boolean>;
  /** Pacemaker's kind. */
  declare readonly kind: pulumi.Output<"mandatory" | "optional" | "serialize">;
  /** Whether they stop in reverse order. */
  declare readonly symmetrical: pulumi.Output<boolean>;

  /** Whether a value is an order, even if another copy of this package created it. */
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
