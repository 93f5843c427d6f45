import { schemaOf, whole } from "../config";
import { textsAt, vmName } from "../declared";
import { resourceRule, withTexts } from "../resource-rule";

interface Config {
  min: number;
}

const KEY = "resource-stickiness";

const worth = (value: string | undefined): number => {
  if (value === undefined) return 0;
  return /^\+?INFINITY$/i.test(value) ? 1_000_000 : Number(value);
};

/** A VM stays where it is. */
export const vmStickiness = resourceRule<Config>({
  name: "vm-stickiness",
  displayName: "A VM stays where it is",
  description:
    "A VM must have `resource-stickiness`: without it Pacemaker moves it whenever another placement is more even, when a VM comes or goes or a node returns.",
  level: "advisory",
  severity: "medium",
  remediationSteps: 'Set `pacemaker: { meta: { "resource-stickiness": "1" } }`, or the level "remediate", which does.',
  config: schemaOf({ min: whole("The least stickiness.", 1, 1) }),
  kinds: ["Vm"],
  needs: ["pacemaker.meta.resource-stickiness"],
  validate(resource, { config, report }) {
    const value = textsAt(resource.inputs, "pacemaker", "meta")[KEY];
    if (worth(value) >= config.min) return;
    report(
      `VM "${vmName(resource)}" must have a ${KEY} of at least ${config.min}, and has ${value ?? "none"}: Pacemaker moves it between nodes for the sake of an even number, when another VM comes or goes or a node returns. Set \`pacemaker: { meta: { "${KEY}": "${config.min}" } }\`.`,
      resource,
    );
  },
  remediate(inputs, { min }) {
    return worth(textsAt(inputs, "pacemaker", "meta")[KEY]) >= min
      ? undefined
      : withTexts(inputs, ["pacemaker", "meta"], { [KEY]: String(min) });
  },
});
