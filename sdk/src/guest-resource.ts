import * as pulumi from "@pulumi/pulumi";
import type { Input } from "@pulumi/pulumi";
import { nameOf, type GuestInput } from "./named";
import type { OperationState } from "./outputs";
import { isOfKind, SeapathResource, typeOf } from "./resource";
import type { CommonArgs } from "./types";

/** An operation that Pacemaker runs on a service, and how long it may take. */
export interface OperationArgs {
  /** Seconds. */
  timeout?: Input<number>;
  /** Seconds between two runs; for `monitor`. */
  interval?: Input<number>;
  /**
   * What Pacemaker does if the operation fails; its `on-fail`.
   * @default Pacemaker's: `restart`; for `stop`, `block` or `fence`
   */
  onFail?: Input<"ignore" | "block" | "stop" | "restart" | "standby" | "fence" | "restart-container" | "demote">;
}

/**
 * The inputs of a guest resource.
 *
 * @example { guest: inside, agent: "ocf:heartbeat:podman", params: { image: "registry/app:3", run_opts: "-p 80:80" } }
 */
export interface GuestResourceArgs extends CommonArgs {
  /**
   * The id of the primitive: a letter, then letters, digits, and `.` `_` `-`. A change replaces it.
   * @default the logical name
   */
  name?: Input<string>;
  /**
   * The guest node to run in: a `RemoteGuest`, or its name, which is not the VM's name. A change moves the service with
   * a stop and start.
   */
  guest: GuestInput;
  /**
   * The resource agent: `systemd:nginx`, `ocf:heartbeat:podman`, `lsb:ntp`, `service:cron`. It runs in the guest, and
   * must be installed there. A change replaces the resource.
   */
  agent: Input<string>;
  /** The agent's parameters. A change makes Pacemaker restart the service in the guest. @default {} */
  params?: Input<Record<string, Input<string | number | boolean>>>;
  /** Meta attributes, e.g. `{ "migration-threshold": 3, "failure-timeout": "60s" }`. @default {} */
  meta?: Input<Record<string, Input<string | number | boolean>>>;
  /**
   * The operations, by name.
   * @default { start: { timeout: 60 }, stop: { timeout: 60 }, monitor: { interval: 10, timeout: 20 } }
   */
  operations?: Input<Record<string, Input<OperationArgs>>>;
  /** Whether the service should run; Pacemaker's `target-role`. @default true */
  started?: Input<boolean>;
}

/**
 * A service or container inside a VM that Pacemaker starts, monitors, and restarts if it fails. It moves with its VM.
 *
 * @example
 * const web = new seapath.GuestResource("web", { guest: inside, agent: "systemd:nginx", operations: { monitor: { interval: 5 } } });
 */
export class GuestResource extends SeapathResource {
  /** The type token of this resource in a state, for policies. */
  static readonly __pulumiType = typeOf("GuestResource");

  /** The id of the primitive. */
  declare readonly name: pulumi.Output<string>;
  /** The guest node that the service runs in. */
  declare readonly guest: pulumi.Output<string>;
  /** The resource agent. */
  declare readonly agent: pulumi.Output<string>;
  /** The agent's parameters. */
  declare readonly params: pulumi.Output<Record<string, string>>;
  /** Meta attributes. */
  declare readonly meta: pulumi.Output<Record<string, string>>;
  /** The operations, by name: `service.operations.monitor`. */
  declare readonly operations: pulumi.Output<Record<string, OperationState>>;
  /** Whether the service should run. */
  declare readonly started: pulumi.Output<boolean>;
  /** The project and stack that own it, as recorded in the primitive's description. */
  declare readonly owner: pulumi.Output<string>;
  /** The service's state at the last read, in Pacemaker's words: `Started`, `Stopped`, … */
  declare readonly status: pulumi.Output<string>;

  /** Whether a value is a guest resource, even if another copy of this package created it. */
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
