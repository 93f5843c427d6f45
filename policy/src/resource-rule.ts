/** Rules for single resources: they run before the resource is created, in a preview and in an `up` alike. */
import type { ResourceValidationPolicy } from "@pulumi/policy";
import { configOf, type Limits } from "./config";
import { declaredOf, isUnknownAt, type Declared } from "./declared";
import { lookOf, nodesFor, policyOf, type About, type Look } from "./rule";
import type { Raw } from "./values";
import type { ClusterNodes } from "./cluster";

/** What a rule for a single resource may also use. */
export interface ResourceLook<Config> extends Look<Config> {
  /** The nodes of its cluster; undefined if unavailable, which has already been reported. */
  nodes: () => Promise<ClusterNodes | undefined>;
}

/** A rule for single resources. */
export interface ResourceRule<Config> extends About {
  /** The classes that it applies to: `["Vm"]`. */
  kinds: readonly string[];
  /** The inputs it reads. Unknown ones are reported as not checked, and the rule runs without them. */
  reads?: readonly string[];
  /** The inputs it requires. While one is unknown, the rule does not run and says so. */
  needs?: readonly string[];
  validate(resource: Declared, look: ResourceLook<Config>): void | Promise<void>;
  /** Returns corrected inputs, or undefined if they are fine. Enables the level `remediate`. */
  remediate?: (inputs: Raw, config: Config & Limits) => Raw | undefined;
}

/** Turns a rule into a policy. */
export function resourceRule<Config>(rule: ResourceRule<Config>): ResourceValidationPolicy {
  const { remediate, reads = [], needs = [] } = rule;
  const found = (args: Parameters<typeof declaredOf>[0]) => {
    const resource = declaredOf(args);
    return resource !== undefined && rule.kinds.includes(resource.kind) ? resource : undefined;
  };
  return {
    ...policyOf(rule),
    async validateResource(args, violation) {
      const resource = found(args);
      if (resource === undefined) return;
      const look = lookOf<Config>(rule, args.getConfig(), violation);
      for (const path of [...reads, ...needs]) if (isUnknownAt(resource, path)) look.unknown(resource, path);
      if (needs.some((path) => isUnknownAt(resource, path))) return;
      await rule.validate(resource, { ...look, nodes: () => nodesFor(rule.name, resource, look) });
    },
    ...(remediate === undefined
      ? {}
      : {
          remediateResource(args) {
            const resource = found(args);
            // Unknown inputs cannot be corrected; the validation that follows reports them.
            if (resource === undefined || [...reads, ...needs].some((path) => isUnknownAt(resource, path)))
              return undefined;
            return remediate(shallow(args.props), configOf<Config>(rule.config, args.getConfig()));
          },
        }),
  };
}

/** A shallow copy of the inputs; below the top level, secrets stay secrets. */
const shallow = (props: Raw): Raw =>
  Object.fromEntries(
    Object.keys(props).map((key) => [key, Object.getOwnPropertyDescriptor(props, key)?.value as unknown]),
  );

/** Changes a map within the inputs. Secrets and unknown values stay as they are. */
export function withTexts(inputs: Raw, [first, ...rest]: readonly string[], texts: Record<string, unknown>): Raw {
  if (first === undefined) return { ...inputs, ...texts };
  const inner = inputs[first];
  return {
    ...inputs,
    [first]: withTexts(typeof inner === "object" && inner !== null ? shallow(inner as Raw) : {}, rest, texts),
  };
}
