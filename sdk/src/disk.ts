import * as pulumi from "@pulumi/pulumi";
import { nameOf, type VmInput } from "./named";
import type { DiskSourceState, OptionalOutput } from "./outputs";
import { isOfKind, SeapathResource, typeOf } from "./resource";
import type { CommonArgs, LocalImage, NodeImage } from "./types";

/** The RBD image of a disk of any VM on the cluster, copied as it is at that moment. */
export interface PoolImage {
  /** `system_<vm>`, `data_<vm>_<number>`, or `retained_<vm>_<number>`, which `retain` kept. */
  image: pulumi.Input<string>;
}

/** What to fill a disk with. */
export type DiskSource = NodeImage | LocalImage | PoolImage;

/**
 * The inputs of a data disk. At least one of `size` and `source` is required, unless the disk is adopted.
 *
 * @example
 * { vm: web, size: "50GiB", serial: "archive" }
 */
export interface DiskArgs extends CommonArgs {
  /**
   * The VM that the disk belongs to, or its name. A change creates a new disk; the old one is deleted **with its
   * data**.
   */
  vm: VmInput;
  /**
   * The disk's number, from 0: its image is `data_<vm>_<index>`, the guest's device `vdb` for 0, `vdc` for 1. There
   * must be no gap, because vm-mgr's clone counts up. A change creates a new disk.
   * @default the lowest free number when the disk is created; it then stays the same
   */
  index?: pulumi.Input<number>;
  /**
   * Bytes, or a string such as `"20GiB"`. The disk grows in place, even while the guest runs, and never shrinks.
   * @default the size of the source
   */
  size?: pulumi.Input<string | number>;
  /**
   * What to fill the disk with, once; without it the disk is blank. A change creates a new disk and deletes the old
   * one.
   */
  source?: pulumi.Input<DiskSource>;
  /**
   * Takes over an existing disk with this `index`, e.g. from `vm-mgr create --additional-disk`. Its data stays. Without
   * `adopt`, an existing disk is an error.
   * @default false
   */
  adopt?: pulumi.Input<boolean>;
  /**
   * Disks on `virtio`, `scsi` and `usb` attach to and detach from a running guest; those on `sata` and `ide` need a
   * stop and start. A change takes effect at the guest's next start.
   * @default "virtio"
   */
  bus?: pulumi.Input<"virtio" | "scsi" | "sata" | "usb" | "ide">;
  /** QEMU's cache mode. A change takes effect at the guest's next start. @default "writeback", as vm-mgr has it */
  cache?: pulumi.Input<"none" | "writeback" | "writethrough" | "directsync" | "unsafe">;
  /**
   * Whether the disk is read-only for the guest; not on `sata` and `ide`. A change takes effect at the guest's next
   * start.
   * @default false
   */
  readOnly?: pulumi.Input<boolean>;
  /**
   * The serial number that the guest sees (`/dev/disk/by-id/virtio-<serial>`). A change takes effect at its next start.
   */
  serial?: pulumi.Input<string>;
  /** Keeps the image as `retained_<vm>_<index>` when the disk or its VM is deleted. @default false */
  retain?: pulumi.Input<boolean>;
}

/**
 * A data disk of a VM: an RBD image in the VM's group, an element of its domain, and a device of the running guest.
 * vm-mgr sees it as one of the VM's additional disks.
 *
 * @example
 * const archive = new seapath.Disk("archive", { vm: web, size: "50GiB", serial: "archive" });
 * export const device = archive.target; // "vdb"
 */
export class Disk extends SeapathResource {
  /** The type token of this resource in a state, for policies. */
  static readonly __pulumiType = typeOf("Disk");

  /** The VM that the disk belongs to. */
  declare readonly vm: pulumi.Output<string>;
  /** The disk's number, even if none was given. */
  declare readonly index: pulumi.Output<number>;
  /** The disk's size: as the program wrote it, or as observed if it gave none (e.g. the source's). */
  declare readonly size: pulumi.Output<string | number>;
  /** What the disk was filled with; undefined for a blank disk. */
  declare readonly source: OptionalOutput<DiskSourceState>;
  /** Whether an existing disk may be taken over. */
  declare readonly adopt: pulumi.Output<boolean>;
  /** The disk's bus. */
  declare readonly bus: pulumi.Output<"virtio" | "scsi" | "sata" | "usb" | "ide">;
  /** QEMU's cache mode. */
  declare readonly cache: pulumi.Output<"none" | "writeback" | "writethrough" | "directsync" | "unsafe">;
  /** Whether the disk is read-only for the guest. */
  declare readonly readOnly: pulumi.Output<boolean>;
  /** The serial number that the guest sees. */
  declare readonly serial: pulumi.Output<string | undefined>;
  /** Whether the image is kept when the disk is deleted. */
  declare readonly retain: pulumi.Output<boolean>;
  /** The project, stack and resource that own the disk, as recorded on its image. */
  declare readonly owner: pulumi.Output<string>;
  /** The RBD image, `data_<vm>_<index>`. */
  declare readonly image: pulumi.Output<string>;
  /** The guest's device as the domain names it, e.g. `vdb`; the guest's kernel may choose another name. */
  declare readonly target: pulumi.Output<string>;
  /** Whether a running guest had the disk attached at the last read. */
  declare readonly attached: pulumi.Output<boolean>;
  /** Whether the guest gets the disk, or a change to it, only when it is next stopped and started. */
  declare readonly restartRequired: pulumi.Output<boolean>;

  /** Whether a value is a disk, even if another copy of this package created it. */
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

/** Per program run: the last disk declared for a VM, keyed by the VM's name or by the output that holds it. */
const declared = new WeakMap<object, Map<unknown, Disk>>();
const noStack = {};

function disksOf(): Map<unknown, Disk> {
  const run = pulumi.runtime.getStackResource() ?? noStack;
  const known = declared.get(run) ?? new Map<unknown, Disk>();
  declared.set(run, known);
  return known;
}

/** Creates the disks of a VM in program order, so that their numbers follow that order every time. */
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

/** Name every key, so that each becomes an output of the resource. */
const inputs = (name: string, args: DiskArgs) => ({
  ...NONE,
  ...args,
  // Lets a later run recognize a disk that it created but could not record, and lets others see its owner.
  owner: `${pulumi.getProject()}/${pulumi.getStack()}/${name}`,
});
