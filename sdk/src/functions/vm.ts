/** Functions that read VMs. */
import type { Input, Output } from "@pulumi/pulumi";
import type { VmDetails, VmSummary } from "pulumi-seapath-provider";
import { withName, type VmInput } from "../named";
import { call, called, type ClusterArgs, type OutputOptions } from "./call";

/** Arguments that name a VM. */
export interface VmNameArgs extends ClusterArgs {
  /** The VM's name. */
  name: string;
}

/** {@link VmNameArgs}, some of which may be known only later. */
export interface VmNameOutputArgs {
  /** The VM, or its name. With the resource, the call waits until it exists. */
  name: VmInput;
  cluster?: Input<string>;
}

/** A VM as it is on the cluster, whoever created it. */
export type GetVmResult = VmDetails;

/**
 * Reads a VM: its state, where it runs, its settings, its disks and its metadata.
 *
 * It is read while the program runs, so a preview shows the VM as it is before the `up`.
 * @throws if the cluster has no such VM; {@link getStatus} reports that without an error
 *
 * @example
 * const gateway = await seapath.getVm({ name: "gateway" });
 * export const gatewayMemory = gateway.domain.memory; // MiB
 */
export const getVm = (args: VmNameArgs): Promise<GetVmResult> => call(args, (api, at) => api.getVm(at, args.name));

/**
 * {@link getVm} with arguments that may be known only later. It is called after the resources they come from.
 *
 * @example
 * const web = new seapath.Vm("web01", { … });
 * export const disks = seapath.getVmOutput({ name: web }).disks;
 */
export const getVmOutput = (args: VmNameOutputArgs, options?: OutputOptions): Output<GetVmResult> =>
  called(getVm, withName(args), options);

/** The state of a VM. */
export type GetStatusResult = VmSummary;

/**
 * The state of a VM in vm-mgr's words (`Started`, `Stopped (disabled)`, `Disabled`, …), and where it runs. `Undefined`
 * if there is no such VM. vm-mgr's `status`.
 *
 * @example
 * const { status, node } = await seapath.getStatus({ name: "gateway" });
 */
export const getStatus = (args: VmNameArgs): Promise<GetStatusResult> =>
  call(args, (api, at) => api.getStatus(at, args.name));

/**
 * {@link getStatus} with arguments that may be known only later.
 *
 * @example
 * export const runs = seapath.getStatusOutput({ name: web.name }).apply(({ status }) => status === "Started");
 */
export const getStatusOutput = (args: VmNameOutputArgs, options?: OutputOptions): Output<GetStatusResult> =>
  called(getStatus, withName(args), options);

/** Arguments of `listVms`. */
export interface ListVmsArgs extends ClusterArgs {
  /** Only VMs that Pacemaker manages, or only those that it does not. @default all */
  enabled?: boolean;
}

/** {@link ListVmsArgs}, some of which may be known only later. */
export interface ListVmsOutputArgs {
  enabled?: Input<boolean>;
  cluster?: Input<string>;
}

/**
 * The VMs of a cluster, sorted by name, whoever created them, each with its state and where it runs. vm-mgr's `list`.
 *
 * @example
 * const others = (await seapath.listVms()).filter((vm) => vm.status === "Started");
 */
export const listVms = (args: ListVmsArgs = {}): Promise<VmSummary[]> =>
  call(args, async (api, at) =>
    (await api.listVms(at)).filter((vm) => args.enabled === undefined || vm.enabled === args.enabled),
  );

/**
 * {@link listVms} with arguments that may be known only later.
 *
 * @example
 * const all = seapath.listVmsOutput({}, { dependsOn: web }); // with web01 among them
 */
export const listVmsOutput = (args: ListVmsOutputArgs = {}, options?: OutputOptions): Output<VmSummary[]> =>
  called(listVms, { ...args }, options);
