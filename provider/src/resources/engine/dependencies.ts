import type { Cluster } from "../../vmmgr";
import type { PlannedRegister } from "./planned";

/** What a kind of resource is given. */
export interface Dependencies {
  /**
   * A cluster that the stack's configuration names; without a name the one of `seapath:hosts`. Connects with the first
   * thing that is asked of it.
   * @throws UnknownCluster
   */
  cluster: (name?: string) => Cluster;
  /** Shown to the person who runs Pulumi. */
  say: (text: string) => void;
  /** What the program says of its VMs, for the kinds that name them. */
  planned?: PlannedRegister;
  /** Whether this run may stop VMs while those that they are kept apart from do not run. @default no */
  outage?: () => boolean;
}
