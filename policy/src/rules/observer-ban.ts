/** VMs that nothing bans from the observer: the next node failure may move them there. */
import type { StackValidationPolicy } from "@pulumi/policy";
import { stackRule } from "../stack-rule";
import type { About } from "../rule";
import { resourceOf } from "../view";

/** The nodes that never run a VM: those in the configuration, or the cluster's observer. */
export const observersOf = (
  { observers }: { observers: string[] },
  known: { observer?: string } | undefined,
): string[] => (observers.length > 0 || known?.observer === undefined ? observers : [known.observer]);

/** The part of `vm-off-observer` that concerns the whole cluster. */
export function withoutObserverBan<Config extends { observers: string[] }>(
  about: About,
): Pick<StackValidationPolicy, "validateStack"> {
  const { validateStack } = stackRule<Config>({
    ...about,
    reads: {},
    validate(view, { config, report }) {
      const { planned } = view;
      if (planned === undefined) return;
      const observers = observersOf(config, planned);
      for (const { vm, bannedFrom, pinnedHost } of planned.declared) {
        for (const observer of observers) {
          if (pinnedHost !== undefined || bannedFrom.includes(observer)) continue;
          report(
            `VM "${vm}" must be kept off ${observer}: no constraint does, and ${observer} is an observer without a hypervisor, so the failure of another node takes the VM there, where it cannot run. Run \`crm resource ban ${vm} ${observer}\`.`,
            resourceOf(view, vm),
          );
        }
      }
    },
  });
  return { validateStack };
}
