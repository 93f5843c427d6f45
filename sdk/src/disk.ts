import * as pulumi from "@pulumi/pulumi";
import { nameOf, type VmInput } from "./named";
import type { DiskSourceState, OptionalOutput } from "./outputs";
import { isOfKind, SeapathResource, typeOf } from "./resource";
import type { CommonArgs, LocalImage, NodeImage } from "./types";

/** The RBD image of a disk of any VM of the cluster: it is copied as it is at that moment. */
export interface PoolImage {
  /** `system_<vm>`, `data_<vm>_<number>`, or `retained_<vm>_<number>`: what `retain` has kept. */
  image: pulumi.Input<string>;
}

/** What a disk is filled with. */
export type DiskSource = NodeImage | LocalImage | PoolImage;

/**
 * The inputs of a data disk. At least one of `size` and `source` is given, unless the disk is adopted.
 *
 * @example
 * { vm: web, size: "50GiB", serial: "archive" }
 */
export interface DiskArgs extends CommonArgs {
  /** The VM that has it, or its name. Another VM makes a new disk; the old one, **with its data**, is deleted. */
  vm: VmInput;
  /**
   * Its number, from 0: the image is `data_<vm>_<index>`, the guest's device `vdb` for 0, `vdc` for 1. There must be no gap,
   * since vm-mgr's clone counts. Another number makes a new disk.
   * @default the lowest that is free when the disk is made, and then that one for good
   */
  index?: pulumi.Input<number>;
  /**
   * Bytes, or a text such as `"20GiB"`. Grown in place, also while the guest runs, and never made smaller.
   * @default the size of the source
   */
  size?: pulumi.Input<string | number>;
  /** What it is filled with, once; blank without. Another source makes a new disk, and the old one is deleted. */
  source?: pulumi.Input<DiskSource>;
  /**
   * Takes over the disk of this `index` that is there already, made by `vm-mgr create --additional-disk` say: what is on it
   * stays. Without it such a disk is refused.
   * @default false
   */
  adopt?: pulumi.Input<boolean>;
  /**
   * `virtio`, `scsi` and `usb` are given to, and taken from, a guest that runs; `sata` and `ide` only with a stop and a start.
   * A change takes effect at the guest's next start.
   * @default "virtio"
   */
  bus?: pulumi.Input<"virtio" | "scsi" | "sata" | "usb" | "ide">;
  /** QEMU's cache mode. A change takes effect at the guest's next start. @default "writeback", as vm-mgr has it */
  cache?: pulumi.Input<"none" | "writeback" | "writethrough" | "directsync" | "unsafe">;
  /** The guest may not write to it; not on `sata` and `ide`. A change takes effect at its next start. @default false */
  readOnly?: pulumi.Input<boolean>;
  /** What the guest reads as its serial number (`/dev/disk/by-id/virtio-<serial>`). A change takes effect at its next start. */
  serial?: pulumi.Input<string>;
  /** Its image is kept as `retained_<vm>_<index>` when the disk is deleted, or its VM. @default false */
  retain?: pulumi.Input<boolean>;
}

/**
 * A data disk of a VM: an RBD image in the VM's group, an element of its domain, and a device of the guest while it runs.
 * To vm-mgr it is one of the VM's additional disks.
 *
 * @example
 * const archive = new seapath.Disk("archive", { vm: web, size: "50GiB", serial: "archive" });
 * export const device = archive.target; // "vdb"
 */
export class Disk extends SeapathResource {
  /** The type of this kind in a state, for policies. */
  static readonly __pulumiType = typeOf("Disk");

  /** The VM that has it. */
  declare readonly vm: pulumi.Output<string>;
  /** Its number, also where none was given. */
  declare readonly index: pulumi.Output<number>;
  /** Its size: in the words of the program where it gives one, and otherwise as it was observed, that of the source say. */
  declare readonly size: pulumi.Output<string | number>;
  /** What it was filled with; undefined for a blank one. */
  declare readonly source: OptionalOutput<DiskSourceState>;
  /** Whether one that is there may be taken over. */
  declare readonly adopt: pulumi.Output<boolean>;
  /** Its bus. */
  declare readonly bus: pulumi.Output<"virtio" | "scsi" | "sata" | "usb" | "ide">;
  /** QEMU's cache mode. */
  declare readonly cache: pulumi.Output<"none" | "writeback" | "writethrough" | "directsync" | "unsafe">;
  /** Whether the guest may not write to it. */
  declare readonly readOnly: pulumi.Output<boolean>;
  /** What the guest reads as its serial number. */
  declare readonly serial: pulumi.Output<string | undefined>;
  /** Whether its image is kept when it is deleted. */
  declare readonly retain: pulumi.Output<boolean>;
  /** The project, the stack and the resource that have it, as its image notes them. */
  declare readonly owner: pulumi.Output<string>;
  /** Its RBD image, `data_<vm>_<index>`. */
  declare readonly image: pulumi.Output<string>;
  /** Its device in the guest, `vdb` say, as the domain has it; the guest's kernel may choose another name. */
  declare readonly target: pulumi.Output<string>;
  /** Whether a guest that runs had it when it was last looked at. */
  declare readonly attached: pulumi.Output<boolean>;
  /** Whether the guest gets it, or what was changed of it, only when it is next stopped and started. */
  declare readonly restartRequired: pulumi.Output<boolean>;

  /** Whether a value is a disk, also when another copy of this package made it. */
  static override isInstance(value: unknown): value is Disk {
    return isOfKind(value, Disk.__pulumiType);
  }

  constructor(name: string, args: DiskArgs, options?: pulumi.CustomResourceOptions) {
    const outputs = { image: undefined, target: undefined, attached: undefined, restartRequired: undefined };
    const vm = nameOf(args.vm);
    const before = lastOf(vm);
    super(
      "Disk",
      name,
      { ...inputs(name, args), vm, ...outputs },
      pulumi.mergeOptions(options, before && { dependsOn: before }),
    );
    disksOf().set(vm, this);
  }
}

/** By the run of a program: the disk that was last declared for a VM, which is known by its name, or by the output that has it. */
const declared = new WeakMap<object, Map<unknown, Disk>>();
const noStack = {};

function disksOf(): Map<unknown, Disk> {
  const run = pulumi.runtime.getStackResource() ?? noStack;
  const known = declared.get(run) ?? new Map<unknown, Disk>();
  declared.set(run, known);
  return known;
}

/** The disks of a VM are made in the order of the program: so that is the order of their numbers, each time. */
const lastOf = (vm: unknown) => disksOf().get(vm);

const NONE = {
  index: undefined,
  size: undefined,
  source: undefined,
  adopt: undefined,
  bus: undefined,
  cache: undefined,
  readOnly: undefined,
  serial: undefined,
  retain: undefined,
};

/** Every key is named, so that each becomes an output of the resource. */
const inputs = (name: string, args: DiskArgs) => ({
  ...NONE,
  ...args,
  // By this a later run knows a disk that it made and could not record, and others know whose it is.
  owner: `${pulumi.getProject()}/${pulumi.getStack()}/${name}`,
});
