/** Ages as users write them. */
const FACTORS: Record<string, number> = { s: 1, m: 60, min: 60, h: 3600, d: 86_400, w: 604_800 };

/** An age in seconds, or undefined if it is invalid: `7d`, `36h`, `1w2d`, or a number of seconds. */
export function parseAge(age: string | number): number | undefined {
  if (typeof age === "number") return Number.isSafeInteger(age) && age > 0 ? age : undefined;
  const text = age.trim();
  if (!/^(\d+\s*(?:s|min|m|h|d|w)\s*)+$/.test(text)) return undefined;
  const parts = [...text.matchAll(/(\d+)\s*(s|min|m|h|d|w)/g)];
  const seconds = parts.reduce((sum, [, number, unit]) => sum + Number(number) * (FACTORS[unit ?? ""] ?? 0), 0);
  return Number.isSafeInteger(seconds) && seconds > 0 ? seconds : undefined;
}
