/** Functions that read a cluster. */
import type { Input, Output } from "@pulumi/pulumi";
import type { ClusterSummary } from "pulumi-seapath-provider";
import { call, called, type ClusterArgs, type OutputOptions } from "./call";

/** A cluster: nodes, quorum, capacity, versions. */
export type GetClusterResult = ClusterSummary;

/**
 * Reads a cluster: its nodes with their roles, conditions, VMs, processors and memory; the observer; the number of
 * machines, and whether it is odd, as SEAPATH requires; quorum and maintenance mode; Ceph's bytes; the versions of
 * Pacemaker, Corosync, Ceph, libvirt and QEMU.
 *
 * Processors and memory come from each online node over libvirt's own SSH between the nodes, as root. Those of a node
 * that does not answer are left out.
 *
 * @example
 * const { nodes, quorum } = await seapath.getCluster();
 * const hypervisors = nodes.filter((node) => node.role === "hypervisor" && node.online && !node.standby);
 */
export const getCluster = (args: ClusterArgs = {}): Promise<GetClusterResult> =>
  call(args, (api, at) => api.getCluster(at));

/**
 * {@link getCluster} with arguments that may be known only later.
 *
 * @example
 * export const free = seapath.getClusterOutput({}, { dependsOn: web }).storage.availableBytes;
 */
export const getClusterOutput = (
  args: { cluster?: Input<string> } = {},
  options?: OutputOptions,
): Output<GetClusterResult> => called(getCluster, { ...args }, options);
