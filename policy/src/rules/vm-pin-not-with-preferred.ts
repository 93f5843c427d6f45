import { schemaOf } from "../config";
import { vmName } from "../declared";
import { resourceRule } from "../resource-rule";

/** A VM is pinned or prefers a node, not both. */
export const vmPinNotWithPreferred = resourceRule<object>({
  name: "vm-pin-not-with-preferred",
  displayName: "A pinned VM prefers nothing",
  description:
    "A VM must not have both `pinnedHost` and `preferredHost`: vm-mgr drops the preference, and a pinned VM runs on one node only.",
  level: "advisory",
  severity: "low",
  remediationSteps: "Leave out `preferredHost`, or `pinnedHost` where the VM may run elsewhere when that node is down.",
  config: schemaOf({}),
  kinds: ["Vm"],
  reads: ["pinnedHost", "preferredHost"],
  validate(resource, { report }) {
    const { pinnedHost, preferredHost } = resource.inputs;
    if (typeof pinnedHost !== "string" || typeof preferredHost !== "string") return;
    report(
      `VM "${vmName(resource)}" must not have \`preferredHost: "${preferredHost}"\` beside \`pinnedHost: "${pinnedHost}"\`: it runs on ${pinnedHost} or not at all, and vm-mgr drops the preference. Leave one of them out.`,
      resource,
    );
  },
});
