import { schemaOf, whole } from "../config";
import { clusterRule } from "../stack-rule";

interface Config {
  minMachines: number;
}

/** SEAPATH's first rule: an odd number of machines. */
export const clusterOddMachines = clusterRule<Config>({
  name: "cluster-odd-machines",
  displayName: "The machines are of an odd number",
  description:
    "A cluster must have an odd number of machines, hypervisors or with an observer: of an even number both halves have as many votes when the network between them fails, and neither has a quorum.",
  level: "advisory",
  severity: "medium",
  concernsAll: true,
  remediationSteps: "Add a hypervisor, or a machine as an observer, which votes and runs no VM.",
  config: schemaOf(
    {
      minMachines: whole(
        "The least number of machines. With one there is none that takes over; two are an even number.",
        1,
        3,
      ),
    },
    "warn",
  ),
  validate({ nodes, observer }, { where }, { config, report }) {
    // A guest node is a VM and has no vote.
    const machines = nodes.filter(({ guest }) => !guest);
    const names = machines.map(({ name }) => (name === observer ? `${name} (the observer)` : name)).join(", ");
    if (machines.length % 2 === 0) {
      report(
        `The machines of ${where} must be of an odd number, and are ${machines.length}: ${names}. When the network parts them into halves neither has a quorum, and no VM runs. Add a hypervisor or an observer.`,
      );
    }
    if (machines.length < config.minMachines) {
      report(
        `The machines of ${where} must be ${config.minMachines} at least, and are ${machines.length}: ${names}. Add hypervisors or an observer, or allow it by minMachines.`,
      );
    }
  },
});
