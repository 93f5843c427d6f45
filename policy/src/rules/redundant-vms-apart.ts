import { pairsOf, samePair } from "../bonds";
import { schemaOf, whole } from "../config";
import { groups, groupsOf, METADATA_KEY, type Group } from "../redundancy";
import { stackRule } from "../stack-rule";
import { resourceAmong, type View } from "../view";

interface Config {
  groups: Group[];
  metadataKey?: string;
  maxPerHost: number;
  maxSkew?: number;
}

/** Whether something keeps two VMs on different nodes: a colocation, even just a preference, or pins. */
function areKeptApart(view: View, pair: readonly [string, string]): boolean {
  if (view.relations.some(({ kind, vms }) => kind === "apart" && pairsOf(vms).some((each) => samePair(each, pair))))
    return true;
  const [one, other] = pair.map((name) => view.vms.find(({ vm }) => vm === name)?.pinnedHost);
  return one !== undefined && other !== undefined && one !== other;
}

/** The failure of one node does not take out all VMs that stand in for each other. */
export const redundantVmsApart = stackRule<Config>({
  name: "redundant-vms-apart",
  displayName: "Redundant VMs on different nodes",
  description:
    "VMs that stand in for each other must be on different nodes, and something must keep them there: one node that fails takes both otherwise.",
  level: "mandatory",
  severity: "high",
  remediationSteps: "Add a `seapath.Colocation` with `apart: true`, or pin them to different nodes.",
  config: schemaOf(
    {
      groups,
      metadataKey: METADATA_KEY,
      maxPerHost: whole("The most VMs of a group on one node.", 1, 1),
      maxSkew: whole("The most by which two nodes may differ in VMs of a group. Default: any number.", 1),
    },
    "warn",
  ),
  reads: { Vm: ["name", "pinnedHost"], Colocation: ["vm", "with", "strong", "apart"] },
  readsBesides: ({ metadataKey }): Record<string, string[]> =>
    metadataKey === undefined ? {} : { Vm: [`metadata.${metadataKey}`] },
  validate(view, { config, report }) {
    for (const { name, vms } of groupsOf(view, config)) {
      const present = vms.filter((vm) => view.vms.some((each) => each.vm === vm && each.runs));
      const shown = resourceAmong(view, present);
      if (shown === undefined) continue; // not of this stack
      if (config.maxPerHost === 1) {
        for (const pair of pairsOf(present).filter((each) => !areKeptApart(view, each))) {
          report(
            `"${pair[0]}" and "${pair[1]}" of the group "${name}" must be kept on different nodes, and nothing does: the node that runs both takes both when it fails. Add a Colocation with \`apart: true\`, or pin them to different nodes.`,
            shown,
          );
        }
      }
      if (view.planned === undefined) continue;
      const { hypervisors, placements } = view.planned;
      const counts = hypervisors.map((node) => ({
        node,
        there: placements
          .filter(({ vm, after }) => after === node && present.includes(vm))
          .map(({ vm }) => vm)
          .sort(),
      }));
      for (const { node, there } of counts) {
        if (there.length <= config.maxPerHost) continue;
        report(
          `At most ${config.maxPerHost} of the group "${name}" may be on one node; after this change ${node} has ${there.join(", ")}, and its failure takes them all. Keep them apart by a Colocation, or prefer other nodes for some.`,
          shown,
        );
      }
      const sizes = counts.map(({ there }) => there.length);
      if (config.maxSkew === undefined || Math.max(...sizes) - Math.min(...sizes) <= config.maxSkew) continue;
      const spread = counts.map(({ node, there }) => `${node} ${there.length}`).join(", ");
      report(
        `The nodes must differ by at most ${config.maxSkew} in VMs of the group "${name}"; after this change they have ${spread}. Prefer other nodes for some.`,
        shown,
      );
    }
  },
});
