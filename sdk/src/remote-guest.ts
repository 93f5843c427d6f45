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
   * The name of the node, of letters and digits, different from that of the VM; Pacemaker's `remote-node`. A change makes
   * another node.
   * @default the logical name
   */
  name?: Input<string>;
  /** The VM, or its name. A change makes the other VM the node. */
  vm: VmInput;
  /** Where the nodes of the cluster reach the guest's pacemaker_remoted; Pacemaker's `remote-addr`. */
  address: Input<string>;
  /** Its TCP port; Pacemaker's `remote-port`. @default 3121 */
  port?: Input<number>;
  /** Seconds that a connection to it may take; Pacemaker's `remote-connect-timeout`. @default 60 */
  timeout?: Input<number>;
}

/**
 * A VM as a node of Pacemaker's, by the pacemaker_remoted that runs in its guest; vm-mgr's `add_pacemaker_remote`. What
 * is to run in it is a `GuestResource`.
 *
 * The VM becomes the node while it runs. The guest needs the key of the nodes, see `RemoteKey`: one with another key is
 * refused before Pacemaker knows of it, since Pacemaker would end the VM.
 *
 * @example
 * const inside = new seapath.RemoteGuest("webinside", { vm: web, address: "10.0.0.7" });
 */
export class RemoteGuest extends SeapathResource {
  /** The type of this kind in a state, for policies. */
  static readonly __pulumiType = typeOf("RemoteGuest");

  /** The name of the node. */
  declare readonly name: pulumi.Output<string>;
  /** The VM that is the node. */
  declare readonly vm: pulumi.Output<string>;
  /** Where the nodes of the cluster reach it. */
  declare readonly address: pulumi.Output<string>;
  /** Its TCP port. */
  declare readonly port: pulumi.Output<number>;
  /** Seconds that a connection to it may take. */
  declare readonly timeout: pulumi.Output<number>;
  /** The key of Pacemaker Remote in base64, a secret: what the guest has to have in /etc/pacemaker/authkey. */
  declare readonly authkey: pulumi.Output<string>;
  /** Whether Pacemaker had a connection that works when it was last looked at. */
  declare readonly online: pulumi.Output<boolean>;
  /** The node on which the VM ran when it was last looked at; empty while it runs nowhere. */
  declare readonly node: pulumi.Output<string>;

  /** Whether a value is one, also when another copy of this package made it. */
  static override isInstance(value: unknown): value is RemoteGuest {
    return isOfKind(value, RemoteGuest.__pulumiType);
  }

  constructor(name: string, args: RemoteGuestArgs, options?: pulumi.CustomResourceOptions) {
    const none = { port: undefined, timeout: undefined, authkey: undefined, online: undefined, node: undefined };
    const secret = pulumi.mergeOptions(options, { additionalSecretOutputs: ["authkey"] });
    super("RemoteGuest", name, { ...none, ...args, vm: nameOf(args.vm), name: args.name ?? name }, secret);
  }
}
