/** The nodes of a cluster, by role. */
import { currentCluster, noCluster } from "../session";
import { clusterNodes, type ClusterNodes, type WhatIfOptions } from "../vmmgr";
import type { At } from "./at";

/** The hypervisors and the observer; with `saved`, no cluster is involved. */
export const nodes = (at: At, { saved }: WhatIfOptions = {}): Promise<ClusterNodes> =>
  clusterNodes(saved === undefined ? currentCluster(at.cluster) : noCluster(), saved);
