import { schemaOf, whole } from "../config";
import { clusterRule } from "../stack-rule";
import { resourceOf } from "../view";

interface Config {
  maxMoves: number;
}

/** A returning node does not pull VMs away from where they run. */
export const failbackQuiet = clusterRule<Config>({
  name: "failback-quiet",
  displayName: "A node comes back quietly",
  description:
    "When a node that failed comes back, VMs must stay where they are by then: without a stickiness Pacemaker moves them back, while somebody looks at that very node.",
  level: "advisory",
  severity: "medium",
  remediationSteps: "Give the VMs a `resource-stickiness`, higher than the score of what draws them back.",
  config: schemaOf({ maxMoves: whole("How many VMs may move when a node comes back.", 0, 0) }, "warn"),
  validate({ losses, declared }, view, { config, report, skip }) {
    for (const { node, back, backNotSimulated } of losses) {
      if (back === undefined) {
        skip(node, backNotSimulated ?? "its return was not simulated");
        continue;
      }
      // A VM that prefers the node, or is pinned to it, should return.
      const meant = new Set(
        declared
          .filter(({ pinnedHost, preferredHost }) => pinnedHost === node || preferredHost === node)
          .map(({ vm }) => vm),
      );
      const moved = back.filter(({ vm, action }) => !meant.has(vm) && (action === "migrate" || action === "move"));
      if (moved.length <= config.maxMoves) continue;
      for (const { vm, before, after, action } of moved) {
        const how = action === "migrate" ? "moves live" : "is stopped and started";
        report(
          `VM "${vm}" must stay where it is when ${node} comes back; it ${how}, from ${before} to ${after}. Give it a resource-stickiness.`,
          resourceOf(view, vm),
        );
      }
    }
  },
});
