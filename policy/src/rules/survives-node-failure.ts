import { exempt, flag, isNamed, schemaOf } from "../config";
import { clusterRule } from "../stack-rule";
import { resourceOf } from "../view";

interface Config {
  hostFailures: number;
  exempt: string[];
  treatObserver: boolean;
}

/** Every VM survives the failure of a node. */
export const survivesNodeFailure = clusterRule<Config>({
  name: "survives-node-failure",
  displayName: "Each VM outlives a node",
  description:
    "When a node fails, each VM that is to run must run on another one: a pin, a separation or a lack of room can leave it down for as long as the node is.",
  level: "mandatory",
  severity: "critical",
  remediationSteps:
    "Use `preferredHost` in place of `pinnedHost`, make separations wishes, or name the VM in `exempt`.",
  config: schemaOf(
    {
      hostFailures: {
        type: "integer",
        minimum: 0,
        maximum: 1,
        default: 1,
        description:
          "How many nodes may fail at once. A cluster of three has no quorum without two, and runs nothing then.",
      },
      exempt: exempt("VMs that may be down with their node: those that are pinned on purpose."),
      treatObserver: flag("Whether the loss of the observer counts as well.", false),
    },
    "fail",
  ),
  validate({ placements, losses, declared, observer }, view, { config, report }) {
    if (config.hostFailures === 0) return;
    const placed = new Set(placements.filter(({ unplaced }) => unplaced === undefined).map(({ vm }) => vm));
    for (const { node, fates } of losses) {
      if (node === observer && !config.treatObserver) continue;
      for (const { vm, unplaced } of fates) {
        // plan-places-all reports VMs that have no place even now.
        if (unplaced === undefined || !placed.has(vm) || isNamed(config.exempt, vm)) continue;
        // For a VM that is pinned elsewhere, the pin is not the whole reason.
        const pinned = declared.find((each) => each.vm === vm)?.pinnedHost === node;
        const why = pinned ? `it is pinned to ${node}` : unplaced;
        const todo = pinned ? "Use `preferredHost`" : "Change what is named here";
        report(
          `VM "${vm}" must outlive the failure of ${node}; without ${node} it runs nowhere: ${why}. It would be down for as long as the node is. ${todo}, or name it in \`exempt\`.`,
          resourceOf(view, vm),
        );
      }
    }
  },
});
