import * as pulumi from "@pulumi/pulumi";
import * as seapath from "pulumi-seapath";
import type { PlatformVm } from "./vms";

export interface WatchedVmArgs {
  vm: PlatformVm;
  /** The address where the nodes reach the guest's pacemaker_remoted. */
  address: string;
  /** The service that Pacemaker starts inside, monitors, and restarts if it is gone. */
  service: Pick<seapath.GuestResourceArgs, "agent" | "params" | "operations">;
}

/** A VM with a service inside that Pacemaker monitors: the VM, the VM as a guest node, and the service in it. */
export class WatchedVm extends pulumi.ComponentResource {
  readonly vm: seapath.Vm;
  /** Whether Pacemaker is connected to the guest. */
  readonly online: pulumi.Output<boolean>;
  /** Pacemaker's word for the service: `Started`. */
  readonly service: pulumi.Output<string>;

  constructor(name: string, { vm, address, service }: WatchedVmArgs, options?: pulumi.ComponentResourceOptions) {
    super("platform:WatchedVm", name, {}, options);
    const within = { parent: this };
    this.vm = new seapath.Vm(name, vm, within);
    // Each refers to the previous one's output, so they are created in this order and deleted in reverse.
    const inside = new seapath.RemoteGuest(
      `${name}inside`,
      { name: `${vm.name}inside`, vm: this.vm.name, address },
      within,
    );
    const watched = new seapath.GuestResource(
      `${name}service`,
      { name: `${vm.name}service`, guest: inside.name, ...service },
      within,
    );
    this.online = inside.online;
    this.service = watched.status;
    this.registerOutputs();
  }
}
