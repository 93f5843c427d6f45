/** The nodes of a cluster, of the one of now or of one that was saved. */
import type { Cluster } from "../../cluster";
import { hypervisorsOf } from "../core/context";
import { cibOf, type SavedCluster } from "./saved";

/** What may run VMs, and what never does. */
export interface ClusterNodes {
  hypervisors: string[];
  observer?: string;
}

/** Tells hypervisors from the observer. @throws ConnectionError when no node answers */
export async function clusterNodes(cluster: Cluster, saved?: SavedCluster): Promise<ClusterNodes> {
  const seen = saved === undefined ? await cluster.recentInventory() : { ...saved, cib: cibOf(saved) };
  const { observer } = seen;
  return { hypervisors: hypervisorsOf(seen), ...(observer === undefined ? {} : { observer }) };
}
