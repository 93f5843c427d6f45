/**
 * The inputs of resources as plain values. Reading an unknown value through the objects of @pulumi/policy throws, and
 * turns the whole policy into an advisory remark, even a mandatory one. So nothing is read through them: unknown values
 * are removed, and each rule reports what it could not check.
 */

export type Raw = Record<string, unknown>;

/** How @pulumi/policy represents an unknown value, by type. */
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

/** The value behind @pulumi/policy's proxies: property descriptors are available without reading the value. */
export function rawOf(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.keys(value).map(
    (key) => [key, rawOf(Object.getOwnPropertyDescriptor(value, key)?.value)] as const,
  );
  if (!Array.isArray(value)) return Object.fromEntries(entries);
  return entries.map(([, each]) => each);
}

/** A value without its unknown parts, whose paths are collected: `domain.memory`. */
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

/** The value at a list of keys; undefined if there is none. */
export const within = (value: unknown, keys: readonly string[]): unknown =>
  keys.reduce<unknown>((at, key) => (isRecord(at) || Array.isArray(at) ? (at as Raw)[key] : undefined), value);

/** The value at a path: `domain.memory`. */
export const valueAt = (value: unknown, path: string): unknown => within(value, path.split("."));

/** Whether two paths overlap: they are equal, or one contains the other. */
export const touches = (one: string, other: string): boolean =>
  one === other || one.startsWith(`${other}.`) || other.startsWith(`${one}.`);
