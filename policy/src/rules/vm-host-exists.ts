import { schemaOf, texts } from "../config";
import { hostsOf, vmName } from "../declared";
import { resourceRule } from "../resource-rule";

interface Config {
  hypervisors: string[];
}

/** A host that a VM names exists in the cluster. */
export const vmHostExists = resourceRule<Config>({
  name: "vm-host-exists",
  displayName: "The host of a VM exists",
  description:
    "`pinnedHost` and `preferredHost` must name a node of the cluster: Pacemaker passes over a constraint on a node that it does not have, and starts the VM anywhere.",
  level: "mandatory",
  severity: "high",
  remediationSteps: "Name a node as `crm_node --list` does.",
  config: schemaOf(
    { hypervisors: texts("The nodes that may run VMs. Default: the cluster's, without its observer.") },
    "fail",
  ),
  kinds: ["Vm"],
  reads: ["pinnedHost", "preferredHost"],
  async validate(resource, { config, report, nodes }) {
    const hosts = hostsOf(resource);
    if (hosts.length === 0) return;
    const given = config.hypervisors.length > 0;
    const known = given ? undefined : await nodes();
    if (!given && known === undefined) return;
    const allowed = given
      ? config.hypervisors
      : [...(known?.hypervisors ?? []), ...(known?.observer === undefined ? [] : [known.observer])];
    for (const { key, host } of hosts) {
      if (allowed.includes(host)) continue;
      report(
        `VM "${vmName(resource)}" must not have \`${key}: "${host}"\`: there is no such node, and Pacemaker passes over a constraint on it without a word, so the VM would start anywhere. It must be one of ${(known?.hypervisors ?? allowed).join(", ")}.`,
        resource,
      );
    }
  },
});
