/** The shortest inputs that describe an existing VM: what `seapath adopt` writes. */
import { isDeepStrictEqual } from "node:util";
import { domainElement, findVm, sameDomain, type Inventory } from "../../vmmgr";
import { withDefaults } from "./defaults";
import type { VmInputs } from "./schema";
import { withoutEmpty } from "../engine/values";
import { observedInputs, sensible, storedInputs } from "./state";
import { signedXml } from "./kept";

type Raw = Record<string, unknown>;

const isRecord = (value: unknown): value is Raw => typeof value === "object" && value !== null && !Array.isArray(value);

/** The differences from the defaults, level by level. */
function withoutDefaults(value: Raw, defaults: Raw): Raw {
  const kept = Object.entries(value).flatMap(([key, each]): [string, unknown][] => {
    if (isDeepStrictEqual(each, defaults[key])) return [];
    const fallback = defaults[key];
    return [[key, isRecord(each) && isRecord(fallback) ? withoutDefaults(each, fallback) : each]];
  });
  return Object.fromEntries(kept);
}

/**
 * The inputs that adopt a VM as it is: the first preview with them shows no changes.
 * @returns undefined if there is no such VM
 */
export function adoptingInputs(inventory: Inventory, vm: string): Raw | undefined {
  const observed = findVm(inventory, vm);
  if (observed === undefined) return undefined;
  const typed = sameDomain(domainElement(observed.domain), observed);
  const form = typed ? { domain: { ...observed.domain } } : { xml: signedXml(observed.baseXml) };
  const before = storedInputs({ name: vm, adopt: true, ...form });
  const seen: VmInputs = sensible(observedInputs(before, observed), observed, inventory.node);
  // An empty value cannot be requested: adopting the VM removes it.
  const whole: VmInputs = { ...seen, metadata: withoutEmpty(seen.metadata) };
  const domain = { memory: typed ? observed.domain.memory : 1 };
  const defaults = withDefaults({ name: vm, ...(typed ? { domain } : {}) });
  const found = withoutDefaults(whole, defaults);
  delete found["name"];
  delete found["owner"];
  if (typed) found["domain"] = { memory: observed.domain.memory, ...(found["domain"] as Raw | undefined) };
  return { adopt: true, ...found };
}
