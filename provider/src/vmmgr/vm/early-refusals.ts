/** What making a VM would be refused for half-way or later, asked before anything is done: what the preview of a resource looks at. */
import { carriedRoomRefusals } from "./clone-room";
import { judgeDomain } from "./domain-check";
import { reportOf, type Context } from "../core/context";
import { Refused } from "../core/errors";
import { sourceQuestions } from "../core/image-source";
import type { VmSpec } from "../form/model";
import { changeRefusals, clusterRefusals } from "./refusals";

/**
 * Refuses a VM that cannot be made, or not run once it is; what is only to be said of it is reported.
 * @param force a VM of the name is to be removed for it
 * @param locked a disk that cannot be looked at now, as its guest runs
 * @throws Refused
 */
export async function refuseEarly(context: Context, spec: VmSpec, force: boolean, locked?: string): Promise<void> {
  const { cluster } = context;
  const { source } = spec;
  const looked = source !== undefined && "nodePath" in source && source.nodePath === locked ? undefined : source;
  const inventory = await cluster.recentInventory(await sourceQuestions(looked));
  const intent = force ? "replace" : "create";
  const refusals = [...changeRefusals(inventory, spec, intent), ...clusterRefusals(inventory, spec, intent)];
  if (refusals.length === 0) refusals.push(...(await carriedRoomRefusals(cluster, inventory, spec)));
  const { refusals: all, notices } =
    refusals.length > 0 ? { refusals, notices: [] } : await judgeDomain(cluster, inventory, spec);
  if (all.length > 0) throw new Refused("create", spec.name, inventory.node, all);
  for (const notice of notices) reportOf(context)(`${spec.name}: ${notice}`);
}
