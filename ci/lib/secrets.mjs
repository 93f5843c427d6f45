// @ts-check
// No secret may get into a comment, a file or a log. Pulumi shows secrets as [secret] in its steps, but prints an input
// that a check rejects as it is, and a policy can put one into its message. So known secrets are removed from
// everything read, before anything is cut or escaped, and again from all output (report.mjs), however they are written
// there.
import { readFileSync, statSync } from "node:fs";

/** Replaces a secret. */
export const SECRET = "[secret]";

/** Shorter ones are words and numbers that occur in any text. */
const SHORTEST = 4;

/** Names of variables and keys that are always secret. */
const NAMES = /(?:TOKEN|PASSWORD|PASSWD|PASSPHRASE|SECRET|CREDENTIALS?|(?:PRIVATE|ACCESS|API|ENCRYPTION)_?KEY)$/i;

/** Such a variable that names a file with the secret. */
const FILES = /_FILE$/;

/** Larger files are not keys. */
const LARGEST_FILE = 64 * 1024;

/**
 * Creates a function that removes secrets from texts.
 * @param {readonly string[]} secrets
 * @param {NodeJS.ProcessEnv} env
 * @returns {(text: string) => string}
 */
export function redactor(secrets, env) {
  const all = [...secrets, ...secretsIn(env)]
    .flatMap((value) => [value, ...inJson(value)])
    .flatMap((value) => [value, ...value.split("\n")]);
  const hidden = [...new Set(all.map((value) => value.trim()))]
    .filter((value) => value.length >= SHORTEST)
    .sort((a, b) => b.length - a.length);
  if (hidden.length === 0) return (text) => text;
  const written = new RegExp([...hidden.map(spelled), ...hidden.flatMap(encoded)].join("|"), "gu");
  const whole = new RegExp(`${SECRET.replace(/[[\]]/g, "\\$&")}|${written.source}`, "gu");
  return (text) => text.replace(whole, SECRET);
}

/**
 * Removes secrets from all strings in parsed data. The keys of objects come from the program.
 * @template T
 * @param {T} value
 * @param {(text: string) => string} redact
 * @returns {T}
 */
export function redacted(value, redact) {
  /** @param {unknown} each @returns {unknown} */
  const walk = (each) => {
    if (typeof each === "string") return redact(each);
    // A secret number becomes a string.
    if (typeof each === "number") return redact(String(each)) === String(each) ? each : SECRET;
    if (Array.isArray(each)) return each.map(walk);
    return typeof each === "object" && each !== null
      ? Object.fromEntries(Object.entries(each).map(([key, own]) => [key, walk(own)]))
      : each;
  };
  return /** @type {T} */ (walk(value));
}

/**
 * The secret values in a stack's configuration, including those inside objects.
 * @param {Record<string, { value?: string, secret?: boolean, objectValue?: unknown }>} config
 */
export function secretsOf(config) {
  return Object.values(config)
    .filter(({ secret }) => secret === true)
    .flatMap(({ value, objectValue }) => [...(value === undefined ? [] : [value]), ...leaves(objectValue)]);
}

/**
 * Secrets in the environment: in variables, in files that they name, in URLs, in the description of clusters.
 * @param {NodeJS.ProcessEnv} env
 * @returns {string[]}
 */
function secretsIn(env) {
  return Object.entries(env).flatMap(([name, value = ""]) => [
    ...(NAMES.test(name) ? [value] : []),
    ...(FILES.test(name) && NAMES.test(name.replace(FILES, "")) ? fileOf(value) : []),
    ...[...value.matchAll(/:\/\/[^/@\s:]*:([^/@\s]+)@/g)].map(([, password = ""]) => password),
    ...(name === "SEAPATH_CLUSTERS" ? named(parsed(value)) : []),
  ]);
}

/** @param {string} file @returns {string[]} */
function fileOf(file) {
  try {
    const there = statSync(file);
    return there.isFile() && there.size <= LARGEST_FILE ? [readFileSync(file, "utf8")] : [];
  } catch {
    return []; // its user reports that it is missing
  }
}

