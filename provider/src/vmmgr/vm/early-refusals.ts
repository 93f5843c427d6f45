/**
 * Reasons why creating a VM would fail half-way or later, checked before anything is done, for the preview of a
 * resource.
 */
import { carriedRoomRefusals } from "./clone-room";
import { judgeDomain } from "./domain-check";
import { reportOf, type Context } from "../core/context";
import { Refused } from "../core/errors";
import { sourceQuestions } from "../core/image-source";
import type { VmSpec } from "../form/model";
import { changeRefusals, clusterRefusals } from "./refusals";

/**
 * Refuses a VM that cannot be created or could not run; reports mere notices.
 * @param force an existing VM of that name is to be removed first
 * @param locked a disk that cannot be examined now because its guest is running
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
