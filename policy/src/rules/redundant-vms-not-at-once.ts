import { pairsOf, samePair } from "../bonds";
import { schemaOf } from "../config";
import { isRecord } from "../values";
import { groups, groupsOf, METADATA_KEY, type Group } from "../redundancy";
import { stackRule } from "../stack-rule";
import { resourceAmong, resourceOf, type View } from "../view";

interface Config {
  groups: Group[];
  metadataKey?: string;
}

/**
 * The groups from configuration and metadata, and the VMs that a strong colocation of the stack keeps apart. A
 * preference alone does not mean that one stands in for the other.
 */
function allGroups(view: View, config: Config): Group[] {
  const named = groupsOf(view, config);
  const apart = view.relations
    .filter(({ kind, strong, resource }) => kind === "apart" && strong && resource !== undefined)
    .map(({ name, vms }) => ({ name, vms: [...new Set(vms)] }));
  // A group's colocation has already been reported with the group.
  const isNamed = (vms: readonly string[]) => named.some((group) => vms.every((vm) => group.vms.includes(vm)));
  return [...named, ...apart.filter(({ vms }) => vms.length > 1 && !isNamed(vms))];
}

/** Whether a strong colocation keeps two VMs apart: an `up` then stops one after the other automatically. */
const takeTurns = (view: View, pair: readonly [string, string]) =>
  view.relations.some(
    ({ kind, strong, vms }) => kind === "apart" && strong && pairsOf(vms).some((each) => samePair(each, pair)),
  );

/** One change does not stop VMs that stand in for each other at the same time. */
export const redundantVmsNotAtOnce = stackRule<Config>({
  name: "redundant-vms-not-at-once",
  displayName: "Redundant VMs one after the other",
  description:
    "VMs that stand in for each other must not be stopped at once by a change of both, a restart or another image: for as long as their guests shut down and boot nobody does their work. An up takes one after the other where a strong colocation keeps them apart.",
  level: "advisory",
  severity: "high",
  remediationSteps:
    "Make the `seapath.Colocation` that keeps them apart `strong: true`, and leave `rolling.outage` alone.",
  config: schemaOf({ groups, metadataKey: METADATA_KEY }, "warn"),
  reads: { Vm: ["name", "rolling"], Colocation: ["vm", "with", "strong", "apart"] },
  readsBesides: ({ metadataKey }): Record<string, string[]> =>
    metadataKey === undefined ? {} : { Vm: [`metadata.${metadataKey}`] },
  validate(view, { config, report }) {
    const told = new Set<string>();
    for (const { name, vms } of allGroups(view, config)) {
      const present = vms.filter((vm) => view.vms.some((each) => each.vm === vm && each.runs));
      for (const vm of present) {
        const resource = resourceOf(view, vm);
        const rolling = resource?.inputs["rolling"];
        if (
          present.length < 2 ||
          resource === undefined ||
          told.has(vm) ||
          !isRecord(rolling) ||
          rolling["outage"] !== "allowed"
        )
          continue;
        told.add(vm);
        report(
          `VM "${vm}" of "${name}" must not have \`rolling: { outage: "allowed" }\`: a change stops it whether the others run or not, and at the same time as them. Take it out, and say SEAPATH_OUTAGE=allowed for the one run that needs it.`,
          resource,
        );
      }
      for (const pair of pairsOf(present).filter((each) => !takeTurns(view, each))) {
        // No run changes both VMs of a pair if another program owns one.
        if (pair.some((vm) => resourceOf(view, vm) === undefined)) continue;
        report(
          `"${pair[0]}" and "${pair[1]}" of "${name}" must be changed one after the other, and nothing sees to it: a change that restarts both, or makes both anew, stops them at once. Keep them apart by a Colocation with \`apart: true, strong: true\`.`,
          resourceAmong(view, pair),
        );
      }
    }
  },
});