/** @param {string} text @returns {unknown} undefined if it is not JSON */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A secret that is a JSON object contains others. @param {string} text @returns {string[]} */
const inJson = (text) => (/^\s*[{["]/.test(text) ? leaves(parsed(text)) : []);

/** @param {unknown} value @returns {string[]} */
function leaves(value) {
  if (typeof value === "string") return [value];
  if (typeof value === "number") return [String(value)];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(leaves) : [];
}

/** The values below a secret name, however deep. @param {unknown} value @returns {string[]} */
function named(value) {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, own]) => (NAMES.test(key) ? leaves(own) : named(own)));
}

/** HTML entity names of characters. @type {Record<string, string>} */
const ENTITIES = { "&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos", "\u00a0": "nbsp" };

/** Escape sequences of control characters. @type {Record<string, string>} */
const ESCAPED = { "\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f" };

/** @param {string} text */
const literal = (text) => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");

/**
 * A pattern for a secret, character by character, each as it is or as JSON, Markdown, HTML and URLs write it, even
 * nested: a value with quotes is escaped in JSON, which is then escaped in Markdown. White space may have become one
 * character.
 * @param {string} secret
 */
function spelled(secret) {
  // Everything is bounded: a text of only backslashes or white space must not be scanned again and again.
  const signs = secret.match(/\s+|\\+|[^]/gu) ?? [];
  return signs
    .map((sign, at) => {
      if (/^\s/.test(sign))
        return "(?:\\s|(?:\\\\|%(?:25){0,4}5[cC]){1,8}[nrtbf]|%(?:25){0,4}(?:20|0[9aAdD])|\\+|<br>|\\u200b){1,64}";
      if (sign.startsWith("\\")) return "(?:\\\\|%(?:25){0,4}5[cC]){1,64}";
      return `${at === 0 || signs[at - 1]?.startsWith("\\") ? "" : "(?:\\\\|%(?:25){0,4}5[cC]){0,8}"}(?:${waysOf(sign).join("|")})\\u200b?`;
    })
    .join("");
}

/** Hexadecimal digits in either case. @param {string} hex */
const digits = (hex) => hex.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);

/** @param {string} sign */
function waysOf(sign) {
  const point = sign.codePointAt(0) ?? 0;
  const hex = digits(point.toString(16));
  const units = [...Array(sign.length).keys()]
    .map((at) => `u${digits(sign.charCodeAt(at).toString(16).padStart(4, "0"))}`)
    .join("\\\\{1,8}");
  const bytes = [...Buffer.from(sign)]
    .map((byte) => `%(?:25){0,4}${digits(byte.toString(16).padStart(2, "0"))}`)
    .join("");
  const entity = ENTITIES[sign];
  const escape = ESCAPED[sign];
  return [
    literal(sign),
    bytes,
    units,
    `&(?:amp;){0,4}#(?:0{0,4}${point}|[xX]0{0,4}${hex});`,
    ...(entity === undefined ? [] : [`&(?:amp;){0,4}${entity};`]),
    ...(escape === undefined ? [] : [escape]),
  ];
}

/**
 * A secret in base64, at any offset in the encoded data, and in hexadecimal.
 * @param {string} secret
 * @returns {string[]}
 */
function encoded(secret) {
  const bytes = Buffer.from(secret);
  const base64 = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString("base64")
      .replace(/=+$/, "");
    // The first and last character may contain bits of their neighbors.
    const first = Math.ceil((before * 8) / 6);
    const last = Math.floor(((before + bytes.length) * 8) / 6);
    return text.slice(first, last);
  });
  return [
    ...base64
      .filter((text) => text.length >= 2 * SHORTEST - 2)
      .map((text) =>
        [...text].map((sign) => (sign === "+" ? "[+-]" : sign === "/" ? "(?:\\\\{0,8}/|_)" : sign)).join("\\s{0,4}"),
      ),
    ...(bytes.length > SHORTEST ? [digits(bytes.toString("hex"))] : []),
  ];
}
