/**
 * What the resources of this package have to say, under the names of their inputs: every default is put in. What may be absent is
 * `| undefined` and not optional, so that its output is there in any case: `web.source.path` is an output, of undefined for a clone.
 */
import type { Lifted, OutputInstance } from "@pulumi/pulumi";
import type { ImageFormat } from "./types";

/**
 * An output that is undefined where its input was not given. Its properties can be had all the same, and are then undefined
 * as well: `web.domain.memory` of a VM that is given as `xml`.
 */
export type OptionalOutput<T extends object> = OutputInstance<T | undefined> & Lifted<T>;

/** A network interface of a VM. */
export interface NetworkInterfaceState {
  /** The bridge of the hypervisors. */
  bridge: string;
  /** Its MAC address, also where none was given. */
  mac: string;
  /** The emulated card. */
  model: string;
  /** `"openvswitch"` for a port of Open vSwitch; undefined for a Linux bridge. */
  virtualport: "openvswitch" | undefined;
  /** The VLAN tag. */
  vlan: number | undefined;
}

/** The libvirt domain of a VM, typed. */
export interface DomainState {
  /** `qemu` where the processor is emulated. */
  type: "kvm" | "qemu";
  /** MiB. */
  memory: number;
  /** Virtual CPUs. */
  vcpus: number;
  /** QEMU's machine type. */
  machine: string;
  /** How it boots. */
  firmware: "bios" | "efi";
  /** In the order of the guest. */
  interfaces: NetworkInterfaceState[];
  /** Whether it has a serial console. */
  serialConsole: boolean;
  /** Whether the qemu-guest-agent has its channel. */
  guestAgent: boolean;
}

/** The system disk of a VM. */
export interface SystemDiskState {
  /**
   * Its size: in the words of the program where it gives one, and otherwise as it was observed, that of the image say.
   * @example "20GiB"
   */
  size: string | number;
  /** Its bus. */
  bus: "virtio" | "scsi" | "sata" | "usb" | "ide";
}

/** What a VM was made of: one of `nodePath`, `path` and `vm`. */
export interface VmSourceState {
  /** The file on the nodes. */
  nodePath: string | undefined;
  /** The file on the machine that ran Pulumi. */
  path: string | undefined;
  /** What the file is, where that was said. */
  format: ImageFormat | undefined;
  /** The VM that it was cloned of. */
  vm: string | undefined;
  /** The snapshot of that VM. */
  snapshot: string | undefined;
  /** Whether a clone stands alone, or shares its disks. */
  mode: "copy" | "linked" | undefined;
  /** Whether the snapshots of that VM went over. */
  snapshots: boolean | undefined;
  /** What of the other VM did not go over. */
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
  /** What the file is, where that was said. */
  format: ImageFormat | undefined;
  /** The RBD image of another disk. */
  image: string | undefined;
}

/** How a VM is changed beside those that it is kept apart from. */
export interface RollingState {
  /** Whether it may be stopped while one of them does not run. */
  outage: "refused" | "allowed" | undefined;
  /** Seconds from its start until its guest does its work. */
  readyAfter: number | undefined;
}

/** Settings of a VM's primitive that have no input of their own. */
export interface PacemakerState {
  /** Meta attributes. */
  meta: Record<string, string>;
  /** Parameters of the resource agent. */
  params: Record<string, string>;
  /** What it takes of a node's capacity. */
  utilization: Record<string, string>;
}

/** How long Pacemaker may take for what it is told, in seconds. */
export interface TimeoutsState {
  create: number;
  update: number;
  delete: number;
}

/** An operation of a guest resource. */
export interface OperationState {
  /** Seconds. */
  timeout: number | undefined;
  /** Seconds between two. */
  interval: number | undefined;
  /** What follows when it fails. */
  onFail: "ignore" | "block" | "stop" | "restart" | "standby" | "fence" | "restart-container" | "demote" | undefined;
}
