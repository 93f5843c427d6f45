/** Why a cluster cannot be asked is the same for each resource of a program, and is said in full once. */
import { describeError } from "../../errors";
import type { ConnectionError } from "../../vmmgr";

/** Of one host that does not answer the one try says this, and the next one that: it depends on the moment. */
const UNANSWERED = /no login within [\d.]+ s|connect (?:EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EHOSTDOWN)[^;]*/g;

/** What somebody has heard of clusters that cannot be asked. */
export class Causes {
  readonly #heard = new Set<string>();

  /**
   * An error in words: in full, in whatever form, the first time, and short from then on. Resources are made side by side and
   * shown in an order of Pulumi's own, so the short words name no place.
   */
  words(error: ConnectionError, inFull: (error: ConnectionError) => string = describeError): string {
    // Of several nodes the one that failed last is named last, so the order does not count.
    const cause = [
      error.node,
      ...error.message
        .replace(UNANSWERED, "no answer")
        .split(/[\s;]+/)
        .sort(),
    ].join(" ");
    if (this.#heard.has(cause)) return `Unable to reach ${error.node}: the message of another resource says why`;
    this.#heard.add(cause);
    return inFull(error);
  }
}
