import { flag, schemaOf, whole } from "../config";
import { clusterRule } from "../stack-rule";
import { resourceOf } from "../view";

interface Config {
  maxMigrations: number;
  allowRestart: boolean;
}

const STOPS: Record<string, string> = {
  stop: "is stopped",
  move: "is stopped and started elsewhere",
  restart: "is restarted",
  recover: "is recovered",
};

/** VMs that the stack does not change are left alone. */
export const planLeavesOthers = clusterRule<Config>({
  name: "plan-leaves-others",
  displayName: "Other VMs are left alone",
  description:
    "VMs that this change is not about must neither stop nor move: Pacemaker places all VMs anew with each change, and takes others along.",
  level: "mandatory",
  severity: "high",
  remediationSteps:
    "Give the others a `resource-stickiness` (the rule vm-stickiness), or prefer a node for the new ones; or allow it in the configuration of this rule.",
  config: schemaOf(
    {
      maxMigrations: whole("How many others may move live.", 0, 0),
      allowRestart: flag("Whether others may be stopped, or stopped and started.", false),
    },
    "fail",
  ),
  validate({ placements }, view, { config, report }) {
    const others = placements.filter(({ changed, before }) => !changed && before !== undefined);
    const because = (reason: string | undefined) => (reason === undefined ? "" : ` (${reason})`);
    for (const { vm, action, reason, before, after } of others) {
      const what = STOPS[action ?? ""];
      if (what === undefined || config.allowRestart) continue;
      const to = after === undefined || after === before ? "" : `, ${after}`;
      report(
        `VM "${vm}" must be left alone, as this change is not about it; on ${before} it ${what}${to}${because(reason)}. Give it a resource-stickiness, or prefer other nodes for the VMs of this change.`,
        resourceOf(view, vm),
      );
    }
    const moved = others.filter(({ action }) => action === "migrate");
    if (moved.length <= config.maxMigrations) return;
    for (const { vm, before, after, reason } of moved) {
      report(
        `VM "${vm}" must be left alone, as this change is not about it; it moves live from ${before} to ${after}${because(reason)}, ${moved.length} do, and ${config.maxMigrations} may. Give it a resource-stickiness, or prefer other nodes for the VMs of this change.`,
        resourceOf(view, vm),
      );
    }
  },
});
