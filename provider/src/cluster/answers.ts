/** Checks the form of programs' answers. Errors are in plain words, never in a schema's own. */
import type { z } from "zod";
import { ParseError } from "./errors";

/**
 * The first place where a value has the wrong form, e.g. `storage.images[3].size`; `its whole` if it is the value
 * itself.
 */
export function wrongPlace(error: z.ZodError): string {
  const path = error.issues[0]?.path ?? [];
  const text = path
    .map((part, index) => (typeof part === "number" ? `[${part}]` : `${index === 0 ? "" : "."}${String(part)}`))
    .join("");
  return text === "" ? "its whole" : `its part \`${text}\``;
}

/**
 * A value in the required form.
 * @param tool the program that answered
 * @throws ParseError that says where the form is wrong
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
