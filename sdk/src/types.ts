/** The inputs of `seapath.Vm`, as a program gives them. */
import type { Input } from "@pulumi/pulumi";
import type { VmInput } from "./named";

/**
 * What an image file is. `raw` and `qcow2` are known by themselves; the others have to be said, and have to be whole: one that
 * is based on another file, or has its data in others, is refused, since whoever made it could name any file of the node.
 */
export type ImageFormat = "raw" | "qcow2" | "vmdk" | "vdi" | "vhd" | "vhdx";

/** A file on a node of the cluster. Which node it is does not matter where all nodes have it. */
export interface NodeImage {
  /** An absolute path, e.g. `/var/lib/seapath/images/debian.qcow2`. */
  nodePath: Input<string>;
  /** What the file is. `"raw"` takes it as it is, whatever it begins with. @default raw or qcow2, by the file's first bytes */
  format?: Input<ImageFormat>;
}

/** A file on the machine that runs Pulumi; sent by SFTP, verified by its SHA-256, and not sent again when it is there. */
export interface LocalImage {
  /** A path, relative to the folder of the Pulumi program. */
  path: Input<string>;
  /** What the file is. `"raw"` takes it as it is, whatever it begins with. @default raw or qcow2, by the file's first bytes */
  format?: Input<ImageFormat>;
}

/**
 * Another VM, every disk of it: what vm-mgr's `clone` does. The new VM has a name, a uuid and MACs of its own. Where its
 * inputs say nothing it has what the other VM has: domain, placement, settings, metadata and Pacemaker's settings (maps
 * are put together, the program's keys win). That is looked up once, when the clone is made. Its crm commands and its
 * place as a guest node do not go over.
 */
export interface VmImage {
  /** The other VM, or its name. */
  vm: VmInput;
  /** A snapshot that every disk of the other VM has. Without it the disks are copied as they are when the clone is made. */
  snapshot?: Input<string>;
  /**
   * `"copy"` makes disks that stand alone. `"linked"` shares what neither VM has written since, takes no time and no room,
   * and the other VM cannot be deleted while it does. A change to `"copy"` copies what is shared, while the VM runs.
   * @default "copy"
   */
  mode?: Input<"copy" | "linked">;
  /**
   * Whether the snapshots of the other VM come along, as vm-mgr's clone brings them: on every disk, under the same names, as they
   * are protected there; with `snapshot` those up to that one. Not with `mode: "linked"`, which is refused. The copy is as large as
   * all of them. They belong to no program, and Ceph dates them by the copy. It counts when the clone is made.
   * @default false
   */
  snapshots?: Input<boolean>;
  /** What does not go over; vm-mgr's `--clear_constraint` is `placement`, its `--clear-pacemaker-…` are `pacemaker.…`. @default [] */
  clear?: Input<
    Input<"placement" | "settings" | "metadata" | "pacemaker.meta" | "pacemaker.params" | "pacemaker.utilization">[]
  >;
}

/** The system disk: the RBD image `system_<name>`. */
export interface SystemDisk {
  /**
   * Bytes, or a text such as `"20GiB"` (`G` means the same, `GB` is a billion bytes). It is grown in place and never
   * made smaller.
   * @default the size of the source
   */
  size?: Input<string | number>;
  /** The bus of the system disk; vm-mgr's `--disk-bus`. A `Disk` has its own. @default "virtio" */
  bus?: Input<"virtio" | "scsi" | "sata" | "usb" | "ide">;
}

/** A network interface on a bridge of the hypervisors. */
export interface NetworkInterface {
  /** The bridge; each hypervisor that may run the VM has to have it. */
  bridge: Input<string>;
  /** @default made of the VM's name and the interface's index, always the same */
  mac?: Input<string>;
  /** The emulated card. @default "virtio" */
  model?: Input<string>;
  /** `"openvswitch"` for a port of Open vSwitch; left out for a Linux bridge. */
  virtualport?: Input<"openvswitch">;
  /** The VLAN tag, 1 to 4094; needs `virtualport: "openvswitch"`. */
  vlan?: Input<number>;
}

/** A libvirt domain in the terms that most VMs need. Whoever needs others gives `xml`. */
export interface DomainArgs {
  /** MiB. */
  memory: Input<number>;
  /** @default 1 */
  vcpus?: Input<number>;
  /** QEMU's machine type. @default "q35" */
  machine?: Input<string>;
  /** @default "efi" */
  firmware?: Input<"bios" | "efi">;
  /** `qemu` emulates the processor where there is no hardware virtualization. @default "kvm" */
  type?: Input<"kvm" | "qemu">;
  /** @default [] */
  interfaces?: Input<Input<NetworkInterface>[]>;
  /** A serial console, as `virsh console` needs it. @default true */
  serialConsole?: Input<boolean>;
  /**
   * The channel of the qemu-guest-agent, `org.qemu.guest_agent.0`, which the agent in the guest needs: with it a `Snapshot` can
   * freeze the guest's file systems (`quiesce`). The agent itself is the image's. A change takes effect at the guest's next start.
   * @default false
   */
  guestAgent?: Input<boolean>;
}

