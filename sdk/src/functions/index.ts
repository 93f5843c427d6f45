export type { ClusterArgs, OutputOptions } from "./call";
export * from "./cluster";
export * from "./metadata";
export * from "./snapshots";
export * from "./vm";
export type { ClusterSummary, DiskSummary, NodeSummary, VmDetails, VmStatus, VmSummary } from "pulumi-seapath-provider";
