// @ts-check
// No secret gets into a comment, a file or a log. Pulumi shows them as [secret] in its steps, but prints an input that a check
// refuses as it is, and a policy can put one into its message: so what is known to be secret is taken out of every text.

/** What stands in place of a secret. */
export const SECRET = "[secret]";

/** Shorter ones are words and numbers that stand in any text. */
const SHORTEST = 4;

/** Variables that are secret whatever they hold. */
const VARIABLES = /(?:TOKEN|PASSWORD|PASSPHRASE|PRIVATE_KEY|SECRET|ACCESS_KEY)$/;

/**
 * Makes what takes secrets out of texts.
 * @param {readonly string[]} secrets @param {NodeJS.ProcessEnv} env
 * @returns {(text: string) => string}
 */
export function redactor(secrets, env) {
  const named = Object.entries(env).filter(([name]) => VARIABLES.test(name)).map(([, value]) => value ?? "");
  const all = [...new Set([...secrets, ...named].flatMap((value) => [value, ...value.split("\n")]).map((value) => value.trim()))];
  const hidden = all.filter((value) => value.length >= SHORTEST).sort((a, b) => b.length - a.length);
  return (text) => hidden.reduce((left, secret) => left.replaceAll(secret, SECRET), text);
}

/**
 * The secret values in a stack's configuration, those inside of objects too.
 * @param {Record<string, { value?: string, secret?: boolean, objectValue?: unknown }>} config
 */
export function secretsOf(config) {
  return Object.values(config).filter(({ secret }) => secret === true).flatMap(({ value, objectValue }) => [
    ...(value === undefined ? [] : [value]),
    ...leaves(objectValue),
  ]);
}

/** @param {unknown} value @returns {string[]} */
function leaves(value) {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(leaves) : [];
}
