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
 * A virtual machine on a SEAPATH cluster: an RBD group with its disks, a libvirt domain and a Pacemaker primitive. It
 * is a VM to `vm-mgr` as well.
 *
 * Where the cluster is comes from the stack's configuration (`seapath:hosts`, `seapath:privateKeyFile`, …) or the
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
  /** The type of this kind in a state, for policies. */
  static readonly __pulumiType = typeOf("Vm");

  /** Its name on the cluster. */
  declare readonly name: pulumi.Output<string>;
  /** What it was made of; undefined for one that was adopted without. */
  declare readonly source: OptionalOutput<VmSourceState>;
  /** Whether one that is there may be taken over. */
  declare readonly adopt: pulumi.Output<boolean>;
  /** Its system disk, with the size that it has. */
  declare readonly systemDisk: pulumi.Output<SystemDiskState>;
  /** The libvirt domain, typed: `web.domain.memory`. Undefined for one that is given as `xml`. */
  declare readonly domain: OptionalOutput<DomainState>;
  /** The libvirt domain as XML; beside `domain` only while the cluster has more than that can say. */
  declare readonly xml: pulumi.Output<string | undefined>;
  /** Whether Pacemaker has it. */
  declare readonly enabled: pulumi.Output<boolean>;
  /** Whether it is meant to run. */
  declare readonly started: pulumi.Output<boolean>;
  /** Whether an update restarts its guest where only that brings a change. */
  declare readonly restart: pulumi.Output<"never" | "whenRequired">;
  /** How it is changed beside VMs that it is kept apart from; undefined where nothing was said. */
  declare readonly rolling: OptionalOutput<RollingState>;
  /** The only node that may run it. */
  declare readonly pinnedHost: pulumi.Output<string | undefined>;
  /** The node that runs it whenever it can. */
  declare readonly preferredHost: pulumi.Output<string | undefined>;
  /** Whether it moves between nodes without a stop. */
  declare readonly liveMigration: pulumi.Output<boolean>;
  /** The user of the nodes as which libvirt migrates. */
  declare readonly migrationUser: pulumi.Output<string>;
  /** How long a live migration may halt the guest, in milliseconds; 0 leaves it to libvirt. */
  declare readonly migrationDowntime: pulumi.Output<number>;
  /** Seconds that a live migration may take. */
  declare readonly migrateToTimeout: pulumi.Output<number>;
  /** Seconds that the guest may take to shut down. */
  declare readonly stopTimeout: pulumi.Output<number>;
  /** Pacemaker's priority. */
  declare readonly priority: pulumi.Output<number>;
  /** The metadata that are this program's. */
  declare readonly metadata: pulumi.Output<Record<string, string>>;
  /** Settings of the primitive that have no input of their own. */
  declare readonly pacemaker: pulumi.Output<PacemakerState>;
  /** Words for `crm configure` that were put in with it. */
  declare readonly crmConfigCommands: pulumi.Output<string[]>;
  /** The project and the stack that have the VM, as its metadata name them. */
  declare readonly owner: pulumi.Output<string>;
  /** The uuid of the libvirt domain. */
  declare readonly uuid: pulumi.Output<string>;
  /** The node on which it ran when it was last looked at; empty while it runs nowhere. */
  declare readonly node: pulumi.Output<string>;
  /** Its state in vm-mgr's words, when it was last looked at: `Started`, `Stopped (disabled)`, `Disabled`, `FAILED`, … */
  declare readonly status: pulumi.Output<string>;

  /**
   * Whether the guest that runs is another than the one that is stored: it was not stopped and started since its domain
   * was changed. Who restarts it does not matter; the next read sees it.
   */
  declare readonly restartRequired: pulumi.Output<boolean>;

  /** Whether a value is a VM, also when another copy of this package made it. */
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

/** Every key is named, so that each becomes an output of the resource. */
const inputs = (name: string, args: VmArgs) => ({
  ...NONE,
  ...args,
  source: withVmName(args.source),
  name: args.name ?? name,
  // The engine tells the provider no name: by this one that is made anew is told from one that another resource takes over.
  __resource: name,
  // By this a later run knows a VM that it made and could not record, and others know whose it is.
  owner: `${pulumi.getProject()}/${pulumi.getStack()}`,
});
