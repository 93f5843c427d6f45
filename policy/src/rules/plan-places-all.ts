import { exempt, isNamed, schemaOf } from "../config";
import { clusterRule } from "../stack-rule";
import { resourceOf } from "../view";

interface Config {
  exempt: string[];
}

/** Every VM that should run finds a place. */
export const planPlacesAll = clusterRule<Config>({
  name: "plan-places-all",
  displayName: "Each VM finds a place",
  description: "Each VM that is to run must find a node: one that does not is simply not started, and no tool fails.",
  level: "mandatory",
  severity: "critical",
  remediationSteps: "Take away the constraint that is named, or `npx seapath plan` for the whole picture.",
  config: schemaOf({ exempt: exempt("VMs that may stay without a place.") }, "fail"),
  validate({ placements }, view, { config, report }) {
    for (const { vm, unplaced, before, planned } of placements) {
      if (unplaced === undefined || isNamed(config.exempt, vm)) continue;
      const other = planned
        ? ""
        : `, though it is none of this stack${before === undefined ? " and runs nowhere now either" : ` and runs on ${before} now`}`;
      report(
        `VM "${vm}" must find a node to run on; it finds none${other}: ${unplaced}. Pacemaker would not start it, without a word. Change that constraint, or the VM's \`priority\`.`,
        resourceOf(view, vm),
      );
    }
  },
});
