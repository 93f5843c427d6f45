/**
 * The outputs of this package's resources, under the names of their inputs, with every default filled in. A value that
 * may be absent is `| undefined`, not optional, so that its output always exists: `web.source.path` is an output, of
 * undefined for a clone.
 */
import type { Lifted, OutputInstance } from "@pulumi/pulumi";
import type { ImageFormat } from "./types";

/**
 * An output that is undefined if its input was not given. Its properties are still accessible, and are then undefined
 * too: `web.domain.memory` of a VM that is given as `xml`.
 */
export type OptionalOutput<T extends object> = OutputInstance<T | undefined> & Lifted<T>;

/** A network interface of a VM. */
export interface NetworkInterfaceState {
  /** The bridge of the hypervisors. */
  bridge: string;
  /** The MAC address, even if none was given. */
  mac: string;
  /** The emulated card. */
  model: string;
  /** `"openvswitch"` for an Open vSwitch port; undefined for a Linux bridge. */
  virtualport: "openvswitch" | undefined;
  /** The VLAN tag. */
  vlan: number | undefined;
}

/** The libvirt domain of a VM, typed. */
export interface DomainState {
  /** `qemu` if the processor is emulated. */
  type: "kvm" | "qemu";
  /** MiB. */
  memory: number;
  /** Virtual CPUs. */
  vcpus: number;
  /** QEMU's machine type. */
  machine: string;
  /** The firmware that the VM boots with. */
  firmware: "bios" | "efi";
  /** In the guest's order. */
  interfaces: NetworkInterfaceState[];
  /** Whether the VM has a serial console. */
  serialConsole: boolean;
  /** Whether there is a channel for the qemu-guest-agent. */
  guestAgent: boolean;
}

/** The system disk of a VM. */
export interface SystemDiskState {
  /**
   * The disk's size: as the program wrote it, or as observed if it gave none (e.g. the image's).
   * @example "20GiB"
   */
  size: string | number;
  /** The disk's bus. */
  bus: "virtio" | "scsi" | "sata" | "usb" | "ide";
}

/** What a VM was created from: one of `nodePath`, `path` and `vm`. */
export interface VmSourceState {
  /** The file on the nodes. */
  nodePath: string | undefined;
  /** The file on the machine that ran Pulumi. */
  path: string | undefined;
  /** The file's format, if given. */
  format: ImageFormat | undefined;
  /** The VM that it was cloned from. */
  vm: string | undefined;
  /** The snapshot of that VM. */
  snapshot: string | undefined;
  /** Whether a clone is independent or shares its disks. */
  mode: "copy" | "linked" | undefined;
  /** Whether that VM's snapshots were copied too. */
  snapshots: boolean | undefined;
  /** What was not copied from that VM. */
  clear:
    | ("placement" | "settings" | "metadata" | "pacemaker.meta" | "pacemaker.params" | "pacemaker.utilization")[]
    | undefined;
}

/** What a disk was filled with: one of `nodePath`, `path` and `image`. */
export interface DiskSourceState {
  /** The file on the nodes. */
  nodePath: string | undefined;
  /** The file on the machine that ran Pulumi. */
  path: string | undefined;
  /** The file's format, if given. */
  format: ImageFormat | undefined;
  /** The RBD image of another disk. */
  image: string | undefined;
}

/** How a VM is updated relative to the VMs it is kept apart from. */
export interface RollingState {
  /** Whether the VM may be stopped while one of them is not running. */
  outage: "refused" | "allowed" | undefined;
  /** Seconds from the VM's start until its guest does its work. */
  readyAfter: number | undefined;
}

/** Settings of a VM's primitive without an input of their own. */
export interface PacemakerState {
  /** Meta attributes. */
  meta: Record<string, string>;
  /** Parameters of the resource agent. */
  params: Record<string, string>;
  /** What the VM uses of a node's capacity. */
  utilization: Record<string, string>;
}

/** How long Pacemaker's operations may take, in seconds. */
export interface TimeoutsState {
  create: number;
  update: number;
  delete: number;
}

/** An operation of a guest resource. */
export interface OperationState {
  /** Seconds. */
  timeout: number | undefined;
  /** Seconds between two runs. */
  interval: number | undefined;
  /** What Pacemaker does if the operation fails. */
  onFail: "ignore" | "block" | "stop" | "restart" | "standby" | "fence" | "restart-container" | "demote" | undefined;
}
