import * as pulumi from "@pulumi/pulumi";
import { withVmName } from "./named";
import type {
  DomainState,
  OptionalOutput,
  PacemakerState,
  RollingState,
  SystemDiskState,
  VmSourceState,
} from "./outputs";
import { isOfKind, SeapathResource, typeOf } from "./resource";
import type { VmArgs } from "./types";

/**
 * A virtual machine on a SEAPATH cluster: an RBD group with its disks, a libvirt domain and a Pacemaker primitive.
 * `vm-mgr` sees it as one of its own VMs.
 *
 * The cluster's address comes from the stack's configuration (`seapath:hosts`, `seapath:privateKeyFile`, …) or the
 * environment (`SEAPATH_HOSTS`, …), never from an input.
 *
 * @example
 * const web = new seapath.Vm("web01", {
 *   source: { nodePath: "/var/lib/seapath/images/debian.qcow2" },
 *   systemDisk: { size: "20GiB" },
 *   domain: { memory: 2048, vcpus: 2, interfaces: [{ bridge: "br0" }] },
 *   liveMigration: true,
 * });
 * export const runsOn = web.node;
 */
export class Vm extends SeapathResource {
  /** The type token of this resource in a state, for policies. */
  static readonly __pulumiType = typeOf("Vm");

  /** The VM's name on the cluster. */
  declare readonly name: pulumi.Output<string>;
  /** What the VM was created from; undefined if it was adopted without a source. */
  declare readonly source: OptionalOutput<VmSourceState>;
  /** Whether an existing VM may be taken over. */
  declare readonly adopt: pulumi.Output<boolean>;
  /** The system disk, with its actual size. */
  declare readonly systemDisk: pulumi.Output<SystemDiskState>;
  /** The libvirt domain, typed: `web.domain.memory`. Undefined if the VM is given as `xml`. */
  declare readonly domain: OptionalOutput<DomainState>;
  /** The libvirt domain as XML; set beside `domain` only while the cluster has more than `domain` can express. */
  declare readonly xml: pulumi.Output<string | undefined>;
  /** Whether Pacemaker manages the VM. */
  declare readonly enabled: pulumi.Output<boolean>;
  /** Whether the VM should run. */
  declare readonly started: pulumi.Output<boolean>;
  /** Whether an update restarts the guest if a change takes effect only on a restart. */
  declare readonly restart: pulumi.Output<"never" | "whenRequired">;
  /** How the VM is updated relative to the VMs it is kept apart from; undefined if not given. */
  declare readonly rolling: OptionalOutput<RollingState>;
  /** The only node that may run the VM. */
  declare readonly pinnedHost: pulumi.Output<string | undefined>;
  /** The node that runs the VM whenever it can. */
  declare readonly preferredHost: pulumi.Output<string | undefined>;
  /** Whether the VM moves between nodes without stopping. */
  declare readonly liveMigration: pulumi.Output<boolean>;
  /** The user on the nodes that libvirt migrates as. */
  declare readonly migrationUser: pulumi.Output<string>;
  /** How long a live migration may halt the guest, in milliseconds; 0 leaves it to libvirt. */
  declare readonly migrationDowntime: pulumi.Output<number>;
  /** Seconds that a live migration may take. */
  declare readonly migrateToTimeout: pulumi.Output<number>;
  /** Seconds that the guest may take to shut down. */
  declare readonly stopTimeout: pulumi.Output<number>;
  /** Pacemaker's priority. */
  declare readonly priority: pulumi.Output<number>;
  /** The metadata that this program manages. */
  declare readonly metadata: pulumi.Output<Record<string, string>>;
  /** Settings of the primitive without an input of their own. */
  declare readonly pacemaker: pulumi.Output<PacemakerState>;
  /** `crm configure` commands that were applied together with the VM. */
  declare readonly crmConfigCommands: pulumi.Output<string[]>;
  /** The project and stack that own the VM, as recorded in its metadata. */
  declare readonly owner: pulumi.Output<string>;
  /** The UUID of the libvirt domain. */
  declare readonly uuid: pulumi.Output<string>;
  /** The node the VM ran on at the last read; empty if it is not running. */
  declare readonly node: pulumi.Output<string>;
  /** The VM's state at the last read, in vm-mgr's words: `Started`, `Stopped (disabled)`, `Disabled`, `FAILED`, … */
  declare readonly status: pulumi.Output<string>;

  /**
   * Whether the running guest differs from the stored domain because it has not been stopped and started since the
   * domain changed. It does not matter who restarts it; the next read sees it.
   */
  declare readonly restartRequired: pulumi.Output<boolean>;

  /** Whether a value is a VM, even if another copy of this package created it. */
  static override isInstance(value: unknown): value is Vm {
    return isOfKind(value, Vm.__pulumiType);
  }

  constructor(name: string, args: VmArgs, options?: pulumi.CustomResourceOptions) {
    const outputs = { uuid: undefined, node: undefined, status: undefined, restartRequired: undefined };
    super("Vm", name, { ...inputs(name, args), ...outputs }, options);
  }
}

const NONE = {
  source: undefined,
  adopt: undefined,
  xml: undefined,
  domain: undefined,
  systemDisk: undefined,
  enabled: undefined,
  started: undefined,
  restart: undefined,
  rolling: undefined,
  pinnedHost: undefined,
  preferredHost: undefined,
  liveMigration: undefined,
  migrationUser: undefined,
  migrationDowntime: undefined,
  migrateToTimeout: undefined,
  stopTimeout: undefined,
  priority: undefined,
  metadata: undefined,
  pacemaker: undefined,
  crmConfigCommands: undefined,
};

/** Name every key, so that each becomes an output of the resource. */
const inputs = (name: string, args: VmArgs) => ({
  ...NONE,
  ...args,
  source: withVmName(args.source),
  name: args.name ?? name,
  // The engine does not pass the resource name to the provider. This key tells a replacement from a VM that another
  // resource takes over.
  __resource: name,
  // Lets a later run recognize a VM that it created but could not record, and lets others see its owner.
  owner: `${pulumi.getProject()}/${pulumi.getStack()}`,
});
