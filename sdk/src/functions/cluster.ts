/** What a program asks about a cluster. */
import type { Input, Output } from "@pulumi/pulumi";
import type { ClusterSummary } from "pulumi-seapath-provider";
import { call, called, type ClusterArgs, type OutputOptions } from "./call";

/** A cluster: nodes, quorum, what it has to offer, versions. */
export type GetClusterResult = ClusterSummary;

/**
 * Reads a cluster: its nodes with their roles, conditions, VMs, processors and memory; the observer; how many machines it
 * has, and whether that is an odd number, as SEAPATH wants it; whether it has a quorum or is in maintenance; Ceph's bytes; the versions of Pacemaker, Corosync, Ceph, libvirt and QEMU.
 *
 * Processors and memory are asked of each node that is online, by libvirt's own SSH between the nodes, as root; those of a
 * node that does not answer are left out.
 *
 * @example
 * const { nodes, quorum } = await seapath.getCluster();
 * const hypervisors = nodes.filter((node) => node.role === "hypervisor" && node.online && !node.standby);
 */
export const getCluster = (args: ClusterArgs = {}): Promise<GetClusterResult> =>
  call(args, (api, at) => api.getCluster(at));

/**
 * {@link getCluster}, with arguments that may be known later only.
 *
 * @example
 * export const free = seapath.getClusterOutput({}, { dependsOn: web }).storage.availableBytes;
 */
export const getClusterOutput = (
  args: { cluster?: Input<string> } = {},
  options?: OutputOptions,
): Output<GetClusterResult> => called(getCluster, { ...args }, options);
