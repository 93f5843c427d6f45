/** Answers of programs, held to their form: where one is not as it should be is said in words, never in a schema's own. */
import type { z } from "zod";
import { ParseError } from "./errors";

/** The first place where a value is not of its form, e.g. `storage.images[3].size`; `its whole` when that is all of it. */
export function wrongPlace(error: z.ZodError): string {
  const path = error.issues[0]?.path ?? [];
  const text = path
    .map((part, index) => (typeof part === "number" ? `[${part}]` : `${index === 0 ? "" : "."}${String(part)}`))
    .join("");
  return text === "" ? "its whole" : `its part \`${text}\``;
}

/**
 * A value of the form that it has to have.
 * @param tool who answered it
 * @throws ParseError which says where it is not so
 */
export function readAs<T>(schema: z.ZodType<T>, answer: unknown, tool: string): T {
  const read = schema.safeParse(answer);
  if (read.success) return read.data;
  throw new ParseError(
    tool,
    `${wrongPlace(read.error)} is not of the form that it should have`,
    JSON.stringify(answer) ?? "",
  );
}
