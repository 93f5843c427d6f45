import * as pulumi from "@pulumi/pulumi";
import { isOfKind, SeapathResource, typeOf } from "./resource";
import type { CommonArgs } from "./types";

/** The inputs of a cluster's key: the cluster. */
export type RemoteKeyArgs = CommonArgs;

/**
 * The key of Pacemaker Remote, /etc/pacemaker/authkey, which all nodes and all guests have in common: found on the nodes,
 * or made and put there when none has one. It is what an image of a guest is built with, before there is a VM of it.
 *
 * It stays when the resource is deleted, as guests have it. It is never changed; nodes with different keys are an error.
 *
 * @example
 * const key = new seapath.RemoteKey("key");
 * const userData = pulumi.interpolate`#cloud-config
 * write_files:
 *   - { path: /etc/pacemaker/authkey, encoding: b64, owner: "root:haclient", permissions: "0640", content: ${key.authkey} }
 * `;
 */
export class RemoteKey extends SeapathResource {
  /** The type of this kind in a state, for policies. */
  static readonly __pulumiType = typeOf("RemoteKey");

  /** The key in base64, a secret. */
  declare readonly authkey: pulumi.Output<string>;

  /** Whether a value is one, also when another copy of this package made it. */
  static override isInstance(value: unknown): value is RemoteKey {
    return isOfKind(value, RemoteKey.__pulumiType);
  }

  constructor(name: string, args: RemoteKeyArgs = {}, options?: pulumi.CustomResourceOptions) {
    const secret = pulumi.mergeOptions(options, { additionalSecretOutputs: ["authkey"] });
    super("RemoteKey", name, { ...args, authkey: undefined }, secret);
  }
}
