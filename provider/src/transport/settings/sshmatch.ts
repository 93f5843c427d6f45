import { userInfo } from "node:os";

/** What the conditions of ~/.ssh/config test. */
export interface Target {
  /** As the user wrote it. */
  original: string;
  /** After HostName, if one has been read so far. */
  host: string;
  /** The user to log in as, if known so far. */
  user: string;
}

export type Test = (target: Target) => boolean;

/** One pattern of `Host` must match, and none of those with "!". */
export function matchesAny(patterns: readonly string[], text: string): boolean {
  const negated = patterns.filter((pattern) => pattern.startsWith("!")).map((pattern) => pattern.slice(1));
  return patterns.some((pattern) => matches(pattern, text)) && !negated.some((pattern) => matches(pattern, text));
}

/** `*` matches anything, `?` one character. */
export function matches(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`).test(text);
}

/** A `Match` line, with its first criterion that is not evaluated, such as one that runs a program. */
export interface Match {
  /** Tests the criteria before that one. */
  test: Test;
  beyond?: string;
}

const CRITERIA: Readonly<Record<string, (target: Target) => string>> = {
  host: ({ host }) => host,
  originalhost: ({ original }) => original,
  user: ({ user }) => user,
  localuser: () => userInfo().username,
};

/** Reads the words after `Match`. */
export function readMatch(words: readonly string[]): Match {
  const tests: Test[] = [];
  const test: Test = (target) => tests.every((each) => each(target));
  const left = [...words];
  for (let word = left.shift(); word !== undefined; word = left.shift()) {
    const [, negation, name, given] = /^(!?)([^=]*)(?:=(.*))?$/.exec(word)!;
    const key = name!.toLowerCase();
    if (key === "all" && negation === "") continue;
    // Host names are not canonicalized here, so the file is not read a second time either.
    if (key === "canonical") {
      tests.push(() => negation === "!");
      continue;
    }
    const about = Object.hasOwn(CRITERIA, key) ? CRITERIA[key] : undefined;
    const list = about === undefined ? undefined : given || left.shift();
    if (about === undefined || list === undefined) return { test, beyond: key };
    tests.push((target) => matchesAny(list.split(","), about(target)) !== (negation === "!"));
  }
  return { test };
}
