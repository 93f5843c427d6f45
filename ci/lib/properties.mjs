// @ts-check
// The properties of a resource that change, with what they were and will be.
import { redacted, SECRET } from "./secrets.mjs";

/** @typedef {{ path: string, was?: string, is?: string, replaces: boolean, input: boolean }} Change absent: there was none, there will be none */

/** What Pulumi prints for a value that is known only when other resources are made. */
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** The text of the stub in the state: it says nothing to a reader, and has thousands of characters. */
const PROVIDER = "__provider";

/** Longer values are cut. */
const LONGEST = 120;

/**
 * @param {import("./pulumi.mjs").Step} step @param {(text: string) => string} redact @param {boolean} seen what is now was read from the cluster, as in a refresh
 * @returns {Change[]}
 */
export function changesOf({ detailedDiff, oldState, newState }, redact, seen = false) {
  // What else begins so is the provider's own, and nobody has asked for it.
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
    // What stands below a secret is secret.
    if (at === SECRET) return SECRET;
    return typeof at === "object" && at !== null ? /** @type {Record<string, unknown>} */ (at)[key] : undefined;
  }, from);
}

/** A value in a line, cut. @param {unknown} value */
export function shown(value) {
  if (value === UNKNOWN) return "known only in the up";
  const text = (typeof value === "string" ? value : JSON.stringify(value)).replaceAll(UNKNOWN, "known only in the up");
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
