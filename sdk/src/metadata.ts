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
  /** The VM, or the name of one that another stack or vm-mgr may have made. A change sets the keys there and removes them here. */
  vm: VmInput;
  /**
   * The keys with their values, as of vm-mgr's `set_metadata`: keys of letters and digits that the VM does not have as its
   * own. Changed in place, each for itself. They lie in clear in Ceph, secrets of Pulumi's too.
   */
  metadata: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** Takes over keys that the VM has already, as somebody has set them with vm-mgr. @default false */
  adopt?: pulumi.Input<boolean>;
}

/**
 * Keys in the metadata of a VM that is not this program's. The program that has the VM neither shows them as drift nor
 * removes them; a delete removes these keys and nothing else.
 *
 * @example
 * new seapath.Metadata("backup", { vm: "web01", metadata: { backup: "nightly" } });
 */
export class Metadata extends SeapathResource {
  /** The type of this kind in a state, for policies. */
  static readonly __pulumiType = typeOf("Metadata");

  /** The VM that has the keys. */
  declare readonly vm: pulumi.Output<string>;
  /** The keys with their values. */
  declare readonly metadata: pulumi.Output<Record<string, string>>;
  /** Whether keys that the VM has already may be taken over. */
  declare readonly adopt: pulumi.Output<boolean>;
  /** Whose the keys are: project, stack and logical name. It is kept beside each. */
  declare readonly owner: pulumi.Output<string>;

  /** Whether a value is metadata, also when another copy of this package made it. */
  static override isInstance(value: unknown): value is Metadata {
    return isOfKind(value, Metadata.__pulumiType);
  }

  constructor(name: string, args: MetadataArgs, options?: pulumi.CustomResourceOptions) {
    const owner = `${pulumi.getProject()}/${pulumi.getStack()}/${name}`;
    super("Metadata", name, { adopt: undefined, ...args, vm: nameOf(args.vm), owner }, options);
  }
}
