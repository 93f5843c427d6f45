/** How taking over a VM would change it, for a preview: the engine itself shows an adoption as a create. */
import { isDeepStrictEqual } from "node:util";
import { findVm, isTakenOver, type Inventory } from "../../vmmgr";
import { unknownPaths } from "../engine/unknowns";
import { signedMap, signedXml } from "./kept";
import { vmSchema } from "./schema";
import { observedInputs } from "./state";

type Raw = Record<string, unknown>;

/** These cannot be observed, so no VM differs in them. */
const NOT_OBSERVED = ["source", "adopt", "owner", "restart", "rolling", "timeouts", "cluster"];

const isRecord = (value: unknown): value is Raw => typeof value === "object" && value !== null && !Array.isArray(value);

/** The differences between two values, one line for each differing property. */
export function differences(before: unknown, after: unknown, path = ""): string[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (isRecord(before) && isRecord(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys].flatMap((key) => differences(before[key], after[key], path === "" ? key : `${path}.${key}`));
  }
  const signed = (value: unknown) =>
    typeof value !== "string"
      ? value
      : path === "xml"
        ? signedXml(value)
        : Object.values(signedMap({ [path]: value }))[0];
  const shown = (value: unknown) => (value === undefined ? "(none)" : JSON.stringify(signed(value)));
  return [`${path}: ${shown(before)} => ${shown(after)}`];
}

/** A text that describes an adoption; nothing if there is no VM to adopt. */
export function adoptionNotice(inventory: Inventory, inputs: Raw): string | undefined {
  const vm = String(inputs["name"]);
  const { owner } = inputs;
  const observed = findVm(inventory, vm);
  if (observed === undefined || observed.unfinished !== undefined) return undefined;
  if (!isTakenOver(observed, { adopt: inputs["adopt"] === true, ...(typeof owner === "string" ? { owner } : {}) }))
    return undefined;
  const unknowns = new Set(unknownPaths(inputs).map((path) => String(path[0])));
  const known = Object.fromEntries(Object.entries(inputs).filter(([key]) => !unknowns.has(key)));
  const read = vmSchema.safeParse(known);
  if (!read.success) return `VM "${vm}" is adopted; what changes of it is not known before other resources are made`;
  const { data } = read;
  const has = observedInputs(data, observed) as Raw;
  const changes = differences(has, data as Raw).filter(
    (line) => !NOT_OBSERVED.some((key) => line.startsWith(`${key}`)),
  );
  // For Pulumi, a lost resource and one that it must replace look the same.
  const anew =
    inputs["adopt"] === true
      ? []
      : ["Where Pulumi shows it as replaced it is deleted before, with all its disks, and made anew"];
  if (changes.length === 0) return [`VM "${vm}" is adopted as it is: nothing of it changes`, ...anew].join("\n");
  return [`VM "${vm}" is adopted, and changed in place:`, ...changes.map((line) => `  ${line}`), ...anew].join("\n");
}
