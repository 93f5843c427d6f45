/**
 * The reason why a cluster is unreachable is the same for all resources of a program, so only the first one reports it
 * in full.
 */
import { describeError } from "../../errors";
import type { ConnectionError } from "../../vmmgr";

/** For the same dead host, one attempt reports this and the next one that: it depends on timing. */
const UNANSWERED = /no login within [\d.]+ s|connect (?:EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EHOSTDOWN)[^;]*/g;

/** The reasons reported so far for unreachable clusters. */
export class Causes {
  readonly #heard = new Set<string>();

  /**
   * The text of an error: in full the first time, in whatever form, and short afterwards. Resources are created
   * concurrently and shown in Pulumi's own order, so the short text names no resource.
   */
  words(error: ConnectionError, inFull: (error: ConnectionError) => string = describeError): string {
    // Of several nodes, the last to fail is named last, so ignore the order.
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
