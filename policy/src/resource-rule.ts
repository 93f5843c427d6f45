/** Rules of one resource: they run before it is made, in a preview and in an `up` alike. */
import type { ResourceValidationPolicy } from "@pulumi/policy";
import { configOf, type Limits } from "./config";
import { declaredOf, isUnknownAt, type Declared } from "./declared";
import { lookOf, nodesFor, policyOf, type About, type Look } from "./rule";
import type { Raw } from "./values";
import type { ClusterNodes } from "./cluster";

/** What a rule of one resource may ask besides. */
export interface ResourceLook<Config> extends Look<Config> {
  /** The nodes of its cluster; undefined when they cannot be known, which has been said. */
  nodes: () => Promise<ClusterNodes | undefined>;
}

/** A rule of one resource. */
export interface ResourceRule<Config> extends About {
  /** The classes that it is about: `["Vm"]`. */
  kinds: readonly string[];
  /** The inputs that it looks at. Of those that are not known yet it is said that they were not checked, and it runs without them. */
  reads?: readonly string[];
  /** The inputs without which it can say nothing: while one of them is not known it does not run, which is said. */
  needs?: readonly string[];
  validate(resource: Declared, look: ResourceLook<Config>): void | Promise<void>;
  /** The inputs as they must be; undefined where they are. Given, so that the level `remediate` can be chosen. */
  remediate?: (inputs: Raw, config: Config & Limits) => Raw | undefined;
}

/** Makes a policy of a rule. */
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
            // Inputs that are not known yet cannot be put right; the validation that follows says so.
            if (resource === undefined || [...reads, ...needs].some((path) => isUnknownAt(resource, path)))
              return undefined;
            return remediate(shallow(args.props), configOf<Config>(rule.config, args.getConfig()));
          },
        }),
  };
}

/** The top of the inputs, below which secrets stay secrets. */
const shallow = (props: Raw): Raw =>
  Object.fromEntries(
    Object.keys(props).map((key) => [key, Object.getOwnPropertyDescriptor(props, key)?.value as unknown]),
  );

/** A change of a map within the inputs. Secrets and what is not known stay what they are. */
export function withTexts(inputs: Raw, [first, ...rest]: readonly string[], texts: Record<string, unknown>): Raw {
  if (first === undefined) return { ...inputs, ...texts };
  const inner = inputs[first];
  return {
    ...inputs,
    [first]: withTexts(typeof inner === "object" && inner !== null ? shallow(inner as Raw) : {}, rest, texts),
  };
}
