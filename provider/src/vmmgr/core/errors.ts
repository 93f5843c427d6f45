import { NotFound } from "../../cluster";
import { SeapathError } from "../../errors";
import { words } from "../../words";

/** Something with that name exists on the cluster and is not ours to change. */
export class NotOwned extends SeapathError {
  /** The owner, as far as known. */
  readonly owner: string;

  constructor(message: string, owner: string, hint: string) {
    super("not-owned", message, { hint });
    this.owner = owner;
  }
}

/** No VM has that name. */
export class NoSuchVm extends NotFound {
  /** @param verb the attempted operation */
  constructor(verb: string, vm: string, node: string) {
    super(`Unable to ${verb} VM "${vm}" on ${node}: it does not exist: it is not on the cluster`);
  }
}

/** The request cannot be carried out on the cluster in its current state; nothing was changed. */
export class Refused extends SeapathError {
  readonly refusals: readonly Refusal[];

  constructor(verb: string, name: string, node: string, refusals: readonly Refusal[], noun = "VM") {
    const reasons = refusals.map(({ property, reason }) => `${words().input(property, noun)}: ${reason}`).join("; ");
    super("refused", `Unable to ${verb} ${noun} "${name}" on ${node}: ${reasons}`, { hint: "Nothing was changed." });
    this.refusals = refusals;
  }
}

/** One problem with the request, and the input that causes it. */
export interface Refusal {
  property: string;
  reason: string;
}

/** A change that failed half-way. If `left` is empty, everything was restored. */
export class ChangeFailed extends SeapathError {
  /** The step that failed. */
  readonly step: string;
  /** The parts that the undo could not restore, one sentence each. */
  readonly left: readonly string[];

  constructor(what: string, step: string, cause: unknown, left: readonly string[]) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const rest = left.length === 0 ? "" : `. Left behind: ${left.join("; ")}`;
    const hint = cause instanceof SeapathError ? cause.hint : undefined;
    const next = left.length === 0 ? hint : words().heals;
    super("change-failed", `${what}: ${step}: ${reason}${rest}`, {
      cause,
      ...(next === undefined ? {} : { hint: next }),
    });
    this.step = step;
    this.left = left;
  }
}
