import { existsSync, readdirSync, readFileSync } from "node:fs";
import { isAbsolute, join, sep } from "node:path";
import { expandHome } from "./credentials";
import { SettingsError } from "../errors";
import { matches, matchesAny, readMatch, type Target, type Test } from "./sshmatch";

/** The entry of ~/.ssh/config for one host, as written: tokens (%h) and "~" are not expanded. */
export interface SshConfigEntry {
  hostName?: string;
  user?: string;
  port?: string;
  /** Undefined if there is no IdentityFile at all. */
  identityFiles?: readonly string[];
  identitiesOnly?: string;
  identityAgent?: string;
  proxyJump?: string;
  /** There is a ProxyCommand before any ProxyJump. */
  hasProxyCommand: boolean;
  userKnownHostsFiles?: readonly string[];
  globalKnownHostsFiles?: readonly string[];
  hostKeyAlias?: string;
  revokedHostKeys?: string;
  /** Options that would change the route to the host or the login, but are ignored here. */
  unheard: readonly string[];
}

interface Directive {
  applies: Test;
  key: string;
  /** As written. */
  name: string;
  words: readonly string[];
}

const INCLUDES = 16;
/** For a `Match` block that is skipped. */
const PASSED_OVER = "match";
const PROXIES = ["proxyjump", "proxycommand"];
/** Ignored options, which a failed login names, with the values that make no difference. */
const UNHEARD: Readonly<Record<string, RegExp>> = {
  addressfamily: /^any$/i,
  bindaddress: /^$/,
  bindinterface: /^$/,
  canonicalizehostname: /^(?:no|false|none)$/i,
  certificatefile: /^none$/i,
  identitiesfromagent: /^$/,
  pkcs11provider: /^none$/i,
  preferredauthentications: /publickey/i,
  pubkeyauthentication: /^(?:yes|true|unbound|host-bound)$/i,
  securitykeyprovider: /^(?:none|internal)$/i,
};

/**
 * ssh's own configuration, as ssh_config(5) defines it: the first value wins, `IdentityFile` accumulates, `Include` is
 * followed, and `Match` is evaluated unless that would run a program.
 *
 * @example SshConfig.load(path, home).lookup("node1").hostName
 */
export class SshConfig {
  readonly #directives: readonly Directive[];

  private constructor(directives: readonly Directive[]) {
    this.#directives = directives;
  }

  static readonly none = new SshConfig([]);

  /** @throws SettingsError if the file cannot be read */
  static load(path: string, home: string): SshConfig {
    return new SshConfig(readConfig(path, home, () => true, 0));
  }

  /**
   * @param host as the user wrote it, before any HostName
   * @param user the user to log in as, if known from elsewhere
   */
  lookup(host: string, user?: string): SshConfigEntry {
    const target: Target = { original: host, host, user: user ?? "root" };
    const first = new Map<string, Directive>();
    const [files, unheard] = [new Set<string>(), new Set<string>()];
    for (const directive of this.#directives) {
      const {
        applies,
        key,
        name,
        words: [word = ""],
      } = directive;
      if (!applies(target)) continue;
      if (key === PASSED_OVER) unheard.add(name);
      if (key === "identityfile") files.add(word);
      if (first.has(key) || (PROXIES.includes(key) && PROXIES.some((each) => first.has(each)))) continue;
      first.set(key, directive);
      if (key === "hostname") target.host = word.replaceAll(/%[hn]/g, host);
      if (key === "user" && user === undefined) target.user = word;
      if (Object.hasOwn(UNHEARD, key) && !UNHEARD[key]!.test(word)) unheard.add(name);
    }
    const word = (key: string) => first.get(key)?.words[0];
    const known = {
      userKnownHostsFiles: first.get("userknownhostsfile")?.words,
      globalKnownHostsFiles: first.get("globalknownhostsfile")?.words,
    };
    const values = {
      hostName: word("hostname"),
      user: word("user"),
      port: word("port"),
      identitiesOnly: word("identitiesonly"),
      identityAgent: word("identityagent"),
      proxyJump: word("proxyjump"),
      hostKeyAlias: word("hostkeyalias"),
      revokedHostKeys: word("revokedhostkeys"),
      ...known,
    };
    return {
      ...(Object.fromEntries(
        Object.entries(values).filter(([, value]) => value !== undefined),
      ) as Partial<SshConfigEntry>),
      ...(files.size > 0 && { identityFiles: [...files] }),
      hasProxyCommand: !["", "none"].includes(word("proxycommand")?.toLowerCase() ?? ""),
      unheard: [...unheard],
    };
  }
}

function readConfig(path: string, home: string, outer: Test, depth: number): Directive[] {
  if (depth > INCLUDES) throw new SettingsError("sshConfigFile", `includes itself: ${path}`);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new SettingsError("sshConfigFile", `cannot be read: ${(error as Error).message}`);
  }
  let applies = outer;
  return text.split(/\r?\n/).flatMap((line) => {
    const [name = "", ...words] = split(line);
    switch (name.toLowerCase()) {
      case "":
        return [];
      case "host":
        applies = (target) => outer(target) && matchesAny(words, target.original);
        return [];
      case "match": {
        const { test, beyond } = readMatch(words);
        const before: Test = (target) => outer(target) && test(target);
        applies = beyond === undefined ? before : () => false;
        return beyond === undefined ? [] : [{ applies: before, key: PASSED_OVER, name: `Match ${beyond}`, words: [] }];
      }
      case "include": {
        const inside = applies;
        return words.flatMap((word) => expand(word, home)).flatMap((file) => readConfig(file, home, inside, depth + 1));
      }
      default:
        return [{ applies, key: name.toLowerCase(), name, words }];
    }
  });
}

/** `Key value`, `Key=value`, quotes around values with blanks, `#` before comments. */
function split(line: string): string[] {
  const [, key, rest] = /^\s*([A-Za-z]\w*)(?:\s*=\s*|\s+)(.*)$/.exec(line) ?? [];
  if (key === undefined || rest === undefined) return [];
  const words: string[] = [];
  for (const [, quoted, plain] of rest.matchAll(/"([^"]*)"|([^\s"]+)/g)) {
    if (plain?.startsWith("#")) break;
    words.push(quoted ?? plain ?? "");
  }
  return words.length === 0 ? [] : [key, ...words];
}

/** The files of an Include; each path component may be a pattern. As with ssh, a missing file is no error. */
function expand(word: string, home: string): string[] {
  const plain = expandHome(word, home);
  const path = isAbsolute(plain) ? plain : join(home, ".ssh", plain);
  return path
    .split(sep)
    .reduce<string[]>((found, part) => found.flatMap((folder) => within(folder, part)), [""])
    .filter((file) => existsSync(file));
}

function within(folder: string, part: string): string[] {
  if (!/[*?]/.test(part)) return [`${folder}${folder === "" && part === "" ? "" : sep}${part}`];
  try {
    return readdirSync(folder || sep)
      .filter((name) => !name.startsWith(".") && matches(part, name))
      .sort()
      .map((name) => `${folder}${sep}${name}`);
  } catch {
    return []; // not a folder
  }
}
