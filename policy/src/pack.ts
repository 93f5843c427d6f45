/** The pack: all rules, with the levels and configuration that its author gives. */
import {
  PolicyPack,
  type EnforcementLevel,
  type Policies,
  type PolicyPackArgs,
  type PolicyPackConfig,
} from "@pulumi/policy";
import * as rules from "./rules";

/** Rules for single resources: they run before the resource is created. */
export const resourceRules: Policies = [
  rules.vmOffObserver,
  rules.vmHostExists,
  rules.vmPinNotWithPreferred,
  rules.vmSizeLimits,
  rules.vmStickiness,
  rules.vmStopTimeout,
];

/** Rules for the stack, together with what else is on the cluster. */
export const stackRules: Policies = [
  rules.colocationEffective,
  rules.colocationPinsAgree,
  rules.separationFitsHosts,
  rules.separationContradiction,
  rules.redundantVmsApart,
  rules.redundantVmsNotAtOnce,
];

/** Rules for the cluster as it will be, according to Pacemaker's own scheduler. */
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

/** All rules. The report comes last, because it lists what the others could not check. */
export const allRules: Policies = [...resourceRules, ...stackRules, ...clusterRules, rules.placementReport];

/**
 * Levels and configuration of rules, by name; `all` is the level of rules without one of their own here.
 *
 * @example
 * { all: "mandatory", "vm-stickiness": "remediate", "survives-node-failure": { exempt: ["scada"] } }
 */
export type SeapathPolicyConfig = PolicyPackConfig & { all?: EnforcementLevel };

/** Arguments of a pack besides the rules' own configuration. */
export interface SeapathPolicyPackArgs extends Partial<PolicyPackArgs> {
  /** @default "seapath-placement" */
  name?: string;
  /** Rules to use instead of all. @default allRules */
  policies?: Policies;
  /** Additional rules, e.g. your own; they run before the report. @default [] */
  more?: Policies;
}

/**
 * Policies for VMs on SEAPATH clusters. A pack is a file that creates one of these; a file given with
 * `--policy-pack-config` overrides what is set here.
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

/** Rejects an unknown rule name: otherwise its level or limit would be ignored without notice. */
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
 * The level of each rule: its own, or that of `all`, which the engine supports only in its own files. The engine treats
 * a rule that is configured without a level as advisory, whatever its default.
 */
function withLevels({ all, ...config }: SeapathPolicyConfig, policies: Policies): PolicyPackConfig {
  const levels = policies.flatMap(({ name, enforcementLevel = "advisory" }) => {
    const own = config[name];
    // The report is not a violation: a level at which violations count would reject every preview.
    const general = name === rules.placementReport.name && all !== "disabled" ? undefined : all;
    if (own === undefined) return general === undefined ? [] : [[name, general]];
    return [[name, typeof own === "string" ? own : { enforcementLevel: general ?? enforcementLevel, ...own }]];
  });
  return { ...config, ...Object.fromEntries(levels) };
}
