import { flag, schemaOf } from "../config";
import { clusterRule } from "../stack-rule";

interface Config {
  allowNoStonith: boolean;
}

/** Pacemaker accepts and acts on the configuration. */
export const clusterConfigValid = clusterRule<Config>({
  name: "cluster-config-valid",
  displayName: "Pacemaker takes the configuration",
  description:
    "`crm_verify` must have nothing against the cluster's configuration with this change: Pacemaker starts nothing otherwise, and says so in its log only.",
  level: "mandatory",
  severity: "high",
  concernsAll: true,
  remediationSteps: "Run `crm_verify --live-check -V` on a node, and put right what it names.",
  config: schemaOf(
    { allowNoStonith: flag("Whether a cluster without fencing is allowed, as SEAPATH's own set-up makes it.", true) },
    "fail",
  ),
  validate({ invalid, fencing }, { where }, { config, report }) {
    if (invalid !== undefined) {
      const fenced =
        fencing.enabled && fencing.devices.length === 0
          ? ` Fencing is on (\`${fencing.property}\`) and there is no device for it: set it to false, or add a device.`
          : "";
      report(
        `The configuration of ${where} must be valid with this change; crm_verify says: ${invalid.trim()}.${fenced} Pacemaker starts nothing until it is.`,
      );
    }
    if (!config.allowNoStonith && !fencing.enabled) {
      report(
        `Fencing must be on in ${where}: \`${fencing.property}\` is false, so a node that hangs keeps its VMs, and Pacemaker starts them a second time or not at all. Set it up, or allow it by allowNoStonith.`,
      );
    }
  },
});
