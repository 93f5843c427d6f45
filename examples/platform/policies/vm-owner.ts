import { resourceRule, schemaOf, textsAt, vmName } from "pulumi-seapath-policy";

interface Config {
  teams: string[];
}

/** This platform's own rule: each VM names the team that is responsible for it. */
export const vmOwner = resourceRule<Config>({
  name: "vm-owner",
  displayName: "Each VM has an owner",
  description: "Each VM must say which team it belongs to: somebody has to be called at night.",
  level: "mandatory",
  severity: "medium",
  remediationSteps: 'Set `metadata: { owner: "<team>" }`.',
  config: schemaOf({ teams: { type: "array", items: { type: "string" }, default: ["protection", "scada"] } }),
  kinds: ["Vm"],
  needs: ["metadata.owner"], // while it is unknown, the rule does not run and says so
  validate(resource, { config: { teams }, report }) {
    const { owner } = textsAt(resource.inputs, "metadata");
    if (owner !== undefined && teams.includes(owner)) return;
    report(
      `VM "${vmName(resource)}" must have an owner, one of ${teams.join(", ")}, and has ${owner ?? "none"}.`,
      resource,
    );
  },
});
