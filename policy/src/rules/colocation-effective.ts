import { schemaOf } from "../config";
import { isUnknownAt } from "../declared";
import { stackRule } from "../stack-rule";

/** A colocation has at least two VMs, and all of them exist. */
export const colocationEffective = stackRule<object>({
  name: "colocation-effective",
  displayName: "A colocation has an effect",
  description:
    "A colocation must name two different VMs at least, and each must be a VM of this stack or of the cluster, and enabled: otherwise it says nothing, or waits.",
  level: "mandatory",
  severity: "medium",
  remediationSteps: "Name VMs by their outputs, `.name`; enable them, or take the colocation away.",
  config: schemaOf({}, "warn"),
  reads: { Colocation: ["vm", "with"] },
  validate({ relations, vms, planned, where }, { report, skip }) {
    for (const { name, resource, vms: members } of relations) {
      if (resource === undefined || isUnknownAt(resource, "vm") || isUnknownAt(resource, "with")) continue;
      if (new Set(members).size < 2) {
        report(
          `Colocation "${name}" must be about two VMs at least, and names ${members.join(", ") || "none"}: it has no effect. Name others in \`with\`.`,
          resource,
        );
      }
      for (const member of new Set(members)) {
        const found = vms.find(({ vm }) => vm === member);
        if (found === undefined && planned === undefined)
          skip(`Colocation "${name}"`, `whether ${where} has a VM "${member}" is not known`);
        else if (found === undefined)
          report(
            `Colocation "${name}" must name VMs that exist: neither this stack nor ${where} has an enabled VM "${member}", so the colocation keeps nothing together or apart. Name a VM by its output, \`.name\`.`,
            resource,
          );
        else if (found.resource?.inputs["enabled"] === false)
          report(
            `Colocation "${name}" must name VMs that are enabled: "${member}" has \`enabled: false\`, and Pacemaker places only VMs that it has. Enable it, or take it out.`,
            resource,
          );
      }
    }
  },
});
