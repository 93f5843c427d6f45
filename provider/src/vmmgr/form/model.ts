/** The model of a VM on a SEAPATH cluster, independent of where it is stored. */
import type { ImageFormat } from "../../cluster";
import { settingDefaults, type SettingValues } from "./settings";

/** A file as source. `sentFrom`, never set by the user, is the local file that the node's file is a copy of. */
export type FileSource =
  { nodePath: string; format?: ImageFormat; sentFrom?: string } | { path: string; format?: ImageFormat };

/** A network interface on a bridge of the hypervisors. */
export interface Interface {
  /** The bridge; every hypervisor that may run the VM has it. */
  bridge: string;
  /** `52:54:00:…` */
  mac: string;
  /** The emulated card. */
  model: string;
  /** An Open vSwitch port, as on SEAPATH's bridges; required with VLANs. */
  virtualport?: "openvswitch";
  /** The VLAN tag of the port, 1 to 4094. */
  vlan?: number;
}

/** A libvirt domain in the settings that most VMs need; for others the user gives XML. */
export interface Domain {
  /** `kvm`, or `qemu` without hardware virtualization. */
  type: "kvm" | "qemu";
  /** MiB. */
  memory: number;
  vcpus: number;
  /** QEMU's machine type, e.g. `q35`. */
  machine: string;
  firmware: "bios" | "efi";
  interfaces: Interface[];
  /** A serial console, for `virsh console`. */
  serialConsole: boolean;
  /** The channel that QEMU's guest agent listens on. */
  guestAgent: boolean;
}

/** The source of the disks: a file on the node, a local file, which is uploaded, or another VM. */
export type Source = FileSource | CloneSource;

/** Another VM, with all its disks. */
export interface CloneSource {
  vm: string;
  /** Its disks at this snapshot, which every one of them has; absent: as they are now. */
  snapshot?: string;
  /** Whether the disks are copied, or share unmodified data with those of the other VM. */
  mode: "copy" | "linked";
  /** Whether its snapshots come along; only with a copy. @default false */
  snapshots?: boolean;
}

/** Pacemaker settings besides those with their own property. */
export interface PacemakerSettings {
  meta: Record<string, string>;
  params: Record<string, string>;
  utilization: Record<string, string>;
}

/** The settings of a VM that can be both specified and observed. */
export interface VmSettings extends SettingValues {
  name: string;
  /** The project and stack that own it. A run that lost track of it recognizes it by this. */
  owner?: string;
  /** Its owner in the state, if the stack, project or resource has been renamed since. */
  formerOwner?: string;
  diskBus: string;
  enabled: boolean;
  pinnedHost?: string;
  preferredHost?: string;
  metadata: Record<string, string>;
  pacemaker: PacemakerSettings;
  crmConfigCommands: string[];
}

/** The full spec of a VM. Every default is explicit. */
export interface VmSpec extends VmSettings {
  /** Absent for an adopted VM: it has its disk. */
  source?: Source;
  /** Adopts an existing VM. */
  adopt?: boolean;
  /** Bytes; absent: the size of the source. */
  systemSize?: number;
  /** Exactly one of the two. */
  xml?: string;
  domain?: Domain;
  started: boolean;
  /** Whether to stop and start a running guest when its domain has changed. @default "never" */
  restart?: Restart;
}

/** When to restart a running guest for a change that only takes effect with a restart. */
export type Restart = "never" | "whenRequired";

/** vm-mgr's default values. */
export const DEFAULTS = { ...settingDefaults, diskBus: "virtio" } as const;

/** vm-mgr's names for the states of a VM. */
export type VmStatus =
  | "Undefined"
  | "Disabled"
  | "Starting"
  | "Started"
  | "Stopped"
  | "Stopped (disabled)"
  | "Stopping"
  | "Migrating"
  | "FAILED";

/** A VM as found on a cluster, without what cannot be observed (the source). */
export interface ObservedVm extends VmSettings {
  uuid: string;
  status: VmStatus;
  /** The node it runs on now. */
  node?: string;
  /** Bytes. */
  systemSize: number;
  /** The domain without name, uuid and the VM's own disks, as canonical text. */
  baseXml: string;
  /** The same as typed settings. */
  domain: Domain;
  /** Whether Pacemaker should run it; undefined while it is not enabled. */
  started?: boolean;
  /** The running guest has not seen the stored domain; it will after a stop and start. */
  restartRequired: boolean;
  /** The VM whose disks it shares, as a linked clone. */
  linkedTo?: Parent;
  /** The phase of one of our creates that did not end. */
  unfinished?: CreatePhase;
}

/** The snapshot of another VM that a clone needs. */
export interface Parent {
  vm: string;
  snapshot: string;
  /** It was taken for the clone and is removed with it. */
  own: boolean;
}

/** The phase of an unfinished create: the image is being written, or is complete while the rest is not. */
export type CreatePhase = "importing" | "imported";
