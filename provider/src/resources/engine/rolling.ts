/** What a resource's change must know about VMs that are kept apart. */
import { rollingBy, turnsOf, type Rolling } from "../../vmmgr";
import type { Dependencies } from "./dependencies";

/** A VM's settings for it, its input `rolling`. */
export interface RollingInputs {
  outage?: "refused" | "allowed" | undefined;
  readyAfter?: number | undefined;
}

/** The turns of a cluster for a resource's change. @throws UnknownCluster */
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
