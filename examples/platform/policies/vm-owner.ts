import { isUnknownAt, resourceRule, schemaOf, textsAt, vmName } from "pulumi-seapath-policy";

interface Config {
  teams: string[];
}

/** A rule of this platform's own: each VM says who answers for it. */
export const vmOwner = resourceRule<Config>({
  name: "vm-owner",
  displayName: "Each VM has an owner",
  description: "Each VM must say which team it belongs to: somebody has to be called at night.",
  level: "mandatory",
  severity: "medium",
  remediationSteps: 'Set `metadata: { owner: "<team>" }`.',
  config: schemaOf({ teams: { type: "array", items: { type: "string" }, default: ["protection", "scada"] } }),
  kinds: ["Vm"],
  reads: ["metadata.owner"], // of what is not known yet it is said that it was not checked
  validate(resource, { config: { teams }, report }) {
    if (isUnknownAt(resource, "metadata.owner")) return;
    const { owner } = textsAt(resource.inputs, "metadata");
    if (owner !== undefined && teams.includes(owner)) return;
    report(`VM "${vmName(resource)}" must have an owner, one of ${teams.join(", ")}, and has ${owner ?? "none"}.`, resource);
  },
});
