/** A schema's objections to inputs, in words for the user; unknown values are set aside. */
import type { z } from "zod";
import { SeapathError, UnknownCluster } from "../../errors";
import { BrokenVm, forbiddenChar, isOutOfReach, type Refusal } from "../../vmmgr";
import { outputProblem } from "./coerced";
import { Causes } from "./causes";
import { concernsUnknown, unknownPaths } from "./unknowns";

type Raw = Record<string, unknown>;

/** The schema's objections. @param kind as programs name it: `seapath.Vm` */
export function schemaFailures(schema: z.ZodType, inputs: Raw, kind: string): Refusal[] {
  const read = schema.safeParse(inputs);
  const strange = strangeCharacters(inputs);
  if (read.success) return strange;
  const unknowns = unknownPaths(inputs);
  const said = new Set(strange.map(({ property }) => property));
  return [
    ...strange,
    ...read.error.issues.flatMap((issue) => {
      // A text that is not the user's own value cannot have a wrong form.
      if (said.has(propertyPath(issue.path)) || issue.path.some((part) => outputProblem(String(part)) !== undefined))
        return [];
      // An unknown key stays wrong, whatever values become known.
      if (issue.code === "unrecognized_keys") {
        return issue.keys.map((key) => ({
          property: propertyPath([...issue.path, key]),
          reason: `is no input of ${kind}`,
        }));
      }
      if (issue.path.length > 0 && concernsUnknown(issue.path, unknowns)) return [];
      if (issue.code === "invalid_key") {
        return issue.issues.map(({ message }) => ({ property: propertyPath(issue.path), reason: message }));
      }
      const missing = issue.code === "invalid_type" && valueAt(inputs, issue.path) === undefined;
      return [{ property: propertyPath(issue.path), reason: missing ? "is missing" : issue.message }];
    }),
  ];
}

/**
 * Every text of the inputs, including keys, ends up in an argument, in XML or in both. Neither can hold a NUL, another
 * control character or half of a surrogate pair. This check finds them for all kinds, before a tool does in the middle
 * of an `up`.
 */
function strangeCharacters(value: unknown, path: readonly PropertyKey[] = []): Refusal[] {
  const refusalOf = (text: string, at: readonly PropertyKey[], what: string) => {
    const coerced = outputProblem(text);
    if (coerced !== undefined) return [{ property: propertyPath(at), reason: coerced }];
    const char = forbiddenChar(text);
    return char === undefined
      ? []
      : [{ property: propertyPath(at), reason: `${what} the character ${char}, which XML and commands cannot hold` }];
  };
  if (typeof value === "string") return refusalOf(value, path, "must not have");
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => {
    const within = [...path, Array.isArray(value) ? Number(key) : key];
    return Array.isArray(value)
      ? strangeCharacters(each, within)
      : [...refusalOf(key, path, "must not have a key with"), ...strangeCharacters(each, within)];
  });
}

/**
 * Inputs in that form.
 * @param what names them in the error: `The state of VM "web01"`
 * @throws SeapathError that names what is wrong with them
 */
export function readInputsAs<T>(schema: z.ZodType<T>, inputs: Raw, kind: string, what: string): T {
  const read = schema.safeParse(inputs);
  if (read.success) return read.data;
  const reasons = schemaFailures(schema, inputs, kind).map(
    ({ property, reason }) => `${property === "" ? "it" : property}: ${reason}`,
  );
  throw new SeapathError("inputs", `${what} cannot be used: ${reasons.join("; ")}`, {
    hint: "Put the inputs right in the program; what is wrong in a state alone is put right by `pulumi refresh`.",
  });
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, part) => (at as Record<PropertyKey, unknown> | undefined)?.[part], value);
}

const propertyPath = (path: readonly PropertyKey[]) =>
  path
    .map((part, index) => (typeof part === "number" ? `[${part}]` : `${index === 0 ? "" : "."}${String(part)}`))
    .join("");

/**
 * The cluster's objections to the inputs. An unreachable cluster rejects nothing, and a message says so. A wrong host
 * key or a refused login is an error. A cluster missing from the configuration is the input's fault.
 * @param property the input that names the VM, for a VM that cannot be read
 * @param what was not checked then: `VM "web01": its hosts, name and image`
 */
export async function clusterFailures(
  what: string,
  warn: (text: string) => void,
  ask: () => Promise<Refusal[]>,
  property = "vm",
): Promise<Refusal[]> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof UnknownCluster) return [{ property: "cluster", reason: error.message }];
    if (error instanceof BrokenVm)
      return [{ property, reason: `VM "${error.vm}" cannot be read: ${error.reason}. ${error.hint}` }];
    if (!isOutOfReach(error)) throw error;
    warn(`${what} were not checked: ${causesHeardBy(warn).words(error, inOneLine)}`);
    return [];
  }
}

/** By recipient. */
const heard = new WeakMap<(text: string) => void, Causes>();

function causesHeardBy(warn: (text: string) => void): Causes {
  const causes = heard.get(warn) ?? new Causes();
  heard.set(warn, causes);
  return causes;
}

const inOneLine = ({ message, hint }: SeapathError) => `${message}.${hint === undefined ? "" : ` ${hint}`}`;
