/** What all rules share: their identity, and how they report problems. */
import type { EnforcementLevel, Policy, PolicyConfigSchema, Severity } from "@pulumi/policy";
import { printable } from "pulumi-seapath-provider";
import { nodesOf, isUnreachable, wordsFor, type ClusterNodes } from "./cluster";
import { configOf, strangeKeys, type Limits } from "./config";
import { wordsOf, type Declared } from "./declared";
import { notChecked } from "./notes";

/** A rule's identity. */
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
  /** Whether its findings about the cluster as a whole always concern this stack too. @default false */
  concernsAll?: boolean;
  /** The configuration's properties, as composed by `schemaOf`. */
  config: PolicyConfigSchema;
}

/** How a rule reports, and what it may query. */
export interface Look<Config> {
  config: Config & Limits;
  /**
   * Reports a violation: what must hold, for which VM and node, why, and what to do.
   * @param resource the resource that it is shown with
   */
  report: (message: string, resource?: Declared) => void;
  /** Records that something was not checked; with `onUnknown: "fail"`, it is a violation. */
  unknown: (resource: Declared, path: string) => void;
  /** The same for facts that the scheduler was not given, as a sentence. */
  unsure: (text: string) => void;
  /** Records that something was not checked. */
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
 * Creates a rule's reporting functions. An unknown configuration key is a violation, because its author expected an
 * effect.
 * @param given the configuration
 * @param violation reports to @pulumi/policy
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
 * Queries the cluster. If it does not answer, that is a violation, a warning or a note, as configured. Every other
 * failure is always a violation: nothing is known then, and the network is not to blame.
 * @returns undefined if there is no answer, which has already been reported
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

/** The nodes of a resource's cluster. */
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
