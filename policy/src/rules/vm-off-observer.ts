import { schemaOf, texts } from "../config";
import { hostsOf, vmName } from "../declared";
import { resourceRule } from "../resource-rule";
import { observersOf, withoutObserverBan } from "./observer-ban";

interface Config {
  observers: string[];
}

const name = "vm-off-observer";

const about = {
  name,
  displayName: "No VM on the observer",
  description:
    "A VM must neither be pinned to the observer nor prefer it, and a rule must keep it away: the observer votes, and has no hypervisor.",
  level: "mandatory",
  severity: "critical",
  remediationSteps:
    "Name a hypervisor in `pinnedHost` or `preferredHost`. A VM without its ban gets it by `npx seapath disable` and `enable`, or by the next change of its resource.",
  config: schemaOf(
    {
      observers: texts("The nodes that never run a VM. Default: the one that the cluster names in /etc/cluster.conf."),
    },
    "fail",
  ),
} as const;

/** No VM on the observer. Checks pin and preference before a VM is created, and the ban for all VMs of the cluster. */
export const vmOffObserver = {
  ...resourceRule<Config>({
    ...about,
    kinds: ["Vm"],
    reads: ["pinnedHost", "preferredHost"],
    async validate(resource, { config, report, nodes }) {
      const hosts = hostsOf(resource);
      if (hosts.length === 0) return;
      const known = config.observers.length > 0 ? undefined : await nodes();
      const observers = observersOf(config, known);
      for (const { key, host } of hosts) {
        if (!observers.includes(host)) continue;
        const others = known === undefined ? "a hypervisor" : known.hypervisors.join(" or ");
        report(
          `VM "${vmName(resource)}" must not have \`${key}: "${host}"\`: ${host} is an observer, which has no hypervisor, so the VM ${key === "pinnedHost" ? "would never run" : "would not go where it is meant to be"}. Name ${others}.`,
          resource,
        );
      }
    },
  }),
  ...withoutObserverBan<Config>(about),
};
