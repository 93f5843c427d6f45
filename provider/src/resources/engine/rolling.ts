/** What a resource's change has to know of VMs that are kept apart. */
import { rollingBy, turnsOf, type Rolling } from "../../vmmgr";
import type { Dependencies } from "./dependencies";

/** What a VM says of it, its input `rolling`. */
export interface RollingInputs {
  outage?: "refused" | "allowed" | undefined;
  readyAfter?: number | undefined;
}

/** The turns of a cluster for a change by a resource. @throws UnknownCluster */
export function rollingOf(
  { cluster, outage, planned }: Dependencies,
  at: string | undefined,
  inputs: RollingInputs = {},
): Rolling {
  return rollingBy({
    turns: turnsOf(cluster(at)),
    outage: inputs.outage === "allowed" || outage?.() === true,
    readyAfter: inputs.readyAfter ?? 0,
    planned: () => planned?.constraints([], at) ?? [],
  });
}
