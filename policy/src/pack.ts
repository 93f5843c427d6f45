/** The pack: all rules, with the levels and the configuration that its maker gives it. */
import { PolicyPack, type EnforcementLevel, type Policies, type PolicyPackArgs, type PolicyPackConfig } from "@pulumi/policy";
import * as rules from "./rules";

/** The rules of one resource: they run before it is made. */
export const resourceRules: Policies = [
  rules.vmOffObserver, rules.vmHostExists, rules.vmPinNotWithPreferred, rules.vmSizeLimits, rules.vmStickiness, rules.vmStopTimeout,
];

/** The rules of the stack, together with what the cluster has beside it. */
export const stackRules: Policies = [
  rules.colocationEffective, rules.colocationPinsAgree, rules.separationFitsHosts, rules.separationContradiction, rules.redundantVmsApart,
];

/** The rules of the cluster as it will be: Pacemaker's own scheduler is asked. */
export const clusterRules: Policies = [
  rules.guestNodeClosed, rules.clusterConfigValid, rules.planPlacesAll, rules.planLeavesOthers, rules.survivesNodeFailure,
  rules.memoryAfterFailure, rules.failbackQuiet,
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
  constructor(config: SeapathPolicyConfig = {}, { name = "seapath-placement", policies = allRules, more = [], ...args }: SeapathPolicyPackArgs = {}) {
    const last = policies.filter((each) => each === rules.placementReport);
    super(name, {
      displayName: "Placement on SEAPATH clusters",
      description: "Where VMs may run, and that they will: of one resource, of a stack, and of the cluster as it will be",
      provider: "seapath",
      tags: ["seapath"],
      ...args,
      policies: [...policies.filter((each) => !last.includes(each)), ...more, ...last],
    }, withAll(config, [...policies, ...more]));
  }
}

/** Refuses a name that is no rule's: its level or its limit would be none, and nobody would know. */
function known(config: PolicyPackConfig, policies: Policies): PolicyPackConfig {
  const names = policies.map(({ name }) => name);
  const strange = Object.keys(config).filter((name) => !names.includes(name));
  if (strange.length > 0) throw new Error(`The pack has no rule ${strange.map((name) => `"${name}"`).join(", ")}; it has ${names.join(", ")}`);
  return config;
}

/** `all`, told for each rule that has no level here: the engine knows it in its own files only. */
function withAll({ all, ...config }: SeapathPolicyConfig, policies: Policies): PolicyPackConfig {
  if (all === undefined) return known(config, policies);
  const levels = Object.fromEntries(policies.map(({ name }) => {
    const own = config[name];
    if (own === undefined) return [name, all];
    return [name, typeof own === "string" ? own : { enforcementLevel: all, ...own }];
  }));
  return { ...known(config, policies), ...levels };
}
