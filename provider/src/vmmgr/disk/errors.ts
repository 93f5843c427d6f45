import { SeapathError } from "../../errors";
import { words } from "../../words";
import type { Refusal } from "../core/errors";

/** What was asked of a disk cannot be done on this cluster as it is; nothing was changed. */
export class DiskRefused extends SeapathError {
  readonly refusals: readonly Refusal[];

  constructor(verb: string, image: string, node: string, refusals: readonly Refusal[], hint = "Nothing was changed.") {
    const reasons = refusals.map(({ property, reason }) => `${words().input(property, "disk")}: ${reason}`).join("; ");
    super("refused", `Unable to ${verb} disk "${image}" on ${node}: ${reasons}`, { hint });
    this.refusals = refusals;
  }
}
