/** What all rules have: who they are, and how they say that something is not as it must be. */
import type { EnforcementLevel, Policy, PolicyConfigSchema, Severity } from "@pulumi/policy";
import { printable } from "pulumi-seapath-provider";
import { nodesOf, isUnreachable, wordsFor, type ClusterNodes } from "./cluster";
import { configOf, strangeKeys, type Limits } from "./config";
import { wordsOf, type Declared } from "./declared";
import { notChecked } from "./notes";

/** Who a rule is. */
export interface About {
  /** Subject first, with hyphens: `vm-off-observer`. */
  name: string;
  /** What must hold, in a few words. */
  displayName: string;
  /** What must hold, and why. */
  description: string;
  /** @default level "advisory" */
  level: EnforcementLevel;
  severity: Severity;
  /** What to do about a violation. */
  remediationSteps: string;
  /** What it says of the cluster as a whole is never only others' business. @default false */
  concernsAll?: boolean;
  /** The properties of the configuration, as `schemaOf` puts them together. */
  config: PolicyConfigSchema;
}

/** How a rule says something, and what it may ask. */
export interface Look<Config> {
  config: Config & Limits;
  /** What must hold, for which VM and node, why, and what to do. @param resource the one that is shown with it */
  report: (message: string, resource?: Declared) => void;
  /** Takes down that something is not checked, or, with `onUnknown: "fail"`, lets the rule be broken by it. */
  unknown: (resource: Declared, path: string) => void;
  /** The same of what the scheduler could not be told, in a sentence. */
  unsure: (text: string) => void;
  /** Takes down that something is not checked. */
  skip: (about: string, why: string) => void;
}

/** The parts of a rule that @pulumi/policy shows. */
export const policyOf = ({
  name,
  displayName,
  description,
  level,
  severity,
  remediationSteps,
  config,
}: About): Policy => ({
  name,
  displayName,
  description,
  severity,
  remediationSteps,
  enforcementLevel: level,
  configSchema: config,
  tags: ["seapath", "placement"],
});

/**
 * How a rule says something. A key of its configuration that it does not have is a violation: somebody meant something by it.
 * @param given the configuration @param violation how @pulumi/policy is told
 */
export function lookOf<Config>(
  { name: rule, config: schema }: About,
  given: object,
  violation: (message: string, urn?: string) => void,
): Look<Config> {
  const config = configOf<Config>(schema, given);
  const report = (message: string, resource?: Declared) => violation(printable(message), resource?.urn);
  for (const key of strangeKeys(schema, given)) {
    report(
      `The configuration of ${rule} must not have "${key}", which means nothing to it; it has ${Object.keys(schema.properties).join(", ")}.`,
    );
  }
  return {
    config,
    report,
    unknown(resource, path) {
      const why = `\`${path}\` is not known before other resources are made`;
      if (config.onUnknown === "fail")
        report(
          `${wordsOf(resource)} must be known to ${rule} before an up: ${why}. Make it of values that no resource gives, or set onUnknown to "warn".`,
          resource,
        );
      else notChecked({ rule, about: wordsOf(resource), why }, true);
    },
    unsure(text) {
      const [about = "", why = text] = text.split(/: (.*)/s);
      if (config.onUnknown === "fail")
        report(
          `${rule} must know all that decides a placement before an up: ${text}. Make it of values that no resource gives, or set onUnknown to "warn".`,
        );
      else notChecked({ rule, about, why }, true);
    },
    skip: (about, why) => notChecked({ rule, about, why }, true),
  };
}

/**
 * Asks the cluster. One that does not answer is a violation, a warning or a note, as the configuration says; every
 * other failure is a violation, whatever it says: nothing is known then, and it is not the network's fault.
 * @returns undefined when there is no answer, which has been said
 */
export async function asked<T, Config>(
  rule: string,
  cluster: string | undefined,
  look: Look<Config>,
  ask: () => Promise<T>,
  resource?: Declared,
): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    const { message, hint } = error as { message: string; hint?: string };
    const why = `${message}${hint === undefined ? "" : ` (${hint})`}`;
    const { onUnreachable } = look.config;
    const where = wordsFor(cluster);
    if (!isUnreachable(error)) {
      look.report(`Unable to check ${where}: ${why}`, resource);
    } else if (onUnreachable === "warn" || onUnreachable === "skip") {
      const about = resource === undefined ? where : wordsOf(resource);
      notChecked({ rule, about, why: `${where} does not answer: ${message}` }, onUnreachable === "warn");
    } else {
      look.report(
        `Not checked, and nothing may pass unchecked: ${where} does not answer: ${why}. Run this where it can be reached, give a \`savedCluster\`, or set onUnreachable to "warn" or "skip".`,
        resource,
      );
    }
    return undefined;
  }
}

/** The nodes of the cluster of a resource. */
export const nodesFor = <Config>(
  rule: string,
  resource: Declared,
  look: Look<Config>,
): Promise<ClusterNodes | undefined> =>
  asked(
    rule,
    resource.cluster,
    look,
    () => nodesOf({ cluster: resource.cluster, savedCluster: look.config.savedCluster }),
    resource,
  );
