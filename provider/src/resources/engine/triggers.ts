/** Inputs whose change triggers an action, whatever they are. */
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { Raw } from "./values";

export const triggersSchema = z.union([z.array(z.unknown()), z.record(z.string(), z.unknown())], {
  error: "must be a list or an object of values; when one of them changes, it is done again",
});

/** Whether one of the counted inputs has changed. */
export const isDue = (olds: Raw, news: Raw, counted: readonly string[]): boolean =>
  counted.some((key) => !isDeepStrictEqual(olds[key] ?? undefined, news[key] ?? undefined));

/**
 * The prefix of the preview's message; undefined if there is nothing to do.
 * @param known the inputs known so far; unknown triggers may turn out to have changed
 */
export function foretold(
  olds: Raw,
  known: Raw,
  counted: readonly string[],
  isNew: boolean,
): { prefix: string } | undefined {
  if (isNew) return { prefix: "" };
  const unknown = !("triggers" in known) && olds["triggers"] !== undefined;
  if (isDue(olds, unknown ? { ...known, triggers: olds["triggers"] } : known, counted)) return { prefix: "" };
  return unknown ? { prefix: "if its triggers turn out to be other ones: " } : undefined;
}
