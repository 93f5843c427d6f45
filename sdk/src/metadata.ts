import * as pulumi from "@pulumi/pulumi";
import { nameOf, type VmInput } from "./named";
import { isOfKind, SeapathResource, typeOf } from "./resource";
import type { CommonArgs } from "./types";

/**
 * The inputs of metadata.
 *
 * @example
 * { vm: "web01", metadata: { ticket: "4711" } }
 */
export interface MetadataArgs extends CommonArgs {
  /**
   * The VM, or the name of a VM, even one of another stack or vm-mgr. A change sets the keys on the other VM and
   * removes them from this one.
   */
  vm: VmInput;
  /**
   * The keys with their values, as set by vm-mgr's `set_metadata`: keys of letters and digits that are not the VM's
   * own. Each changes in place on its own. Ceph stores the values in clear text, even Pulumi secrets.
   */
  metadata: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** Takes over keys that the VM already has, e.g. set with vm-mgr. @default false */
  adopt?: pulumi.Input<boolean>;
}

/**
 * Keys in the metadata of a VM that another program owns. That program neither shows them as drift nor removes them;
 * deleting this resource removes these keys and nothing else.
 *
 * @example
 * new seapath.Metadata("backup", { vm: "web01", metadata: { backup: "nightly" } });
 */
export class Metadata extends SeapathResource {
  /** The type token of this resource in a state, for policies. */
  static readonly __pulumiType = typeOf("Metadata");

  /** The VM that has the keys. */
  declare readonly vm: pulumi.Output<string>;
  /** The keys with their values. */
  declare readonly metadata: pulumi.Output<Record<string, string>>;
  /** Whether existing keys may be taken over. */
  declare readonly adopt: pulumi.Output<boolean>;
  /** The owner of the keys: project, stack and logical name. Recorded beside each key. */
  declare readonly owner: pulumi.Output<string>;

  /** Whether a value is metadata, even if another copy of this package created it. */
  static override isInstance(value: unknown): value is Metadata {
    return isOfKind(value, Metadata.__pulumiType);
  }

  constructor(name: string, args: MetadataArgs, options?: pulumi.CustomResourceOptions) {
    const owner = `${pulumi.getProject()}/${pulumi.getStack()}/${name}`;
    super("Metadata", name, { adopt: undefined, ...args, vm: nameOf(args.vm), owner }, options);
  }
}