/** Settings of the Pacemaker primitive that have no input of their own. */
export interface PacemakerArgs {
  /** Meta attributes, e.g. `{ "migration-threshold": "3" }`. @default {} */
  meta?: Input<Record<string, Input<string>>>;
  /** Parameters of `ocf:seapath:VirtualDomain`. @default {} */
  params?: Input<Record<string, Input<string>>>;
  /** What the VM takes of a node's capacity, e.g. `{ cpu: "2" }`. @default {} */
  utilization?: Input<Record<string, Input<string>>>;
}

/**
 * How a VM is changed that a strong `Colocation` with `apart: true`, or any constraint of -INFINITY, keeps apart from others.
 * Of those a run stops one at a time, and the next when the one before runs and is ready again.
 *
 * @example
 * { readyAfter: 60 } // its service is up a minute after the VM
 */
export interface RollingArgs {
  /**
   * Whether the VM may be stopped while one that it is kept apart from does not run, and at the same time as that one.
   * `"refused"` is an error before anything is changed, in the preview where it is known. For one run the environment has
   * the same: `SEAPATH_OUTAGE=allowed`.
   * @default "refused"
   */
  outage?: Input<"refused" | "allowed">;
  /**
   * Seconds from its start until its guest does its work. It is for what Pacemaker cannot see: a guest node and the services
   * inside of it are waited for by themselves.
   * @default 0
   */
  readyAfter?: Input<number>;
}

/** How long Pacemaker may take for what it is told, in seconds. The import of an image is not counted. */
export interface TimeoutArgs {
  /** @default 300 */
  create?: Input<number>;
  /** @default 300 */
  update?: Input<number>;
  /** @default 300 */
  delete?: Input<number>;
}

/** What the inputs of every kind have. */
export interface CommonArgs {
  /**
   * The cluster, one of the configuration's `seapath:clusters`. A change makes the resource anew over there.
   * @default the cluster of `seapath:hosts`
   */
  cluster?: Input<string>;
  timeouts?: Input<TimeoutArgs>;
}

/**
 * The inputs of a VM. Exactly one of `domain` and `xml` is given; a clone may have neither, and has its source's.
 *
 * @example
 * {
 *   source: { nodePath: "/var/lib/seapath/images/debian.qcow2" },
 *   domain: { memory: 2048, vcpus: 2, interfaces: [{ bridge: "br0" }] },
 *   preferredHost: "node1",
 * }
 */
export interface VmArgs extends CommonArgs {
  /**
   * The name on the cluster, of letters and digits; a change replaces the VM and its disks.
   * @default the logical name
   */
  name?: Input<string>;
  /**
   * The image that the system disk is made of, once, or another VM, of which every disk is. A change replaces the VM and
   * its disks. Only a VM that is adopted needs none.
   */
  source?: Input<NodeImage | LocalImage | VmImage>;
  /**
   * Takes over the VM of this name that `vm-mgr`, or `crm` and `rbd`, have made: what agrees is left alone, the rest is
   * changed in place. Where there is none yet it is made of `source`. Without it an existing VM is refused.
   * @default false
   */
  adopt?: Input<boolean>;
  systemDisk?: Input<SystemDisk>;
  /** The libvirt domain, typed. A change takes effect at the next start of the guest. */
  domain?: Input<DomainArgs>;
  /** The libvirt domain as vm-mgr takes it: name, uuid and disks are put in. */
  xml?: Input<string>;
  /** Whether Pacemaker has the VM; vm-mgr's `enable` and `disable`. Its disks stay either way. @default true */
  enabled?: Input<boolean>;
  /** Whether it is to run; vm-mgr's `start` and `stop`. @default true */
  started?: Input<boolean>;
  /**
   * Whether a running guest is stopped and started when something has changed that only a restart brings it: the domain,
   * or the bus of its disks. `"never"` stores the change and says so by the output `restartRequired`, until somebody
   * restarts the VM; `"whenRequired"` restarts it in the update, which the preview announces. A guest that reboots by
   * itself stays in its QEMU, and keeps the old domain.
   * @default "never"
   */
  restart?: Input<"never" | "whenRequired">;
  rolling?: Input<RollingArgs>;
  /** The only node that may run the VM: when it is down, so is the VM. Not beside `preferredHost`. */
  pinnedHost?: Input<string>;
  /** The node that runs the VM whenever it can. */
  preferredHost?: Input<string>;
  /** Whether it moves between nodes without a stop; Pacemaker's `allow-migrate`. @default false */
  liveMigration?: Input<boolean>;
  /**
   * The user of the nodes as which libvirt migrates. @default whom the nodes let each other in as, root before libvirtadmin; where
   * that is nobody, or without `liveMigration`, "root"
   */
  migrationUser?: Input<string>;
  /** How long a live migration may halt the guest, in milliseconds; 0 leaves it to libvirt. @default 0 */
  migrationDowntime?: Input<number>;
  /** Seconds that a live migration may take. @default 120 */
  migrateToTimeout?: Input<number>;
  /** Seconds that the guest may take to shut down before it is ended. @default 30 */
  stopTimeout?: Input<number>;
  /** Pacemaker's priority: when not all VMs can run, the higher ones do. @default 0 */
  priority?: Input<number>;
  /** Metadata as of vm-mgr's `set_metadata`; keys of letters and digits. They lie in clear in Ceph, secrets of Pulumi's too. @default {} */
  metadata?: Input<Record<string, Input<string>>>;
  pacemaker?: Input<PacemakerArgs>;
  /** Words for `crm configure`, a command each, put in together with the VM. @default [] */
  crmConfigCommands?: Input<Input<string>[]>;
}
