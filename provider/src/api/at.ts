/** Which cluster is meant, and who hears of progress. */
import { currentCluster } from "../session";
import type { Context, Inventory } from "../vmmgr";

/** Where something is done. */
export interface At {
  /** One of `seapath:clusters`. @default the cluster of `seapath:hosts` */
  cluster?: string;
  /** Hears how far long work is, and what else a person should know. */
  report?: (text: string) => void;
  /** Seconds that Pacemaker may take for what it is told. @default 300 */
  deadline?: number;
}

/** The same for vmmgr. */
export const contextOf = ({ cluster, report, deadline }: At): Context => ({
  cluster: currentCluster(cluster),
  ...(report === undefined ? {} : { report }),
  ...(deadline === undefined ? {} : { deadline }),
});

/** A look at the cluster, shared by all who ask at once. */
export const look = ({ cluster }: At): Promise<Inventory> => currentCluster(cluster).inventory();
