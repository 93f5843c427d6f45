/** Checks for configuration values. Nothing in here is specific to this platform. */
import { isIPv4 } from "node:net";

/** A condition on a value, in words that complete "must be …", or an object of such values. */
export interface Rule {
  must: string;
  holds(value: unknown): boolean;
  optional?: boolean;
  inner?: Readonly<Record<string, Rule>>;
}

const rule = (must: string, holds: Rule["holds"]): Rule => ({ must, holds });
const matches = (must: string, form: RegExp): Rule =>
  rule(must, (value) => typeof value === "string" && form.test(value));

export const whole = rule("a whole number above 0", (value) => Number.isInteger(value) && (value as number) > 0);
export const word = matches("letters and digits, a letter first", /^[A-Za-z][A-Za-z0-9]*$/);
export const host = matches("a name", /^[A-Za-z0-9][\w.-]*$/);
export const path = matches("an absolute path on the nodes", /^\//);
export const address = rule("an IPv4 address", (value) => typeof value === "string" && isIPv4(value));
export const oneOf = (...values: unknown[]): Rule =>
  rule(`one of ${values.join(", ")}`, (value) => values.includes(value));
export const optional = (of: Rule): Rule => ({ ...of, optional: true });
export const object = (inner: Readonly<Record<string, Rule>>): Rule => ({
  ...rule(
    `an object of ${Object.keys(inner).join(", ")}`,
    (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  ),
  inner,
});

/** The problems of a value, a sentence each. @param at its place, e.g. `platform:vms.hmi` */
export function problemsOf(at: string, value: unknown, { must, holds, optional, inner }: Rule): string[] {
  if (value === undefined) return optional ? [] : [`${at} is missing; it must be ${must}`];
  if (!holds(value)) return [`${at} must be ${must}, and is ${JSON.stringify(value)}`];
  if (inner === undefined) return [];
  const below = (key: string) => (at.endsWith(":") ? `${at}${key}` : `${at}.${key}`);
  const unknown = Object.keys(value as object).filter((key) => inner[key] === undefined);
  return [
    ...Object.entries(inner).flatMap(([key, each]) =>
      problemsOf(below(key), (value as Record<string, unknown>)[key], each),
    ),
    ...unknown.map((key) => `${below(key)} is not known; known are ${Object.keys(inner).join(", ")}`),
  ];
}
