/** Values that a preview does not know yet. The engine sends one string for all of them, whatever their type is. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Whether a value is not known yet. */
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

/** Whether what is said of one path may be due to an unknown value: one of the two lies within the other. */
export function concernsUnknown(path: Path, unknowns: readonly Path[]): boolean {
  return unknowns.some((unknown) => {
    const shared = Math.min(path.length, unknown.length);
    return path.slice(0, shared).every((part, index) => part === unknown[index]);
  });
}

/** The value, with everything below it that holds an unknown left out. */
export function knownPart<T>(value: T): T | undefined {
  return unknownPaths(value).length === 0 ? value : undefined;
}
