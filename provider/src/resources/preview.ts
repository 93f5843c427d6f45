/** What a preview plans for the cluster, read from `pulumi preview --json`. */
import { z } from "zod";
import { SeapathError } from "../errors";
import type { Plan, VmSpec, XmlElement } from "../vmmgr";
import { RELATIONS } from "./relation/planned";
import { unknownPaths } from "./unknowns";
import type { Raw } from "./values";
import { withDefaults } from "./vm/defaults";
import { vmSchema } from "./vm/schema";
import { specOf } from "./vm/state";

const bag = z.record(z.string(), z.unknown()).optional();
const stateSchema = z.object({ type: z.string(), inputs: bag, outputs: bag });
const previewSchema = z.object({
  steps: z.array(z.object({ op: z.string(), urn: z.string(), oldState: stateSchema.nullish(), newState: stateSchema.nullish() })).optional(),
});

/** A preview in the terms of one cluster. */
export interface PlannedChange {
  plan: Plan;
  /** Whether what is said holds whatever the unknown values are: else what is not known, a sentence each. */
  unknown: string[];
  /** VMs of the plan by the names of their resources. */
  resources: Map<string, string>;
}

const MAKES = ["create", "update", "replace", "create-replacement", "same", "read", "refresh"];
const REMOVES = ["delete", "delete-replaced", "remove"];

const VM = "seapath:Vm";
const kindOf = (type: string) => type.split("/").at(-1) ?? "";
const nameOf = (urn: string) => urn.split("::").at(-1) ?? urn;

/** What decides where a VM runs. A value of these that is not known makes the answer a guess, and it is said. */
const DECISIVE = ["name", "cluster", "enabled", "started", "pinnedHost", "preferredHost", "liveMigration", "priority", "pacemaker"];

/**
 * Reads the steps of a preview.
 * @param cluster the name of the cluster that is asked about; resources of others are left out
 * @throws SeapathError when it is no preview
 */
export function readPreview(preview: unknown, cluster: string | undefined): PlannedChange {
  const read = previewSchema.safeParse(preview);
  if (!read.success) {
    throw new SeapathError("preview", `This is no preview of Pulumi's: ${z.prettifyError(read.error)}`, { hint: "Give what `pulumi preview --json` prints." });
  }
  const unknown: string[] = [];
  const resources = new Map<string, string>();
  const vms = new Map<string, VmSpec>();
  const removed = new Set<string>();
  const constraints: XmlElement[] = [];
  const removedConstraints: string[] = [];
  for (const { op, urn, oldState, newState } of read.data.steps ?? []) {
    const type = kindOf(newState?.type ?? oldState?.type ?? "");
    const wanted = MAKES.includes(op) && newState?.inputs?.["cluster"] === cluster ? newState?.inputs : undefined;
    const left = oldState?.inputs?.["cluster"] === cluster ? oldState : undefined;
    if (type === VM) {
      if (REMOVES.includes(op) && left != null) removed.add(String(left.inputs?.["name"]));
      const spec = wanted === undefined ? undefined : specOfInputs(nameOf(urn), wanted, unknown);
      if (spec === undefined) continue;
      vms.set(spec.name, spec);
      resources.set(spec.name, nameOf(urn));
    } else if (type in RELATIONS) {
      if (op !== "same") removedConstraints.push(...idsOf(left?.outputs));
      if (wanted === undefined) continue;
      if (unknownPaths(wanted).length === 0) constraints.push(...(RELATIONS[type]?.(wanted) ?? []));
      else unknown.push(`${nameOf(urn)}: which VMs it is about is not known before other resources are made; it is left out`);
    }
  }
  // A VM that is replaced under its name is removed and made; what counts is how it will be.
  const gone = [...removed].filter((vm) => !vms.has(vm));
  return { plan: { vms: [...vms.values()], removed: gone, constraints, removedConstraints }, unknown, resources };
}

const idsOf = (outputs: Raw | undefined): string[] => {
  const ids = outputs?.["constraintIds"];
  return Array.isArray(ids) ? ids.map(String) : [];
};

function specOfInputs(resource: string, raw: Raw, unknown: string[]): VmSpec | undefined {
  const inputs: Raw = { ...withDefaults(raw) };
  const paths = unknownPaths(inputs).map(([key]) => String(key));
  for (const key of new Set(paths)) {
    if (DECISIVE.includes(key)) unknown.push(`${resource}: \`${key}\` is not known before other resources are made; it is left out`);
    delete inputs[key];
  }
  if (inputs["name"] === undefined) return undefined;
  // What the domain is made of decides nothing; something has to be there.
  if (inputs["domain"] === undefined && inputs["xml"] === undefined) inputs["xml"] = "<domain/>";
  if (inputs["source"] === undefined) inputs["adopt"] = true;
  const read = vmSchema.safeParse(withDefaults(inputs));
  if (read.success) return specOf(read.data);
  unknown.push(`${resource}: its inputs are not whole (${read.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ")})`);
  return undefined;
}
