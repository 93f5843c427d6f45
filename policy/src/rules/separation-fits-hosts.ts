import { apartPairs, namesOf, shownOf, tooMany } from "../bonds";
import { schemaOf, texts } from "../config";
import { stackRule } from "../stack-rule";

interface Config {
  hypervisors: string[];
}

/** There are enough nodes for VMs that are kept apart. */
export const separationFitsHosts = stackRule<Config>({
  name: "separation-fits-hosts",
  displayName: "Nodes enough for VMs that are kept apart",
  description:
    "No more VMs must be kept apart strongly than there are hypervisors: those that find no node of their own stop.",
  level: "mandatory",
  severity: "high",
  remediationSteps: "Take VMs out of the separation, or make it a wish by `strong: false`.",
  config: schemaOf(
    { hypervisors: texts("The nodes that may run VMs. Default: the cluster's, without its observer.") },
    "warn",
  ),
  reads: { Vm: ["name", "enabled", "started"], Colocation: ["vm", "with", "strong", "apart"] },
  validate(view, { config, report, skip }) {
    const stopped = new Set(view.vms.filter(({ runs }) => !runs).map(({ vm }) => vm));
    const pairs = apartPairs(view).filter(({ vms }) => !vms.some((vm) => stopped.has(vm)));
    if (pairs.length === 0) return;
    const hosts = config.hypervisors.length > 0 ? config.hypervisors : view.planned?.hypervisors;
    if (hosts === undefined)
      return skip(view.where, "how many hypervisors it has is not known; give them in `hypervisors`");
    const many = tooMany(pairs, hosts.length);
    if (many === undefined) return;
    const by = pairs.filter(({ vms }) => vms.every((vm) => many.includes(vm))).map((pair) => pair.by);
    report(
      `At most ${hosts.length} VMs may be kept apart strongly, as ${view.where} has the hypervisors ${hosts.join(", ")}; ${namesOf(by)} does it to ${many.join(", ")}, and Pacemaker stops what finds no node. Take one out, or use \`strong: false\`.`,
      shownOf(by),
    );
  },
});
