import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, isAbsolute, join } from "node:path";
import { expandHome } from "./credentials";
import { SettingsError } from "./errors";

/** What `~/.ssh/config` has for one host, as written: tokens (%h) and "~" are not expanded. */
export interface SshConfigEntry {
  hostName?: string;
  user?: string;
  port?: string;
  identityFiles: readonly string[];
  proxyJump?: string;
  userKnownHostsFiles?: readonly string[];
  hostKeyAlias?: string;
}

type Test = (host: string) => boolean;

interface Directive {
  applies: Test;
  key: string;
  words: readonly string[];
}

const INCLUDES = 16;

/**
 * ssh's own configuration, with the meaning of ssh_config(5): the first value counts, `IdentityFile` adds up, `Include`
 * is followed. `Match all` applies; a block of any other `Match` does not, since to evaluate it can mean to run programs.
 *
 * @example SshConfig.load(path, home).lookup("node1").hostName
 */
export class SshConfig {
  readonly #directives: readonly Directive[];

  private constructor(directives: readonly Directive[]) {
    this.#directives = directives;
  }

  static readonly none = new SshConfig([]);

  /** @throws SettingsError when it cannot be read */
  static load(path: string, home: string): SshConfig {
    return new SshConfig(readConfig(path, home, () => true, 0));
  }

  /** @param host as the user wrote it, before any HostName */
  lookup(host: string): SshConfigEntry {
    const all = (key: string) => this.#directives.filter((each) => each.key === key && each.applies(host));
    const first = (key: string) => all(key)[0]?.words[0];
    const [hostName, user, port] = [first("hostname"), first("user"), first("port")];
    const [proxyJump, hostKeyAlias] = [first("proxyjump"), first("hostkeyalias")];
    const files = all("userknownhostsfile")[0]?.words;
    return {
      ...(hostName !== undefined && { hostName }),
      ...(user !== undefined && { user }),
      ...(port !== undefined && { port }),
      identityFiles: all("identityfile").flatMap(({ words }) => words.slice(0, 1)),
      ...(proxyJump !== undefined && { proxyJump }),
      ...(files !== undefined && { userKnownHostsFiles: files }),
      ...(hostKeyAlias !== undefined && { hostKeyAlias }),
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
    const [key, ...words] = split(line);
    switch (key?.toLowerCase()) {
      case undefined:
        return [];
      case "host":
        applies = (host) => outer(host) && matchesHost(words, host);
        return [];
      case "match":
        applies = words.length === 1 && words[0]?.toLowerCase() === "all" ? outer : () => false;
        return [];
      case "include": {
        const inside = applies;
        return words.flatMap((word) => expand(word, home)).flatMap((file) => readConfig(file, home, inside, depth + 1));
      }
      default:
        return [{ applies, key: key!.toLowerCase(), words }];
    }
  });
}

/** `Key value`, `Key=value`, quotes around what has blanks, `#` before what is no value. */
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

/** One pattern has to match, and none of those with "!". */
function matchesHost(patterns: readonly string[], host: string): boolean {
  const negated = patterns.filter((pattern) => pattern.startsWith("!")).map((pattern) => pattern.slice(1));
  return patterns.some((pattern) => matches(pattern, host)) && !negated.some((pattern) => matches(pattern, host));
}

function matches(pattern: string, text: string): boolean {
  const source = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*").replaceAll("?", ".");
  return new RegExp(`^${source}$`).test(text);
}

/** The files of an Include, whose last part may be a pattern. What is not there is no error, as with ssh. */
function expand(word: string, home: string): string[] {
  const plain = expandHome(word, home);
  const path = isAbsolute(plain) ? plain : join(home, ".ssh", plain);
  if (!/[*?]/.test(basename(path))) return existsSync(path) ? [path] : [];
  const folder = dirname(path);
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => !name.startsWith(".") && matches(basename(path), name));
  return names.sort().map((name) => join(folder, name));
}
