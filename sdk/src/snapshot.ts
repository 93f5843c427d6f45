import * as pulumi from "@pulumi/pulumi";
import { nameOf, type VmInput } from "./named";
import { isOfKind, SeapathResource, typeOf } from "./resource";
import type { CommonArgs } from "./types";

/** The inputs of a snapshot. */
export interface SnapshotArgs extends CommonArgs {
  /** The VM, or its name. A change makes a snapshot of the other VM and removes this one. */
  vm: VmInput;
  /**
   * The name on the cluster, of letters and digits; vm-mgr's `--snap_name`. A change takes a new snapshot and removes
   * the old one.
   * @default the logical name, where it is legal
   */
  name?: pulumi.Input<string>;
  /**
   * Whether the guest's file systems are frozen while it is taken, through the qemu-guest-agent. `auto`: where an agent
   * answers; the output `consistency` says what was done. `required`: or it fails, in the preview where the VM has no channel
   * for the agent (`guestAgent` of its `domain`). `none`: never. A VM that does not run
   * needs no freeze. It counts when the snapshot is taken; a change of it changes nothing of one that is there.
   * @default "auto"
   */
  quiesce?: pulumi.Input<"auto" | "required" | "none">;
  /** Seconds that the guest may be frozen, after which it is thawed whatever has been done by then. @default 10 */
  freezeTimeout?: pulumi.Input<number>;
  /** Protects it: a purge leaves it, vm-mgr's too, and VMs can be cloned from it as linked clones. Changed in place. @default false */
  protect?: pulumi.Input<boolean>;
  /** Takes over a snapshot of this name that the VM has already. Without it, one is refused. @default false */
  adopt?: pulumi.Input<boolean>;
}

/**
 * A snapshot of every disk in the RBD group of a VM, on all of them or on none; a snapshot to `vm-mgr` as well.
 *
 * The disks are taken as close together as can be. With frozen file systems they are of one moment to the guest; without,
 * each disk is as after a power cut, and two disks may be some milliseconds apart.
 *
 * @example
 * const before = new seapath.Snapshot("beforeupgrade", { vm: web, quiesce: "required", protect: true });
 */
export class Snapshot extends SeapathResource {
  /** The type of this kind in a state, for policies. */
  static readonly __pulumiType = typeOf("Snapshot");

  /** The VM that has it. */
  declare readonly vm: pulumi.Output<string>;
  /** Its name on the cluster. */
  declare readonly name: pulumi.Output<string>;
  /** Whether the guest was to be frozen when it was taken; `quiesced` says whether it was. */
  declare readonly quiesce: pulumi.Output<"auto" | "required" | "none">;
  /** Seconds that the guest might be frozen. */
  declare readonly freezeTimeout: pulumi.Output<number>;
  /** Whether it is protected. */
  declare readonly protect: pulumi.Output<boolean>;
  /** Whether one that is there may be taken over. */
  declare readonly adopt: pulumi.Output<boolean>;
  /** The project and the stack whose it is; kept with the VM, so that the retention of another stack knows it too. */
  declare readonly owner: pulumi.Output<string>;
  /** False when a refresh found that a disk has lost it: it is of no use then, and replaced by a new one. */
  declare readonly complete: pulumi.Output<boolean>;
  /** When it was taken, e.g. `2026-03-01T12:00:00Z`. */
  declare readonly created: pulumi.Output<string>;
  /** The disks that it has, with their sizes in bytes at that time. */
  declare readonly disks: pulumi.Output<{ name: string; size: number }[]>;
  /** Disks of the VM that it does not have, because they came later. With them, the VM cannot be rolled back to it. */
  declare readonly lacking: pulumi.Output<string[]>;
  /** Nothing was written to the disks while it was taken: the guest was frozen, or did not run. */
  declare readonly quiesced: pulumi.Output<boolean>;
  /** The same in words, with the reason where it is not quiesced. */
  declare readonly consistency: pulumi.Output<string>;

  /** Whether a value is a snapshot, also when another copy of this package made it. */
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
