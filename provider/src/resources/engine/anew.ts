/**
 * Resources that the engine recreates although their inputs do not ask for it: `--replace`, `pulumi state taint`,
 * `replaceOnChanges`.
 */
import { SeapathError } from "../../errors";
import { dropUndefined, type Raw } from "./values";

/**
 * The engine made the new resource first. That is impossible: it only took over the existing one, and there is no
 * other.
 */
export const notAnew = (what: string): SeapathError =>
  new SeapathError(
    "not-anew",
    `Unable to make ${what} anew: the old one has to be deleted first, as there cannot be two of one name`,
    {
      hint:
        "Nothing was changed. Set `deleteBeforeReplace: true` in the options of the resource, and ask for it again once another `pulumi up` has ended well. " +
        "Where only its name in the program is another one, give it `aliases`.",
    },
  );

/** What this run has revealed about a kind's resources, each under its own key. */
export class Asked {
  readonly #recorded = new Set<string>();
  readonly #asked = new Set<string>();
  readonly #leaving = new Set<string>();
  readonly #made = new Set<string>();

  /** The inputs were checked. @param recorded whether the state has it and no input replaces it */
  check(key: string, recorded: boolean): void {
    if (recorded) this.#recorded.add(key);
    else this.#asked.add(key);
  }

  /** A change of its inputs replaces it. */
  leave(key: string): void {
    this.#leaving.add(key);
  }

  make(key: string): void {
    this.#made.add(key);
  }

  isMade(key: string): boolean {
    return this.#made.has(key);
  }

  /** Whether it is deleted in order to be recreated. */
  comesBack(key: string): boolean {
    return this.#asked.has(key) && !this.#made.has(key);
  }

  /**
   * Whether the program keeps it: the resource to delete is a leftover of an earlier run and stands for the same
   * object.
   */
  isKept(key: string): boolean {
    return this.#recorded.has(key) && !this.#asked.has(key) && !this.#leaving.has(key);
  }
}

/**
 * Several resources may share one object, as metadata of a VM do. The last part of the owner is their own and tells
 * them apart.
 */
export const keyOf = (id: string, inputs: Raw): string =>
  JSON.stringify(
    dropUndefined({
      id,
      cluster: inputs["cluster"],
      name: typeof inputs["owner"] === "string" ? inputs["owner"].split("/").slice(2).join("/") : "",
    }),
  );
