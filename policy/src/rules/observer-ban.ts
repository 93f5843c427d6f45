/** VMs that no rule keeps off the observer: the next failure of a node brings them there. */
import type { StackValidationPolicy } from "@pulumi/policy";
import { stackRule } from "../stack-rule";
import type { About } from "../rule";

/** The part of `vm-off-observer` that is about the whole cluster. */
export function withoutObserverBan<Config extends { observers: string[] }>(about: About): Pick<StackValidationPolicy, "validateStack"> {
  const { validateStack } = stackRule<Config>({
    ...about,
    reads: {},
    validate({ planned, vms }, { config, report }) {
      if (planned === undefined) return;
      const observers = config.observers.length > 0 ? config.observers : planned.observer === undefined ? [] : [planned.observer];
      for (const { vm, bannedFrom, pinnedHost } of planned.declared) {
        for (const observer of observers) {
          if (pinnedHost !== undefined || bannedFrom.includes(observer)) continue;
          const resource = vms.find((each) => each.vm === vm)?.resource;
          report(`VM "${vm}" must be kept off ${observer}: no constraint does, and ${observer} is an observer without a hypervisor, so the failure of another node takes the VM there, where it cannot run. Run \`crm resource ban ${vm} ${observer}\`.`, resource);
        }
      }
    },
  });
  return { validateStack };
}
