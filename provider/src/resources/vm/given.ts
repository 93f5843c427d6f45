/** A VM requested from outside a Pulumi program, by the same inputs and schema. */
import { SeapathError } from "../../errors";
import { words } from "../../words";
import { localFileRefusals, type FileSource, type Refusal, type VmSpec } from "../../vmmgr";
import { readInputsAs, schemaFailures } from "../engine/refused";
import type { Raw } from "../engine/values";
import { localFileFailures, xmlFailures } from "./check";
import { withDefaults } from "./defaults";
import { concealSecrets } from "./kept";
import { vmSchema } from "./schema";
import { specOf } from "./state";

/** The request itself is invalid, whatever the cluster. */
export class InputsRefused extends SeapathError {
  readonly refusals: readonly Refusal[];

  constructor(verb: string, vm: string, refusals: readonly Refusal[]) {
    const reasons = refusals.map(({ property, reason }) => `${words().input(property, "VM")}: ${reason}`).join("; ");
    super("refused", `Unable to ${verb} VM "${vm}": ${reasons}`, { hint: "Nothing was changed." });
    this.refusals = refusals;
  }
}

/**
 * The vmmgr spec for the inputs of a `seapath.Vm`.
 * @param disks files to make data disks of
 * @throws InputsRefused with each wrong input
 */
export async function specFromInputs(verb: string, raw: Raw, disks: readonly FileSource[] = []): Promise<VmSpec> {
  const inputs = withDefaults(raw);
  concealSecrets(inputs);
  const files = await Promise.all([
    localFileFailures(inputs),
    ...disks.map((source) => localFileRefusals(source, "disks")),
  ]);
  const failures = [...schemaFailures(vmSchema, inputs, "a VM"), ...xmlFailures(inputs), ...files.flat()];
  if (failures.length > 0) throw new InputsRefused(verb, typeof raw["name"] === "string" ? raw["name"] : "", failures);
  return specOf(readInputsAs(vmSchema, inputs, "a VM", "What is asked"));
}
