import * as pulumi from "@pulumi/pulumi";
import { isOfKind, SeapathResource, typeOf } from "./resource";
import { vmStub } from "./stub";
import type { ImageFormat, VmArgs } from "./types";

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

  declare readonly name: pulumi.Output<string>;
  declare readonly source: pulumi.Output<{ nodePath?: string; path?: string; format?: ImageFormat; vm?: string; snapshot?: string; mode?: "copy" | "linked" } | undefined>;
  declare readonly adopt: pulumi.Output<boolean>;
  declare readonly systemDisk: pulumi.Output<{ size?: string | number; bus: string }>;
  declare readonly domain: pulumi.Output<Record<string, unknown> | undefined>;
  declare readonly xml: pulumi.Output<string | undefined>;
  declare readonly enabled: pulumi.Output<boolean>;
  declare readonly started: pulumi.Output<boolean>;
  declare readonly restart: pulumi.Output<"never" | "whenRequired">;
  declare readonly rolling: pulumi.Output<{ outage?: "refused" | "allowed"; readyAfter?: number } | undefined>;
  declare readonly pinnedHost: pulumi.Output<string | undefined>;
  declare readonly preferredHost: pulumi.Output<string | undefined>;
  declare readonly liveMigration: pulumi.Output<boolean>;
  declare readonly migrationUser: pulumi.Output<string>;
  declare readonly migrationDowntime: pulumi.Output<number>;
  declare readonly migrateToTimeout: pulumi.Output<number>;
  declare readonly stopTimeout: pulumi.Output<number>;
  declare readonly priority: pulumi.Output<number>;
  declare readonly metadata: pulumi.Output<Record<string, string>>;
  declare readonly pacemaker: pulumi.Output<Record<"meta" | "params" | "utilization", Record<string, string>>>;
  declare readonly crmConfigCommands: pulumi.Output<string[]>;
  declare readonly timeouts: pulumi.Output<Record<"create" | "update" | "delete", number>>;
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
    super("Vm", vmStub, name, { ...inputs(name, args), ...outputs }, options);
  }
}

const NONE = {
  source: undefined, adopt: undefined, xml: undefined, domain: undefined, systemDisk: undefined, enabled: undefined, started: undefined,
  restart: undefined, rolling: undefined, pinnedHost: undefined, preferredHost: undefined, liveMigration: undefined, migrationUser: undefined,
  migrationDowntime: undefined, migrateToTimeout: undefined, stopTimeout: undefined, priority: undefined,
  metadata: undefined, pacemaker: undefined, crmConfigCommands: undefined,
};

/** Every key is named, so that each becomes an output of the resource. */
const inputs = (name: string, args: VmArgs) => ({
  ...NONE,
  ...args,
  name: args.name ?? name,
  // By this a later run knows a VM that it made and could not record, and others know whose it is.
  owner: `${pulumi.getProject()}/${pulumi.getStack()}`,
});
