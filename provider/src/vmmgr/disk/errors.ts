import { SeapathError } from "../../errors";
import { words } from "../../words";
import type { Refusal } from "../core/errors";

/** The request for a disk cannot be carried out on the cluster in its current state; nothing was changed. */
export class DiskRefused extends SeapathError {
  readonly refusals: readonly Refusal[];

  constructor(verb: string, image: string, node: string, refusals: readonly Refusal[], hint = "Nothing was changed.") {
    const reasons = refusals.map(({ property, reason }) => `${words().input(property, "disk")}: ${reason}`).join("; ");
    super("refused", `Unable to ${verb} disk "${image}" on ${node}: ${reasons}`, { hint });
    this.refusals = refusals;
  }
}
