import { NotFound } from "../../cluster";
import { SeapathError } from "../../errors";
import { words } from "../../words";

/** Something of that name is on the cluster and is not ours to change. */
export class NotOwned extends SeapathError {
  /** What it is, as far as can be seen. */
  readonly owner: string;

  constructor(message: string, owner: string, hint: string) {
    super("not-owned", message, { hint });
    this.owner = owner;
  }
}

/** There is no VM of that name. */
export class NoSuchVm extends NotFound {
  /** @param verb what was to be done with it */
  constructor(verb: string, vm: string, node: string) {
    super(`Unable to ${verb} VM "${vm}" on ${node}: it does not exist: it is not on the cluster`);
  }
}

/** What was asked cannot be done on this cluster as it is; nothing was changed. */
export class Refused extends SeapathError {
  readonly refusals: readonly Refusal[];

  constructor(verb: string, name: string, node: string, refusals: readonly Refusal[], noun = "VM") {
    const reasons = refusals.map(({ property, reason }) => `${words().input(property, noun)}: ${reason}`).join("; ");
    super("refused", `Unable to ${verb} ${noun} "${name}" on ${node}: ${reasons}`, { hint: "Nothing was changed." });
    this.refusals = refusals;
  }
}

/** One thing that is wrong with what was asked, and the input that it is about. */
export interface Refusal {
  property: string;
  reason: string;
}

/** A change that failed half-way. When `left` is empty everything was put back as it was. */
export class ChangeFailed extends SeapathError {
  /** The step that failed. */
  readonly step: string;
  /** What the undo could not put back, a sentence each. */
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
