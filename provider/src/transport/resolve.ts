import { userInfo } from "node:os";
import { expandHome, loadIdentities } from "./credentials";
import { SettingsError } from "./errors";
import { checkUser, isHostName, parseHosts, parsePort, type HostAddress, type HostSpec } from "./hosts";
import type { SshConfig, SshConfigEntry } from "./sshconfig";

/** What there is besides the list of hosts. */
export interface ResolveContext {
  home: string;
  sshConfig: SshConfig;
  /** `seapath:user` and `seapath:port`, when they are set: they win over ~/.ssh/config. */
  user?: string;
  port?: number;
  /** `seapath:jump`: wins over ProxyJump; "none" for no jump host. */
  jump: string | undefined;
  /** Whether the IdentityFile and UserKnownHostsFile of ~/.ssh/config count. */
  identities: boolean;
  knownHosts: boolean;
  passphrase: string | undefined;
  hasAgent: boolean;
}

const SETTING = "sshConfigFile";
/** A jump host may have a ProxyJump of its own. */
const DEPTH = 8;

/** Puts together what the settings and ~/.ssh/config say of each host. */
export class Resolver {
  readonly #context: ResolveContext;

  constructor(context: ResolveContext) {
    this.#context = context;
  }

  /** Each host once, whatever it is called. */
  resolveAll(specs: readonly HostSpec[]): HostAddress[] {
    const seen = new Set<string>();
    return specs
      .map((spec) => this.#node(spec))
      .filter(({ user, host, port }) => {
        const key = `${user}@${host.toLowerCase()}:${port}`;
        return !seen.has(key) && seen.add(key);
      });
  }

  #node(spec: HostSpec): HostAddress {
    const entry = this.#context.sshConfig.lookup(spec.host);
    const { user = entry.user, port } = this.#context;
    const host = this.#complete(spec, entry, { user, port });
    const { jump } = this.#context;
    const jumps = jump === undefined ? this.#proxyJumps(entry, 0) : this.#chain("jump", jump, 0);
    return jumps.length === 0 ? host : { ...host, jumps };
  }

  /** A list of jump hosts. How to get to the first one, its own ProxyJump says. */
  #chain(setting: string, text: string, depth: number): HostAddress[] {
    if (text.trim().toLowerCase() === "none") return [];
    return parseHosts(setting, text.replaceAll(/\bssh:\/\//gi, "")).flatMap((spec, index) => {
      const entry = this.#context.sshConfig.lookup(spec.host);
      const user = entry.user ?? this.#context.user;
      const host: HostAddress = { ...this.#complete(spec, entry, { user, port: undefined }), isJump: true };
      return [...(index === 0 ? this.#proxyJumps(entry, depth + 1) : []), host];
    });
  }

  #proxyJumps({ proxyJump }: SshConfigEntry, depth: number): HostAddress[] {
    if (proxyJump === undefined) return [];
    if (depth > DEPTH) throw new SettingsError(SETTING, `has a ProxyJump that leads in circles: ${proxyJump}`);
    return this.#chain(SETTING, proxyJump, depth);
  }

  /** What is written with the host itself wins over everything. */
  #complete(spec: HostSpec, entry: SshConfigEntry, set: { user: string | undefined; port: number | undefined }): HostAddress {
    const { home } = this.#context;
    const host = entry.hostName === undefined ? spec.host : this.#fill(entry.hostName, { h: spec.host, n: spec.host });
    if (!isHostName(host)) throw new SettingsError(SETTING, `has the HostName ${JSON.stringify(host)}, which is no name`);
    const user = spec.user ?? checkUser(SETTING, set.user ?? "root");
    const port = spec.port ?? set.port ?? (entry.port === undefined ? 22 : parsePort(SETTING, entry.port));
    const tokens = { h: host, n: spec.host, p: String(port), r: user, d: home, u: userInfo().username };
    const path = (text: string) => expandHome(this.#fill(text, tokens), home);
    const alias = entry.hostKeyAlias;
    return {
      address: spec.address,
      host,
      port,
      user,
      ...this.#keys(entry.identityFiles.filter((file) => file.toLowerCase() !== "none").map(path)),
      ...(this.#context.knownHosts && entry.userKnownHostsFiles && this.#knownHosts(entry.userKnownHostsFiles.map(path))),
      ...(alias !== undefined && { hostKeyAlias: this.#fill(alias, tokens) }),
    };
  }

  #keys(paths: readonly string[]): Pick<HostAddress, "keys"> {
    if (!this.#context.identities || paths.length === 0) return {};
    const keys = loadIdentities(paths, this.#context.passphrase, this.#context.hasAgent);
    return keys.length === 0 ? {} : { keys };
  }

  /** The files for the whole machine count as well, as with ssh. */
  #knownHosts(paths: readonly string[]): Pick<HostAddress, "knownHostsFiles"> {
    const files = [...paths.filter((file) => file.toLowerCase() !== "none"), "/etc/ssh/ssh_known_hosts"];
    return { knownHostsFiles: files.map((path) => ({ path, optional: true })) };
  }

  #fill(text: string, tokens: Record<string, string>): string {
    return text.replaceAll(/%(.?)/g, (token, letter: string) => {
      const value = letter === "%" ? "%" : tokens[letter];
      if (value === undefined) throw new SettingsError(SETTING, `has the token ${token} in ${JSON.stringify(text)}, which is not supported`);
      return value;
    });
  }
}
