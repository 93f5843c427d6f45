import * as pulumi from "@pulumi/pulumi";
import type { Input } from "@pulumi/pulumi";
import { nameOf, type VmInput } from "./named";
import { isOfKind, SeapathResource, typeOf } from "./resource";
import type { CommonArgs } from "./types";

/**
 * The inputs of a guest node.
 *
 * @example { vm: web, address: "10.0.0.7" }
 */
export interface RemoteGuestArgs extends CommonArgs {
  /**
   * The name of the node: letters and digits, different from the VM's name; Pacemaker's `remote-node`. A change
   * replaces the node.
   * @default the logical name
   */
  name?: Input<string>;
  /** The VM, or its name. A change turns the other VM into the node. */
  vm: VmInput;
  /** The address where the cluster's nodes reach the guest's pacemaker_remoted; Pacemaker's `remote-addr`. */
  address: Input<string>;
  /** The TCP port; Pacemaker's `remote-port`. @default 3121 */
  port?: Input<number>;
  /** Seconds that a connection may take; Pacemaker's `remote-connect-timeout`. @default 60 */
  timeout?: Input<number>;
}

/**
 * A VM that is a Pacemaker node, through the pacemaker_remoted in its guest; vm-mgr's `add_pacemaker_remote`. To run
 * something in it, use a `GuestResource`.
 *
 * The VM becomes the node without stopping. Its guest needs the cluster's key, see `RemoteKey`. A guest with another
 * key is rejected before Pacemaker knows of it, because Pacemaker would stop the VM.
 *
 * @example
 * const inside = new seapath.RemoteGuest("webinside", { vm: web, address: "10.0.0.7" });
 */
export class RemoteGuest extends SeapathResource {
  /** The type token of this resource in a state, for policies. */
  static readonly __pulumiType = typeOf("RemoteGuest");

  /** The name of the node. */
  declare readonly name: pulumi.Output<string>;
  /** The VM that is the node. */
  declare readonly vm: pulumi.Output<string>;
  /** The address where the cluster's nodes reach it. */
  declare readonly address: pulumi.Output<string>;
  /** The TCP port. */
  declare readonly port: pulumi.Output<number>;
  /** Seconds that a connection may take. */
  declare readonly timeout: pulumi.Output<number>;
  /** The Pacemaker Remote key in base64, a secret. The guest must have it in /etc/pacemaker/authkey. */
  declare readonly authkey: pulumi.Output<string>;
  /** Whether Pacemaker had a working connection at the last read. */
  declare readonly online: pulumi.Output<boolean>;
  /** The node the VM ran on at the last read; empty if it was not running. */
  declare readonly node: pulumi.Output<string>;

  /** Whether a value is a guest node, even if another copy of this package created it. */
  static override isInstance(value: unknown): value is RemoteGuest {
    return isOfKind(value, RemoteGuest.__pulumiType);
  }

  constructor(name: string, args: RemoteGuestArgs, options?: pulumi.CustomResourceOptions) {
    const none = { port: undefined, timeout: undefined, authkey: undefined, online: undefined, node: undefined };
    const secret = pulumi.mergeOptions(options, { additionalSecretOutputs: ["authkey"] });
    super("RemoteGuest", name, { ...none, ...args, vm: nameOf(args.vm), name: args.name ?? name }, secret);
  }
}
