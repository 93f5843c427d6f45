import * as pulumi from "@pulumi/pulumi";
import { nameOf, type VmInput } from "./named";
import { isOfKind, SeapathResource, typeOf } from "./resource";
import type { CommonArgs } from "./types";

/** The inputs of a snapshot. */
export interface SnapshotArgs extends CommonArgs {
  /** The VM, or its name. A change takes a snapshot of the other VM and removes this one. */
  vm: VmInput;
  /**
   * The name on the cluster: letters and digits; vm-mgr's `--snap_name`. A change takes a new snapshot and removes the
   * old one.
   * @default the logical name, if it is a legal name
   */
  name?: pulumi.Input<string>;
  /**
   * Whether to freeze the guest's file systems while the snapshot is taken, through the qemu-guest-agent. `auto`: if an
   * agent answers; the output `consistency` says what was done. `required`: fail if that is not possible, in the
   * preview if the VM has no channel for the agent (`guestAgent` of its `domain`). `none`: never. A VM that is not
   * running needs no freeze. Only read when the snapshot is taken; a change does not affect an existing one.
   * @default "auto"
   */
  quiesce?: pulumi.Input<"auto" | "required" | "none">;
  /**
   * Seconds that the guest may be frozen. After that it is thawed, no matter how far the snapshot has got.
   * @default 10
   */
  freezeTimeout?: pulumi.Input<number>;
  /**
   * Protects the snapshot: a purge, even vm-mgr's, leaves it, and VMs can be cloned from it as linked clones. Changed
   * in place.
   * @default false
   */
  protect?: pulumi.Input<boolean>;
  /** Takes over an existing snapshot of this name. Without `adopt`, an existing one is an error. @default false */
  adopt?: pulumi.Input<boolean>;
}

/**
 * A snapshot of every disk in a VM's RBD group, taken on all of them or on none. `vm-mgr` sees it as one of its own
 * snapshots.
 *
 * The disks are snapshotted as close together as possible. With frozen file systems they are of one moment to the
 * guest. Without, each disk is as after a power cut, and two disks may be some milliseconds apart.
 *
 * @example
 * const before = new seapath.Snapshot("beforeupgrade", { vm: web, quiesce: "required", protect: true });
 */
export class Snapshot extends SeapathResource {
  /** The type token of this resource in a state, for policies. */
  static readonly __pulumiType = typeOf("Snapshot");

  /** The VM that the snapshot belongs to. */
  declare readonly vm: pulumi.Output<string>;
  /** The snapshot's name on the cluster. */
  declare readonly name: pulumi.Output<string>;
  /** Whether the snapshot was taken with a freeze requested; `quiesced` says whether one happened. */
  declare readonly quiesce: pulumi.Output<"auto" | "required" | "none">;
  /** Seconds that the guest was allowed to be frozen. */
  declare readonly freezeTimeout: pulumi.Output<number>;
  /** Whether the snapshot is protected. */
  declare readonly protect: pulumi.Output<boolean>;
  /** Whether an existing snapshot may be taken over. */
  declare readonly adopt: pulumi.Output<boolean>;
  /**
   * The project and stack that own the snapshot; recorded with the VM, so that another stack's retention recognizes it.
   */
  declare readonly owner: pulumi.Output<string>;
  /** False if a refresh found that a disk has lost the snapshot. It is then useless, and is replaced by a new one. */
  declare readonly complete: pulumi.Output<boolean>;
  /** When the snapshot was taken, e.g. `2026-03-01T12:00:00Z`. */
  declare readonly created: pulumi.Output<string>;
  /** The disks in the snapshot, with their sizes in bytes at that time. */
  declare readonly disks: pulumi.Output<{ name: string; size: number }[]>;
  /**
   * Disks of the VM that are not in the snapshot because they were added later. With such disks, the VM cannot be
   * rolled back to it.
   */
  declare readonly lacking: pulumi.Output<string[]>;
  /** Whether the disks were free of writes while it was taken: the guest was frozen or not running. */
  declare readonly quiesced: pulumi.Output<boolean>;
  /** `quiesced` in words, with the reason if it is false. */
  declare readonly consistency: pulumi.Output<string>;

  /** Whether a value is a snapshot, even if another copy of this package created it. */
  static override isInstance(value: unknown): value is Snapshot {
    return isOfKind(value, Snapshot.__pulumiType);
  }

  constructor(name: string, args: SnapshotArgs, options?: pulumi.CustomResourceOptions) {
    const inputs = {
      quiesce: undefined,
      freezeTimeout: undefined,
      protect: undefined,
      adopt: undefined,
      complete: undefined,
    };
    const outputs = {
      created: undefined,
      disks: undefined,
      lacking: undefined,
      quiesced: undefined,
      consistency: undefined,
    };
    const owner = `${pulumi.getProject()}/${pulumi.getStack()}`;
    super(
      "Snapshot",
      name,
      { ...inputs, ...args, vm: nameOf(args.vm), name: args.name ?? name, owner, ...outputs },
      options,
    );
  }
}
