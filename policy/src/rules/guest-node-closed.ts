import { exempt, isNamed, schemaOf } from "../config";
import { clusterRule } from "../stack-rule";
import { resourceOf } from "../view";

interface Config {
  exempt: string[];
}

/** No VM runs inside a VM. */
export const guestNodeClosed = clusterRule<Config>({
  name: "guest-node-closed",
  displayName: "No VM within a guest node",
  description:
    "Each VM must be kept off each guest node: to Pacemaker a guest node is a node like others, so it may move VMs into it.",
  level: "mandatory",
  severity: "critical",
  remediationSteps:
    "Make guest nodes by `seapath.RemoteGuest`, which keeps all VMs off; ban the others by `crm resource ban`.",
  config: schemaOf({ exempt: exempt("Guest nodes that this rule is not for.") }, "fail"),
  validate({ open }, view, { config, report }) {
    for (const { vm, guest } of open) {
      if (isNamed(config.exempt, guest)) continue;
      report(
        `VM "${vm}" must be kept off the guest node ${guest}: no constraint does, and to Pacemaker ${guest} is a node that has room, so the next failure or change may move "${vm}" into it, where it cannot run: only that a guest lacks the VM's resource agent would stop that. Run \`crm resource ban ${vm} ${guest}\`, or make the guest node by \`seapath.RemoteGuest\`.`,
        resourceOf(view, vm),
      );
    }
  },
});
