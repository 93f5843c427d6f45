/** Schema checks for the VMs that relations name. */
import { z } from "zod";
import { common, named, text } from "../engine/schema";

export const others = z.array(named).min(1, "must name at least one VM");

/** The schema fields common to all relations. */
export const relationCommon = { adopt: z.boolean(), owner: text, altered: z.string().optional(), ...common };

/** Reports VMs that are named twice, or related to themselves. */
export function refuseRepeated(
  context: z.core.$RefinementCtx,
  property: string,
  one: string,
  list: readonly string[],
): void {
  for (const [index, vm] of list.entries()) {
    const path = [property, index];
    if (vm === one) context.addIssue({ code: "custom", path, message: `"${vm}" cannot be related to itself` });
    else if (list.indexOf(vm) !== index) context.addIssue({ code: "custom", path, message: `"${vm}" is named twice` });
  }
}
