/** The inputs of `seapath.Vm` as a program writes them. */
import type { Input } from "@pulumi/pulumi";
import type { VmInput } from "./named";

/**
 * The format of an image file. `raw` and `qcow2` are detected; the others must be given. Those must be self-contained:
 * a file that has a backing file, or keeps its data in other files, is rejected, because whoever made it could name any
 * file on the node.
 */
export type ImageFormat = "raw" | "qcow2" | "vmdk" | "vdi" | "vhd" | "vhdx";

/** A file on a node of the cluster. If all nodes have it, it does not matter which one is used. */
export interface NodeImage {
  /** An absolute path, e.g. `/var/lib/seapath/images/debian.qcow2`. */
  nodePath: Input<string>;
  /**
   * The file's format. `"raw"` takes the file as it is, whatever its first bytes.
   * @default raw or qcow2, detected from the file's first bytes
   */
  format?: Input<ImageFormat>;
}

/**
 * A file on the machine that runs Pulumi. It is sent by SFTP, verified by SHA-256, and not sent again if already there.
 */
export interface LocalImage {
  /** A path, relative to the folder of the Pulumi program. */
  path: Input<string>;
  /**
   * The file's format. `"raw"` takes the file as it is, whatever its first bytes.
   * @default raw or qcow2, detected from the file's first bytes
   */
  format?: Input<ImageFormat>;
}

/**
 * Another VM with all its disks, as with vm-mgr's `clone`. The new VM gets its own name, UUID and MACs. Anything its
 * inputs leave out it takes from the other VM: domain, placement, settings, metadata and Pacemaker's settings. Maps are
 * merged; the program's keys win. This is looked up once, when the clone is created. crm commands and the guest node
 * are not copied.
 */
export interface VmImage {
  /** The other VM, or its name. */
  vm: VmInput;
  /**
   * A snapshot that every disk of the other VM has. Without it, the disks are copied as they are when the clone is
   * created.
   */
  snapshot?: Input<string>;
  /**
   * `"copy"` makes independent disks. `"linked"` shares the data that neither VM has written since; it takes no time
   * and no space, but the other VM cannot be deleted meanwhile. A change to `"copy"` copies the shared data while the
   * VM runs.
   * @default "copy"
   */
  mode?: Input<"copy" | "linked">;
  /**
   * Whether to copy the other VM's snapshots too, as vm-mgr's clone does: on every disk, with the same names and the
   * same protection; with `snapshot`, those up to that one. Rejected with `mode: "linked"`. The copy is as large as all
   * of them together. No program owns them, and Ceph dates them by the copy. Only read when the clone is created.
   * @default false
   */
  snapshots?: Input<boolean>;
  /**
   * What not to copy; `placement` is vm-mgr's `--clear_constraint`, `pacemaker.…` its `--clear-pacemaker-…`.
   * @default []
   */
  clear?: Input<
    Input<"placement" | "settings" | "metadata" | "pacemaker.meta" | "pacemaker.params" | "pacemaker.utilization">[]
  >;
}

/** The system disk: the RBD image `system_<name>`. */
export interface SystemDisk {
  /**
   * Bytes, or a string such as `"20GiB"` (`G` means the same; `GB` is 10⁹ bytes). The disk grows in place and never
   * shrinks.
   * @default the size of the source
   */
  size?: Input<string | number>;
  /** The bus of the system disk; vm-mgr's `--disk-bus`. A `Disk` has its own. @default "virtio" */
  bus?: Input<"virtio" | "scsi" | "sata" | "usb" | "ide">;
}

/** A network interface on a bridge of the hypervisors. */
export interface NetworkInterface {
  /** The bridge; every hypervisor that may run the VM must have it. */
  bridge: Input<string>;
  /** @default derived from the VM's name and the interface's index, always the same */
  mac?: Input<string>;
  /** The emulated card. @default "virtio" */
  model?: Input<string>;
  /** `"openvswitch"` for an Open vSwitch port; omit for a Linux bridge. */
  virtualport?: Input<"openvswitch">;
  /** The VLAN tag, 1 to 4094; requires `virtualport: "openvswitch"`. */
  vlan?: Input<number>;
}

/** A libvirt domain in the terms that most VMs need. For anything else, use `xml`. */
export interface DomainArgs {
  /** MiB. */
  memory: Input<number>;
  /** @default 1 */
  vcpus?: Input<number>;
  /** QEMU's machine type. @default "q35" */
  machine?: Input<string>;
  /** @default "efi" */
  firmware?: Input<"bios" | "efi">;
  /** `qemu` emulates the processor, for hosts without hardware virtualization. @default "kvm" */
  type?: Input<"kvm" | "qemu">;
  /** @default [] */
  interfaces?: Input<Input<NetworkInterface>[]>;
  /** A serial console, as `virsh console` requires. @default true */
  serialConsole?: Input<boolean>;
  /**
   * The channel that the qemu-guest-agent in the guest needs (`org.qemu.guest_agent.0`). With it, a `Snapshot` can
   * freeze the guest's file systems (`quiesce`). The image must provide the agent itself. A change takes effect at the
   * guest's next start.
   * @default false
   */
  guestAgent?: Input<boolean>;
}

