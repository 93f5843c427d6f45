/**
 * The inputs of resources as plain values. What @pulumi/policy hands over throws when a value is read that is not known
 * yet, and then makes an advisory remark of the whole policy, be it mandatory. So nothing is read through it: what is
 * unknown is taken out, and each rule says what it could not look at.
 */

export type Raw = Record<string, unknown>;

/** How @pulumi/policy writes down a value that is not known yet, by its type. */
const UNKNOWN = new Set([
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7", // boolean
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421", // number
  "04da6b54-80e4-46f7-96ec-b56ff0331ba9", // string
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2", // array
  "030794c1-ac77-496b-92df-f27374a8bd58", // asset
  "e48ece36-62e2-4504-bad9-02848725956a", // archive
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff", // object
]);

export const isUnknown = (value: unknown): boolean => typeof value === "string" && UNKNOWN.has(value);

export const isRecord = (value: unknown): value is Raw =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The value behind the proxies of @pulumi/policy: a property's descriptor is given without a look at the value. */
export function rawOf(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.keys(value).map(
    (key) => [key, rawOf(Object.getOwnPropertyDescriptor(value, key)?.value)] as const,
  );
  if (!Array.isArray(value)) return Object.fromEntries(entries);
  return entries.map(([, each]) => each);
}

/** A value without what is unknown in it, whose paths are taken down: `domain.memory`. */
export function knownOf(value: unknown, unknown: string[], path = ""): unknown {
  if (isUnknown(value)) {
    unknown.push(path);
    return undefined;
  }
  const at = (key: string) => (path === "" ? key : `${path}.${key}`);
  if (Array.isArray(value))
    return value.map((each, index) => knownOf(each, unknown, at(String(index)))).filter((each) => each !== undefined);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, each]) => {
      const known = knownOf(each, unknown, at(key));
      return known === undefined ? [] : [[key, known]];
    }),
  );
}

/** What lies within a value, key by key; undefined where there is nothing. */
export const within = (value: unknown, keys: readonly string[]): unknown =>
  keys.reduce<unknown>((at, key) => (isRecord(at) || Array.isArray(at) ? (at as Raw)[key] : undefined), value);

/** What lies at a path: `domain.memory`. */
export const valueAt = (value: unknown, path: string): unknown => within(value, path.split("."));

/** Whether two paths concern each other: one is the other, or lies within it. */
export const touches = (one: string, other: string): boolean =>
  one === other || one.startsWith(`${other}.`) || other.startsWith(`${one}.`);
