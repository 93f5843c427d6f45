/** Configuration that every rule has, besides its own. */
import type { PolicyConfigSchema } from "@pulumi/policy";

type Properties = PolicyConfigSchema["properties"];

/** How a rule behaves if it cannot check everything. */
export interface Limits {
  /** A value that the rule reads is unknown until other resources exist. */
  onUnknown: "fail" | "warn";
  /** The cluster does not answer. */
  onUnreachable: "fail" | "warn" | "skip";
  /** Problems that already existed and do not concern the stack. */
  others: "advise" | "fail";
  /** A file from `npx seapath plan --save`, or a CIB, instead of the cluster. */
  savedCluster?: string;
}

const unknowns: Properties = {
  onUnknown: {
    type: "string",
    enum: ["fail", "warn"],
    default: "warn",
    description:
      "A value that is not known before other resources are made breaks the rule (fail), or is said and left out (warn).",
  },
};

const unreachables = (onUnreachable: Limits["onUnreachable"]): Properties => ({
  onUnreachable: {
    type: "string",
    enum: ["fail", "warn", "skip"],
    default: onUnreachable,
    description:
      "A cluster that does not answer breaks the rule (fail), is said aloud (warn), or only in placement-report (skip).",
  },
  others: {
    type: "string",
    enum: ["advise", "fail"],
    default: "advise",
    description:
      "What is about nothing of this stack and was so before: said aloud and in placement-report (advise), or it breaks the rule as well (fail).",
  },
  savedCluster: {
    type: "string",
    description:
      "A file of `npx seapath plan --save`, or a CIB, in place of the cluster. Default: the environment's SEAPATH_SAVED_CLUSTER.",
  },
});

/** The schema of a rule. @param onUnreachable the default behavior; absent if the rule does not query the cluster */
export const schemaOf = (own: Properties, onUnreachable?: Limits["onUnreachable"]): PolicyConfigSchema => ({
  properties: { ...own, ...unknowns, ...(onUnreachable === undefined ? {} : unreachables(onUnreachable)) },
});

/** The given configuration on top of the schema's defaults: a direct caller of a policy passes no defaults. */
export function configOf<Config>(schema: PolicyConfigSchema, given: object): Config & Limits {
  const defaults = Object.entries(schema.properties).flatMap(([key, { default: value }]) =>
    value === undefined ? [] : [[key, value]],
  );
  return { ...Object.fromEntries(defaults), ...given } as Config & Limits;
}

/** Keys that a rule does not know. Pulumi checks the types of known keys and ignores the others. */
export const strangeKeys = (schema: PolicyConfigSchema, given: object): string[] =>
  Object.keys(given).filter((key) => !(key in schema.properties));

/** Names that a rule does not apply to. @param what what the names refer to, and why they may be exempt */
export const exempt = (what: string): Properties[string] => texts(`${what} A * stands for any letters and digits.`);

/** Whether a name matches one of these; `*` stands for any characters. */
export const isNamed = (names: readonly string[], name: string): boolean =>
  names.some((each) =>
    new RegExp(
      `^${each
        .split("*")
        .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
        .join(".*")}$`,
    ).test(name),
  );

export const texts = (description: string): Properties[string] => ({
  type: "array",
  items: { type: "string" },
  default: [],
  description,
});
export const whole = (description: string, minimum: number, preset?: number): Properties[string] => ({
  type: "integer",
  minimum,
  description,
  ...(preset === undefined ? {} : { default: preset }),
});
export const flag = (description: string, preset: boolean): Properties[string] => ({
  type: "boolean",
  default: preset,
  description,
});
