/** The pack: all rules, with the levels and the configuration that its maker gives it. */
import {
  PolicyPack,
  type EnforcementLevel,
  type Policies,
  type PolicyPackArgs,
  type PolicyPackConfig,
} from "@pulumi/policy";
import * as rules from "./rules";

/** The rules of one resource: they run before it is made. */
export const resourceRules: Policies = [
  rules.vmOffObserver,
  rules.vmHostExists,
  rules.vmPinNotWithPreferred,
  rules.vmSizeLimits,
  rules.vmStickiness,
  rules.vmStopTimeout,
];

/** The rules of the stack, together with what the cluster has beside it. */
export const stackRules: Policies = [
  rules.colocationEffective,
  rules.colocationPinsAgree,
  rules.separationFitsHosts,
  rules.separationContradiction,
  rules.redundantVmsApart,
  rules.redundantVmsNotAtOnce,
];

/** The rules of the cluster as it will be: Pacemaker's own scheduler is asked. */
export const clusterRules: Policies = [
  rules.guestNodeClosed,
  rules.clusterConfigValid,
  rules.clusterOddMachines,
  rules.planPlacesAll,
  rules.planLeavesOthers,
  rules.survivesNodeFailure,
  rules.memoryAfterFailure,
  rules.failbackQuiet,
];

/** All of them; the report comes last, since it has what the others could not check. */
export const allRules: Policies = [...resourceRules, ...stackRules, ...clusterRules, rules.placementReport];

/**
 * The levels and the configuration of rules by their names; `all` is the level of those that have none of their own here.
 *
 * @example
 * { all: "mandatory", "vm-stickiness": "remediate", "survives-node-failure": { exempt: ["scada"] } }
 */
export type SeapathPolicyConfig = PolicyPackConfig & { all?: EnforcementLevel };

/** What a pack is made of beside the rules' own configuration. */
export interface SeapathPolicyPackArgs extends Partial<PolicyPackArgs> {
  /** @default "seapath-placement" */
  name?: string;
  /** Rules in place of all. @default allRules */
  policies?: Policies;
  /** More rules, yours say; they come before the report. @default [] */
  more?: Policies;
}

/**
 * Policies for VMs on SEAPATH clusters. A pack is one file that makes one of these; a file that is given with
 * `--policy-pack-config` counts more than what is said here.
 *
 * @example
 * import { SeapathPolicyPack } from "pulumi-seapath-policy";
 *
 * new SeapathPolicyPack({ "vm-size-limits": { enforcementLevel: "mandatory", maxMemory: 8192 } });
 */
export class SeapathPolicyPack extends PolicyPack {
  constructor(
    config: SeapathPolicyConfig = {},
    { name = "seapath-placement", policies = allRules, more = [], ...args }: SeapathPolicyPackArgs = {},
  ) {
    const last = policies.filter((each) => each === rules.placementReport);
    super(
      name,
      {
        displayName: "Placement on SEAPATH clusters",
        description:
          "Where VMs may run, and that they will: of one resource, of a stack, and of the cluster as it will be",
        provider: "seapath",
        tags: ["seapath"],
        ...args,
        policies: [...policies.filter((each) => !last.includes(each)), ...more, ...last],
      },
      withLevels(known(config, [...policies, ...more]), [...policies, ...more]),
    );
  }
}

/** Refuses a name that is no rule's: its level or its limit would be none, and nobody would know. */
function known(config: SeapathPolicyConfig, policies: Policies): SeapathPolicyConfig {
  const names = policies.map(({ name }) => name);
  const strange = Object.keys(config).filter((name) => name !== "all" && !names.includes(name));
  if (strange.length > 0)
    throw new Error(
      `The pack has no rule ${strange.map((name) => `"${name}"`).join(", ")}; it has ${names.join(", ")}`,
    );
  return config;
}

/**
 * The level of each rule: of `all`, which the engine knows in its own files only, or the rule's own. To the engine a rule that
 * is configured without a level is advisory, whatever it was before.
 */
function withLevels({ all, ...config }: SeapathPolicyConfig, policies: Policies): PolicyPackConfig {
  const levels = policies.flatMap(({ name, enforcementLevel = "advisory" }) => {
    const own = config[name];
    // The report is no violation: a level at which violations count would refuse each preview.
    const general = name === rules.placementReport.name && all !== "disabled" ? undefined : all;
    if (own === undefined) return general === undefined ? [] : [[name, general]];
    return [[name, typeof own === "string" ? own : { enforcementLevel: general ?? enforcementLevel, ...own }]];
  });
  return { ...config, ...Object.fromEntries(levels) };
}
