/** Raw inputs before validation by a schema. */

/** Inputs or outputs as the engine passes them. */
export type Raw = Record<string, unknown>;

/** Whether a value is an object with properties. */
export const isRecord = (value: unknown): value is Raw =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** An object without its undefined and null properties. */
export const dropUndefined = (value: Raw): Raw =>
  Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined && each !== null));

/**
 * The logical name of the resource, from the sdk. The engine passes no name to a provider, so the provider could not
 * tell a replaced resource from one that another resource takes over.
 */
export const RESOURCE = "__resource";

/** The same as part of inputs or a state. */
export const resourceIn = (raw: Raw): Raw => (typeof raw[RESOURCE] === "string" ? { [RESOURCE]: raw[RESOURCE] } : {});

/**
 * In a state, the paths of observed values that were not requested: `systemDisk.size` of a disk as large as its image.
 * The engine passes only the state to a read, and such values must not become inputs.
 */
export const UNSAID = "__unsaid";

/** A state or inputs, without values that were not requested. */
export function whatWasSaid(raw: Raw): Raw {
  const { [UNSAID]: unsaid, ...rest } = raw;
  const without = (value: unknown, [key = "", ...deeper]: string[]): unknown => {
    if (!isRecord(value)) return value;
    const { [key]: inner, ...others } = value;
    return deeper.length === 0 || inner === undefined ? others : { ...others, [key]: without(inner, deeper) };
  };
  const paths = Array.isArray(unsaid) ? unsaid.map(String) : [];
  return paths.reduce((value, path) => without(value, path.split(".")) as Raw, rest);
}

/** Merges defaults into an object; anything else (unknown or invalid) is left to the schema. */
export function filled(value: unknown, defaults: Raw): unknown {
  if (value === undefined) return defaults;
  return isRecord(value) ? { ...defaults, ...dropUndefined(value) } : value;
}

/** Users write numbers and booleans in maps of strings; the cluster has strings. */
export function strings(value: unknown): unknown {
  if (!isRecord(value)) return value;
  const text = (each: unknown) => (typeof each === "number" || typeof each === "boolean" ? String(each) : each);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, text(each)]));
}

/** The default seconds for Pacemaker to act. */
export const TIMEOUTS = { create: 300, update: 300, delete: 300 };

/** A map without its empty values. */
export const withoutEmpty = (map: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(map).filter(([, value]) => value !== ""));

/**
 * A resource's earlier owner by its state or inputs, if the stack, project or resource has been renamed; otherwise
 * empty.
 */
export function formerOwner(before: Raw, { owner }: { owner?: string | undefined }): string[] {
  const former = before["owner"];
  return typeof former === "string" && former !== "" && former !== owner ? [former] : [];
}

/** The spec with the owner that the state knows. */
export function withFormerOwner<T extends { owner?: string }>(spec: T, before: Raw): T & { formerOwner?: string } {
  const [former] = formerOwner(before, spec);
  return former === undefined ? spec : { ...spec, formerOwner: former };
}
