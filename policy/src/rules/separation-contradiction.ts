import { apartPairs, boundSets, namesOf, shownOf } from "../bonds";
import { schemaOf } from "../config";
import { stackRule } from "../stack-rule";
import { resourceAmong } from "../view";

/** Nothing else binds together VMs that are kept apart. */
export const separationContradiction = stackRule<object>({
  name: "separation-contradiction",
  displayName: "Kept apart, and not bound together",
  description:
    "VMs that are kept apart strongly must neither be kept together by other colocations nor be pinned to one node: one of them stops.",
  level: "mandatory",
  severity: "high",
  remediationSteps: "Take away one of the colocations, or one of the pins.",
  config: schemaOf({}, "warn"),
  reads: { Vm: ["pinnedHost", "name"], Colocation: ["vm", "with", "strong", "apart"] },
  validate(view, { report }) {
    const sets = boundSets(view);
    const pins = new Map(view.vms.map(({ vm, pinnedHost }) => [vm, pinnedHost]));
    for (const {
      vms: [one, other],
      by,
    } of apartPairs(view)) {
      const bound = sets.find(({ vms }) => vms.has(one) && vms.has(other));
      if (bound !== undefined) {
        report(
          `"${one}" and "${other}" must not be kept apart and together at once: "${by.name}" keeps them apart and ${namesOf(bound.by)} together, both strongly, so only one of them runs. Take one of the colocations away.`,
          by.resource ?? shownOf(bound.by),
        );
      }
      const host = pins.get(one);
      if (host === undefined || host !== pins.get(other)) continue;
      const resource = by.resource ?? resourceAmong(view, [one, other]);
      report(
        `"${one}" and "${other}" must not be pinned to one node, ${host}, while "${by.name}" keeps them apart: only one of them runs. Pin one of them to another node.`,
        resource,
      );
    }
  },
});
