/** The nodes of a live or saved cluster. */
import type { Cluster } from "../../cluster";
import { hypervisorsOf } from "../core/context";
import { cibOf, type SavedCluster } from "./saved";

/** The nodes that may run VMs, and the one that never does. */
export interface ClusterNodes {
  hypervisors: string[];
  observer?: string;
}

/** Separates the hypervisors from the observer. @throws ConnectionError if no node answers */
export async function clusterNodes(cluster: Cluster, saved?: SavedCluster): Promise<ClusterNodes> {
  const seen = saved === undefined ? await cluster.recentInventory() : { ...saved, cib: cibOf(saved) };
  const { observer } = seen;
  return { hypervisors: hypervisorsOf(seen), ...(observer === undefined ? {} : { observer }) };
}
