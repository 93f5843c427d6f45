/** The cluster to use, and the recipient of progress. */
import { currentCluster } from "../session";
import type { Context, Inventory } from "../vmmgr";

/** Where to act. */
export interface At {
  /** One of `seapath:clusters`. @default the cluster of `seapath:hosts` */
  cluster?: string;
  /** Receives the progress of long operations, and other notices for the user. */
  report?: (text: string) => void;
  /** Seconds that Pacemaker may take to act. @default 300 */
  deadline?: number;
}

/** The same as a vmmgr context. */
export const contextOf = ({ cluster, report, deadline }: At): Context => ({
  cluster: currentCluster(cluster),
  ...(report === undefined ? {} : { report }),
  ...(deadline === undefined ? {} : { deadline }),
});

/** A read of the cluster, shared by all concurrent callers. */
export const look = ({ cluster }: At): Promise<Inventory> => currentCluster(cluster).inventory();
