/** What a program asks about the snapshots of VMs. */
import type { Output } from "@pulumi/pulumi";
import type { api } from "pulumi-seapath-provider";
import { call, called, type OutputOptions } from "./call";
import type { VmNameArgs, VmNameOutputArgs } from "./vm";

/** A snapshot of a VM: its name, when it was taken, its disks, whose it is. */
export type SnapshotSummary = api.SnapshotSummary;

/**
 * The snapshots of a VM, the oldest first, whoever made them; those that some disk does not have are among them. vm-mgr's
 * `list_snapshots`.
 * @throws when the cluster has no such VM
 *
 * @example
 * const [oldest] = await seapath.listSnapshots({ name: "gateway" }); // { name: "beforeupgrade", created: "2026-03-01T12:00:00Z", … }
 */
export const listSnapshots = (args: VmNameArgs): Promise<SnapshotSummary[]> => call(args, (functions, at) => functions.listSnapshots(at, args.name));

/**
 * {@link listSnapshots}, with arguments that may be known later only.
 *
 * @example
 * export const snapshots = seapath.listSnapshotsOutput({ name: web.name });
 */
export const listSnapshotsOutput = (args: VmNameOutputArgs, options?: OutputOptions): Output<SnapshotSummary[]> =>
  called(listSnapshots, { ...args }, options);