/** Settings of the Pacemaker primitive without an input of their own. */
export interface PacemakerArgs {
  /** Meta attributes, e.g. `{ "migration-threshold": "3" }`. @default {} */
  meta?: Input<Record<string, Input<string>>>;
  /** Parameters of `ocf:seapath:VirtualDomain`. @default {} */
  params?: Input<Record<string, Input<string>>>;
  /** What the VM uses of a node's capacity, e.g. `{ cpu: "2" }`. @default {} */
  utilization?: Input<Record<string, Input<string>>>;
}

/**
 * How to update a VM that a strong `Colocation` with `apart: true`, or any constraint of -INFINITY, keeps apart from
 * others. An update stops only one of them at a time, and the next once the previous one is running and ready again.
 *
 * @example
 * { readyAfter: 60 } // its service is up a minute after the VM
 */
export interface RollingArgs {
  /**
   * Whether the VM may be stopped while a VM it is kept apart from is not running, or at the same time as that one.
   * `"refused"` is an error before anything changes, in the preview if already known there. To allow it for a single
   * run, set `SEAPATH_OUTAGE=allowed` in the environment.
   * @default "refused"
   */
  outage?: Input<"refused" | "allowed">;
  /**
   * Seconds from the VM's start until its guest does its work. Only needed for what Pacemaker cannot see: guest nodes
   * and the services inside them are waited for automatically.
   * @default 0
   */
  readyAfter?: Input<number>;
}

/** How long Pacemaker's operations may take, in seconds. The import of an image does not count. */
export interface TimeoutArgs {
  /** @default 300 */
  create?: Input<number>;
  /** @default 300 */
  update?: Input<number>;
  /** @default 300 */
  delete?: Input<number>;
}

/** Inputs that every resource has. */
export interface CommonArgs {
  /**
   * The cluster, one of the configuration's `seapath:clusters`. A change replaces the resource on the other cluster.
   * @default the cluster of `seapath:hosts`
   */
  cluster?: Input<string>;
  timeouts?: Input<TimeoutArgs>;
}

/**
 * The inputs of a VM. Exactly one of `domain` and `xml` is required; a clone may omit both and takes its source's.
 *
 * @example
 * {
 *   source: { nodePath: "/var/lib/seapath/images/debian.qcow2" },
 *   domain: { memory: 2048, vcpus: 2, interfaces: [{ bridge: "br0" }] },
 *   preferredHost: "node1",
 * }
 */
export interface VmArgs extends CommonArgs {
  /** The name on the cluster: letters and digits. A change replaces the VM and its disks. @default the logical name */
  name?: Input<string>;
  /**
   * The image to create the system disk from, or another VM to clone with all its disks. Used once. A change replaces
   * the VM and its disks. Only an adopted VM needs none.
   */
  source?: Input<NodeImage | LocalImage | VmImage>;
  /**
   * Takes over an existing VM of this name, created with `vm-mgr` or with `crm` and `rbd`: what matches stays, the rest
   * is changed in place. If there is none, the VM is created from `source`. Without `adopt`, an existing VM is an
   * error.
   * @default false
   */
  adopt?: Input<boolean>;
  systemDisk?: Input<SystemDisk>;
  /** The libvirt domain, typed. A change takes effect at the guest's next start. */
  domain?: Input<DomainArgs>;
  /** The libvirt domain as vm-mgr takes it: the provider fills in name, UUID and disks. */
  xml?: Input<string>;
  /** Whether Pacemaker manages the VM; vm-mgr's `enable` and `disable`. The disks stay either way. @default true */
  enabled?: Input<boolean>;
  /** Whether the VM should run; vm-mgr's `start` and `stop`. @default true */
  started?: Input<boolean>;
  /**
   * Whether to stop and start a running guest when a change takes effect only on a restart: a change of the domain or
   * of the bus of its disks. `"never"` stores the change and sets the output `restartRequired` until the VM is
   * restarted. `"whenRequired"` restarts it during the update; the preview says so. A guest that reboots itself stays
   * in the same QEMU process and keeps the old domain.
   * @default "never"
   */
  restart?: Input<"never" | "whenRequired">;
  rolling?: Input<RollingArgs>;
  /** The only node that may run the VM: if it is down, so is the VM. Not together with `preferredHost`. */
  pinnedHost?: Input<string>;
  /** The node that runs the VM whenever it can. */
  preferredHost?: Input<string>;
  /** Whether the VM moves between nodes without stopping; Pacemaker's `allow-migrate`. @default false */
  liveMigration?: Input<boolean>;
  /**
   * The user on the nodes that libvirt migrates as.
   * @default the user the nodes can log in to each other as, root before libvirtadmin; "root" if there is none, or
   * without `liveMigration`
   */
  migrationUser?: Input<string>;
  /** How long a live migration may halt the guest, in milliseconds; 0 leaves it to libvirt. @default 0 */
  migrationDowntime?: Input<number>;
  /** Seconds that a live migration may take. @default 120 */
  migrateToTimeout?: Input<number>;
  /** Seconds that the guest may take to shut down before it is killed. @default 30 */
  stopTimeout?: Input<number>;
  /** Pacemaker's priority: if not all VMs can run, those with higher values do. @default 0 */
  priority?: Input<number>;
  /**
   * Metadata, as set by vm-mgr's `set_metadata`; keys of letters and digits. Ceph stores the values in clear text, even
   * Pulumi secrets.
   * @default {}
   */
  metadata?: Input<Record<string, Input<string>>>;
  pacemaker?: Input<PacemakerArgs>;
  /** `crm configure` commands, one per entry, applied together with the VM. @default [] */
  crmConfigCommands?: Input<Input<string>[]>;
}
