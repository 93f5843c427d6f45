import * as pulumi from "@pulumi/pulumi";
import type { Input } from "@pulumi/pulumi";
import { nameOf, type GuestInput } from "./named";
import type { OperationState } from "./outputs";
import { isOfKind, SeapathResource, typeOf } from "./resource";
import type { CommonArgs } from "./types";

/** What Pacemaker does with a service, and how long it may take. */
export interface OperationArgs {
  /** Seconds. */
  timeout?: Input<number>;
  /** Seconds between two; for `monitor`. */
  interval?: Input<number>;
  /** What follows when it fails; Pacemaker's `on-fail`. @default Pacemaker's: `restart`, of a `stop` `block` or `fence` */
  onFail?: Input<"ignore" | "block" | "stop" | "restart" | "standby" | "fence" | "restart-container" | "demote">;
}

/**
 * The inputs of a guest resource.
 *
 * @example { guest: inside, agent: "ocf:heartbeat:podman", params: { image: "registry/app:3", run_opts: "-p 80:80" } }
 */
export interface GuestResourceArgs extends CommonArgs {
  /**
   * The id of the primitive: a letter first, then letters, digits, and `.` `_` `-`. A change makes another one.
   * @default the logical name
   */
  name?: Input<string>;
  /** The guest node that it runs in: a `RemoteGuest`, or its name, which is not the VM's. A change moves it: it is stopped and started. */
  guest: GuestInput;
  /**
   * The resource agent: `systemd:nginx`, `ocf:heartbeat:podman`, `lsb:ntp`, `service:cron`. It is the guest's own, and
   * has to be installed there. A change makes it anew.
   */
  agent: Input<string>;
  /** The agent's parameters. A change makes Pacemaker restart it in the guest. @default {} */
  params?: Input<Record<string, Input<string | number | boolean>>>;
  /** Meta attributes, e.g. `{ "migration-threshold": 3, "failure-timeout": "60s" }`. @default {} */
  meta?: Input<Record<string, Input<string | number | boolean>>>;
  /**
   * Its operations, by name.
   * @default { start: { timeout: 60 }, stop: { timeout: 60 }, monitor: { interval: 10, timeout: 20 } }
   */
  operations?: Input<Record<string, Input<OperationArgs>>>;
  /** Whether it is to run; Pacemaker's `target-role`. @default true */
  started?: Input<boolean>;
}

/**
 * A service or container inside of a VM that Pacemaker starts there, monitors, and starts again when it fails. It goes
 * where its VM goes.
 *
 * @example
 * const web = new seapath.GuestResource("web", { guest: inside, agent: "systemd:nginx", operations: { monitor: { interval: 5 } } });
 */
export class GuestResource extends SeapathResource {
  /** The type of this kind in a state, for policies. */
  static readonly __pulumiType = typeOf("GuestResource");

  /** The id of the primitive. */
  declare readonly name: pulumi.Output<string>;
  /** The guest node that it runs in. */
  declare readonly guest: pulumi.Output<string>;
  /** The resource agent. */
  declare readonly agent: pulumi.Output<string>;
  /** The agent's parameters. */
  declare readonly params: pulumi.Output<Record<string, string>>;
  /** Meta attributes. */
  declare readonly meta: pulumi.Output<Record<string, string>>;
  /** Its operations, by name: `service.operations.monitor`. */
  declare readonly operations: pulumi.Output<Record<string, OperationState>>;
  /** Whether it is to run. */
  declare readonly started: pulumi.Output<boolean>;
  /** The project and the stack that have it, as the primitive's description names them. */
  declare readonly owner: pulumi.Output<string>;
  /** Pacemaker's word for its state when it was last looked at: `Started`, `Stopped`, … */
  declare readonly status: pulumi.Output<string>;

  /** Whether a value is one, also when another copy of this package made it. */
  static override isInstance(value: unknown): value is GuestResource {
    return isOfKind(value, GuestResource.__pulumiType);
  }

  constructor(name: string, args: GuestResourceArgs, options?: pulumi.CustomResourceOptions) {
    const none = { params: undefined, meta: undefined, operations: undefined, started: undefined, status: undefined };
    const owner = `${pulumi.getProject()}/${pulumi.getStack()}`;
    super(
      "GuestResource",
      name,
      { ...none, ...args, guest: nameOf(args.guest), name: args.name ?? name, owner },
      options,
    );
  }
}
