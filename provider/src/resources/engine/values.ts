/** Raw inputs before a schema has judged them. */

/** Inputs or outputs as the engine passes them. */
export type Raw = Record<string, unknown>;

/** Whether a value is an object with properties. */
export const isRecord = (value: unknown): value is Raw =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** An object without the properties that say nothing. */
export const dropUndefined = (value: Raw): Raw =>
  Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined && each !== null));

/**
 * The logical name of the resource, which the sdk gives: the engine tells a provider no name, and one that it replaces is not told
 * otherwise from one that another resource takes over.
 */
export const RESOURCE = "__resource";

/** The same as a part of inputs or a state. */
export const resourceIn = (raw: Raw): Raw => (typeof raw[RESOURCE] === "string" ? { [RESOURCE]: raw[RESOURCE] } : {});

/**
 * In a state, the paths of what was observed and nobody asked for: `systemDisk.size` of a disk that is as large as its image.
 * The engine hands a read the state alone, and what is no input must not become one.
 */
export const UNSAID = "__unsaid";

/** What a state has, or inputs, without what nobody asked for. */
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

/** Merges defaults into an object; what is not an object (unknown, or wrong) is left for the schema to judge. */
export function filled(value: unknown, defaults: Raw): unknown {
  if (value === undefined) return defaults;
  return isRecord(value) ? { ...defaults, ...dropUndefined(value) } : value;
}

/** Numbers and booleans in maps of strings are what people write; the cluster has strings. */
export function strings(value: unknown): unknown {
  if (!isRecord(value)) return value;
  const text = (each: unknown) => (typeof each === "number" || typeof each === "boolean" ? String(each) : each);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, text(each)]));
}

/** Seconds that Pacemaker may take for what it is told, where nothing is said. */
export const TIMEOUTS = { create: 300, update: 300, delete: 300 };

/** A map without its empty values. */
export const withoutEmpty = (map: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(map).filter(([, value]) => value !== ""));

/** Whose a resource was by its state or its inputs before, where stack, project or resource were renamed since; else nothing. */
export function formerOwner(before: Raw, { owner }: { owner?: string | undefined }): string[] {
  const former = before["owner"];
  return typeof former === "string" && former !== "" && former !== owner ? [former] : [];
}

/** What is asked for, by whom the state knows it. */
export function withFormerOwner<T extends { owner?: string }>(spec: T, before: Raw): T & { formerOwner?: string } {
  const [former] = formerOwner(before, spec);
  return former === undefined ? spec : { ...spec, formerOwner: former };
}
