/** The engine's one string for all values that a preview does not know yet, whatever their type. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Whether a value is unknown yet. */
export const isUnknown = (value: unknown): boolean => value === UNKNOWN;

/** A path into inputs: property names and indices. */
export type Path = readonly PropertyKey[];

/** The paths of all unknown values. */
export function unknownPaths(value: unknown, path: Path = []): Path[] {
  if (isUnknown(value)) return [path];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) =>
    unknownPaths(each, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}

/** Whether a finding about one path may be due to an unknown value: one path contains the other. */
export function concernsUnknown(path: Path, unknowns: readonly Path[]): boolean {
  return unknowns.some((unknown) => {
    const shared = Math.min(path.length, unknown.length);
    return path.slice(0, shared).every((part, index) => part === unknown[index]);
  });
}

/** The value, or undefined if anything in it is unknown. */
export function knownPart<T>(value: T): T | undefined {
  return unknownPaths(value).length === 0 ? value : undefined;
}
