import { boundSets, namesOf, shownOf } from "../bonds";
import { schemaOf } from "../config";
import { stackRule } from "../stack-rule";
import { resourceAmong } from "../view";

/** VMs that must share a node are not pinned to different ones. */
export const colocationPinsAgree = stackRule<object>({
  name: "colocation-pins-agree",
  displayName: "Pins of VMs that are kept together agree",
  description:
    "VMs of a strong colocation, and all that hang together by several, must not be pinned to different nodes: one of them stops.",
  level: "mandatory",
  severity: "critical",
  remediationSteps: "Pin them to one node, pin one of them only, or make the colocation a wish by `strong: false`.",
  config: schemaOf({}, "warn"),
  reads: { Vm: ["pinnedHost", "name"], Colocation: ["vm", "with", "strong", "apart"] },
  validate(view, { report }) {
    for (const { vms, by } of boundSets(view)) {
      const pinned = view.vms.flatMap(({ vm, pinnedHost }) =>
        vms.has(vm) && pinnedHost !== undefined ? [{ vm, pinnedHost }] : [],
      );
      if (new Set(pinned.map(({ pinnedHost }) => pinnedHost)).size < 2) continue;
      const pins = pinned.map(({ vm, pinnedHost }) => `"${vm}" to ${pinnedHost}`).join(", ");
      const resource = shownOf(by) ?? resourceAmong(view, vms);
      report(
        `VMs that ${namesOf(by)} keeps together must be pinned to one node; ${pins} are pinned apart, and since neither can be where the other is, Pacemaker stops one of them. Pin them to one node, or use \`strong: false\`.`,
        resource,
      );
    }
  },
});
