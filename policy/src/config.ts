/** What the configuration of each rule may have, beside its own. */
import type { PolicyConfigSchema } from "@pulumi/policy";

type Properties = PolicyConfigSchema["properties"];

/** What becomes of a rule that cannot look at everything. */
export interface Limits {
  /** A value that the rule looks at is not known before other resources are made. */
  onUnknown: "fail" | "warn";
  /** The cluster does not answer. */
  onUnreachable: "fail" | "warn" | "skip";
  /** What is about nothing of the stack, and was so before. */
  others: "advise" | "fail";
  /** A file of `npx seapath plan --save`, or a CIB, in place of the cluster. */
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

/** The schema of a rule. @param onUnreachable what happens by default; absent: the rule asks no cluster */
export const schemaOf = (own: Properties, onUnreachable?: Limits["onUnreachable"]): PolicyConfigSchema => ({
  properties: { ...own, ...unknowns, ...(onUnreachable === undefined ? {} : unreachables(onUnreachable)) },
});

/** The configuration that was given, over the defaults of the schema: who calls a policy directly gives no defaults. */
export function configOf<Config>(schema: PolicyConfigSchema, given: object): Config & Limits {
  const defaults = Object.entries(schema.properties).flatMap(([key, { default: value }]) =>
    value === undefined ? [] : [[key, value]],
  );
  return { ...Object.fromEntries(defaults), ...given } as Config & Limits;
}

/** Keys that a rule does not have: Pulumi looks at the types of those that it has, and passes over the others. */
export const strangeKeys = (schema: PolicyConfigSchema, given: object): string[] =>
  Object.keys(given).filter((key) => !(key in schema.properties));

/** Names that a rule is not for. @param what they are names of, and why they may be exempt */
export const exempt = (what: string): Properties[string] => texts(`${what} A * stands for any letters and digits.`);

/** Whether a name is one of these, in which `*` stands for any letters. */
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
