/** What a VM is on a SEAPATH cluster, free of where it is written down. */
import type { ImageFormat } from "../../cluster";
import { settingDefaults, type SettingValues } from "./settings";

/** A source that is a file. `sentFrom`, which nobody gives: the file of this machine that the node's is a copy of. */
export type FileSource =
  { nodePath: string; format?: ImageFormat; sentFrom?: string } | { path: string; format?: ImageFormat };

/** A network interface on a bridge of the hypervisors. */
export interface Interface {
  /** The bridge, which every hypervisor that may run the VM has. */
  bridge: string;
  /** `52:54:00:…` */
  mac: string;
  /** The emulated card. */
  model: string;
  /** An Open vSwitch port, as SEAPATH's bridges are; with VLANs it has to be. */
  virtualport?: "openvswitch";
  /** The VLAN tag of the port, 1 to 4094. */
  vlan?: number;
}

/** A libvirt domain, in the terms that most VMs need; others give their XML. */
export interface Domain {
  /** `kvm`, or `qemu` where there is no hardware virtualization. */
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

/** Where the disks come from: a file on the node, one on this machine, which is sent there, or another VM. */
export type Source = FileSource | CloneSource;

/** Another VM, every disk of it. */
export interface CloneSource {
  vm: string;
  /** As its disks were at this snapshot, which every one of them has; absent: as they are now. */
  snapshot?: string;
  /** Whether the disks are copied, or share with those of the other VM what neither has written since. */
  mode: "copy" | "linked";
  /** Whether its snapshots come along; only with a copy. @default false */
  snapshots?: boolean;
}

/** Pacemaker settings beside those that have a property of their own. */
export interface PacemakerSettings {
  meta: Record<string, string>;
  params: Record<string, string>;
  utilization: Record<string, string>;
}

/** What can be asked of a VM and observed of it alike. */
export interface VmSettings extends SettingValues {
  name: string;
  /** The program that makes it, makes it its own or made it: project and stack. A run that lost track of it knows it by this. */
  owner?: string;
  /** Whose it was by the state, where stack, project or resource were renamed since. */
  formerOwner?: string;
  diskBus: string;
  enabled: boolean;
  pinnedHost?: string;
  preferredHost?: string;
  metadata: Record<string, string>;
  pacemaker: PacemakerSettings;
  crmConfigCommands: string[];
}

/** All that is asked of a VM. Every default is explicit. */
export interface VmSpec extends VmSettings {
  /** Absent for a VM that is adopted: it has its disk. */
  source?: Source;
  /** Takes over a VM that is there already. */
  adopt?: boolean;
  /** Bytes; absent: as large as the source. */
  systemSize?: number;
  /** Exactly one of the two. */
  xml?: string;
  domain?: Domain;
  started: boolean;
  /** Whether a running guest is stopped and started when its domain has changed. @default "never" */
  restart?: Restart;
}

/** When a running guest is restarted for a change that only a restart brings it. */
export type Restart = "never" | "whenRequired";

/** vm-mgr's own values where nothing is said. */
export const DEFAULTS = { ...settingDefaults, diskBus: "virtio" } as const;

/** vm-mgr's words for the state of a VM. */
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

/** A VM as it was found on a cluster. What nobody can observe (the source) is not in it. */
export interface ObservedVm extends VmSettings {
  uuid: string;
  status: VmStatus;
  /** Where it runs now. */
  node?: string;
  /** Bytes. */
  systemSize: number;
  /** The domain without name, uuid and the VM's own disks, as canonical text. */
  baseXml: string;
  /** The typed view of the same. */
  domain: Domain;
  /** What Pacemaker is to do with it; nobody says while it is not enabled. */
  started?: boolean;
  /** The guest that runs has not seen the domain that is stored: it will when it is stopped and started. */
  restartRequired: boolean;
  /** The VM whose disks it shares, as a linked clone. */
  linkedTo?: Parent;
  /** A create of ours that did not end: how far it came. */
  unfinished?: CreatePhase;
}

/** The snapshot of another VM that a clone needs. */
export interface Parent {
  vm: string;
  snapshot: string;
  /** It was taken for the clone, and goes with it. */
  own: boolean;
}

/** How far an unfinished create came: the image is being written, or it is whole and the rest is not. */
export type CreatePhase = "importing" | "imported";
