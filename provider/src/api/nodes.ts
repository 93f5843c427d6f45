/** The nodes of a cluster, by what they are. */
import { currentCluster, noCluster } from "../session";
import { clusterNodes, type ClusterNodes, type WhatIfOptions } from "../vmmgr";
import type { At } from "./at";

/** The hypervisors and the observer; with `saved` no cluster is asked. */
export const nodes = (at: At, { saved }: WhatIfOptions = {}): Promise<ClusterNodes> =>
  clusterNodes(saved === undefined ? currentCluster(at.cluster) : noCluster(), saved);
