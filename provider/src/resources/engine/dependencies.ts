import type { Cluster } from "../../vmmgr";
import type { PlannedRegister } from "./planned";

/** Dependencies of a resource kind. */
export interface Dependencies {
  /**
   * A cluster in the stack's configuration; without a name, the one of `seapath:hosts`. Connects on first use.
   * @throws UnknownCluster
   */
  cluster: (name?: string) => Cluster;
  /** Shows a text to the user who runs Pulumi. */
  say: (text: string) => void;
  /** The program's plans for its VMs, for kinds that refer to VMs. */
  planned?: PlannedRegister;
  /** Whether this run may stop VMs while the VMs they must stay apart from are not running. @default no */
  outage?: () => boolean;
}
