/** Functions that read the snapshots of VMs. */
import type { Output } from "@pulumi/pulumi";
import type { api } from "pulumi-seapath-provider";
import { call, called, type OutputOptions } from "./call";
import { withName } from "../named";
import type { VmNameArgs, VmNameOutputArgs } from "./vm";

/** A snapshot of a VM. */
export type SnapshotSummary = api.SnapshotSummary;

/**
 * The snapshots of a VM, whoever took them, oldest first. vm-mgr's `list_snapshots`.
 * @throws if the cluster has no such VM
 *
 * @example
 * const newest = (await seapath.listSnapshots({ name: "gateway" })).at(-1)?.created; // "2026-03-01T12:00:00Z"
 */
export const listSnapshots = (args: VmNameArgs): Promise<SnapshotSummary[]> =>
  call(args, (api, at) => api.listSnapshots(at, args.name));

/**
 * {@link listSnapshots} with arguments that may be known only later.
 *
 * @example
 * export const snapshots = seapath.listSnapshotsOutput({ name: web }, { dependsOn: before });
 */
export const listSnapshotsOutput = (args: VmNameOutputArgs, options?: OutputOptions): Output<SnapshotSummary[]> =>
  called(listSnapshots, withName(args), options);
