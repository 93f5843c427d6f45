import * as pulumi from "@pulumi/pulumi";
import { isOfKind, SeapathResource, typeOf } from "./resource";
import type { CommonArgs } from "./types";

/** The inputs of a cluster's key: just the cluster. */
export type RemoteKeyArgs = CommonArgs;

/**
 * The Pacemaker Remote key, /etc/pacemaker/authkey, which all nodes and guests share. It is read from the nodes, or
 * created there if none has one. Use it to build a guest's image before any VM of it exists.
 *
 * The key stays on the cluster when the resource is deleted, because guests have it. It never changes; nodes with
 * different keys are an error.
 *
 * @example
 * const key = new seapath.RemoteKey("key");
 * const userData = pulumi.interpolate`#cloud-config
 * write_files:
 *   - { path: /etc/pacemaker/authkey, encoding: b64, owner: "root:haclient", permissions: "0640", content: ${key.authkey} }
 * `;
 */
export class RemoteKey extends SeapathResource {
  /** The type token of this resource in a state, for policies. */
  static readonly __pulumiType = typeOf("RemoteKey");

  /** The key in base64, a secret. */
  declare readonly authkey: pulumi.Output<string>;

  /** Whether a value is a remote key, even if another copy of this package created it. */
  static override isInstance(value: unknown): value is RemoteKey {
    return isOfKind(value, RemoteKey.__pulumiType);
  }

  constructor(name: string, args: RemoteKeyArgs = {}, options?: pulumi.CustomResourceOptions) {
    const secret = pulumi.mergeOptions(options, { additionalSecretOutputs: ["authkey"] });
    super("RemoteKey", name, { ...args, authkey: undefined }, secret);
  }
}
