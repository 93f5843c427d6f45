// @ts-check
// The changed properties of a resource, with old and new values.
import { redacted, SECRET } from "./secrets.mjs";

/**
 * @typedef {{ path: string, was?: string, is?: string, replaces: boolean, input: boolean }} Change absent values did
 * not or will not exist
 */

/** What Pulumi prints for a value that is unknown until other resources exist. */
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** The stub's text in the state: it tells a reader nothing, and has thousands of characters. */
const PROVIDER = "__provider";

/** Longer values are cut. */
const LONGEST = 120;

/**
 * @param {import("./pulumi.mjs").Step} step
 * @param {(text: string) => string} redact
 * @param {boolean} seen whether the new values were read from the cluster, as in a refresh
 * @returns {Change[]}
 */
export function changesOf({ detailedDiff, oldState, newState }, redact, seen = false) {
  // Other keys with this prefix are internal to the provider; users did not set them.
  const own = (/** @type {string} */ path) => path.startsWith("__") && keysOf(path)[0] !== PROVIDER;
  return Object.entries(detailedDiff ?? {})
    .filter(([path]) => !own(path))
    .map(([path, { kind, inputDiff = false }]) => {
      const keys = keysOf(path);
      if (keys[0] === PROVIDER)
        return { path: "the provider's version", replaces: kind.endsWith("-replace"), input: false };
      const was = valueAt(inputDiff ? oldState?.inputs : oldState?.outputs, keys);
      const is = valueAt(seen && !inputDiff ? newState?.outputs : newState?.inputs, keys);
      return {
        path: redact(path),
        ...(was === undefined || kind.startsWith("add") ? {} : { was: shown(redacted(was, redact)) }),
        ...(is === undefined || kind.startsWith("delete") ? {} : { is: shown(redacted(is, redact)) }),
        replaces: kind.endsWith("-replace"),
        input: inputDiff,
      };
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The keys of a path such as `domain.interfaces[0].mac` or `metadata["a.b"]`. @param {string} path @returns {string[]} */
export function keysOf(path) {
  return [...path.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.[\]]+)/g)].map(
    ([, quoted, index, plain]) => quoted?.replaceAll('\\"', '"') ?? index ?? plain ?? "",
  );
}

/** @param {unknown} from @param {readonly string[]} keys @returns {unknown} */
export function valueAt(from, keys) {
  return keys.reduce((/** @type {unknown} */ at, key) => {
    // Everything below a secret is secret.
    if (at === SECRET) return SECRET;
    return typeof at === "object" && at !== null ? /** @type {Record<string, unknown>} */ (at)[key] : undefined;
  }, from);
}

/** A value on one line, cut. @param {unknown} value */
export function shown(value) {
  if (value === UNKNOWN) return "known only in the up";
  const text = (typeof value === "string" ? value : JSON.stringify(value)).replaceAll(UNKNOWN, "known only in the up");
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
