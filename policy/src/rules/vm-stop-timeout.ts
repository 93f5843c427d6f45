import { schemaOf, whole } from "../config";
import { vmName } from "../declared";
import { resourceRule } from "../resource-rule";

interface Config {
  minSeconds: number;
}

/** A guest gets the time it needs to shut down. */
export const vmStopTimeout = resourceRule<Config>({
  name: "vm-stop-timeout",
  displayName: "Time to shut down",
  description:
    "A VM must have the time that its guest needs to shut down: vm-mgr's 30 seconds end some of them in the middle of their writes, and the resource agent advises 90.",
  level: "advisory",
  severity: "low",
  remediationSteps: 'Set `stopTimeout: 90`, or the level "remediate", which does.',
  config: schemaOf({ minSeconds: whole("The least seconds that a guest is given.", 1, 90) }),
  kinds: ["Vm"],
  needs: ["stopTimeout"],
  validate(resource, { config, report }) {
    const { stopTimeout } = resource.inputs;
    if (typeof stopTimeout !== "number" || stopTimeout >= config.minSeconds) return;
    report(
      `VM "${vmName(resource)}" must have a \`stopTimeout\` of at least ${config.minSeconds} seconds, and has ${stopTimeout}: a guest that is not through by then is ended, like by a power cut.`,
      resource,
    );
  },
  remediate(inputs, { minSeconds }) {
    const { stopTimeout } = inputs;
    return typeof stopTimeout === "number" && stopTimeout >= minSeconds
      ? undefined
      : { ...inputs, stopTimeout: minSeconds };
  },
});
