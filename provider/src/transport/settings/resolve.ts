import { hostname, userInfo } from "node:os";
import { expandHome } from "./credentials";
import { SettingsError } from "../errors";
import { checkUser, isHostName, parseHosts, parsePort, type HostAddress, type HostSpec } from "./hosts";
import { loadIdentity, type Identity } from "./identity";
import type { SshConfig, SshConfigEntry } from "./sshconfig";

/** The context beyond the list of hosts. */
export interface ResolveContext {
  home: string;
  sshConfig: SshConfig;
  /** `seapath:user` and `seapath:port`, if set: they override ~/.ssh/config. */
  user?: string;
  port?: number;
  /** `seapath:jump`: overrides ProxyJump; "none" for no jump host. */
  jump: string | undefined;
  /** Whether the IdentityFile and UserKnownHostsFile of ~/.ssh/config apply. */
  identities: boolean;
  knownHosts: boolean;
  passphrase: string | undefined;
  env: NodeJS.ProcessEnv;
}

const SETTING = "sshConfigFile";
/** A jump host may have a ProxyJump of its own. */
const DEPTH = 8;

/** Merges the settings and ~/.ssh/config for each host. */
export class Resolver {
  readonly #context: ResolveContext;
  /** Opening an encrypted key is slow, and most hosts share one. */
  readonly #loaded = new Map<string, Identity>();

  constructor(context: ResolveContext) {
    this.#context = context;
  }

  /** Each host once, whatever names it has. */
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
    const entry = this.#context.sshConfig.lookup(spec.host, spec.user ?? this.#context.user);
    const { user = entry.user, port } = this.#context;
    const host = this.#complete(spec, entry, { user, port });
    const { jump } = this.#context;
    const jumps = jump === undefined ? this.#proxyJumps(spec.host, entry, 0) : this.#chain("jump", jump, 0);
    return jumps.length === 0 ? host : { ...host, jumps };
  }

  /** A list of jump hosts. The first one's own ProxyJump leads to it. */
  #chain(setting: string, text: string, depth: number): HostAddress[] {
    if (text.trim().toLowerCase() === "none") return [];
    return parseHosts(setting, text.replaceAll(/\bssh:\/\//gi, "")).flatMap((spec, index) => {
      const entry = this.#context.sshConfig.lookup(spec.host, spec.user);
      const user = entry.user ?? this.#context.user;
      const host: HostAddress = { ...this.#complete(spec, entry, { user, port: undefined }), isJump: true };
      return [...(index === 0 ? this.#proxyJumps(spec.host, entry, depth + 1) : []), host];
    });
  }

  #proxyJumps(host: string, { proxyJump, hasProxyCommand }: SshConfigEntry, depth: number): HostAddress[] {
    if (hasProxyCommand) {
      // A direct connection could reach another host of that name.
      const instead = `Use ProxyJump there (for \`ssh -W %h:%p gate\` it is \`ProxyJump gate\`), or seapath:jump, which is "none" to go straight.`;
      throw new SettingsError(SETTING, `has a ProxyCommand for ${host}, and no programs of it are run`, instead);
    }
    if (proxyJump === undefined) return [];
    if (depth > DEPTH) throw new SettingsError(SETTING, `has a ProxyJump that leads in circles: ${proxyJump}`);
    return this.#chain(SETTING, proxyJump, depth);
  }

  /** What is written with the host itself overrides everything. */
  #complete(
    spec: HostSpec,
    entry: SshConfigEntry,
    set: { user: string | undefined; port: number | undefined },
  ): HostAddress {
    const { home } = this.#context;
    const host = entry.hostName === undefined ? spec.host : this.#fill(entry.hostName, { h: spec.host, n: spec.host });
    if (!isHostName(host))
      throw new SettingsError(SETTING, `has the HostName ${JSON.stringify(host)}, which is no name`);
    const user = spec.user ?? checkUser(SETTING, set.user ?? "root");
    const port = spec.port ?? set.port ?? (entry.port === undefined ? 22 : parsePort(SETTING, entry.port));
    const alias = entry.hostKeyAlias;
    const me = userInfo();
    const tokens = { h: host, n: spec.host, p: String(port), r: user, d: home, u: me.username };
    const more = { ...tokens, i: String(me.uid), k: alias ?? spec.host, l: hostname(), L: hostname().split(".")[0]! };
    const path = (text: string) => expandHome(this.#fill(this.#fillVariables(text), more), home);
    if (entry.revokedHostKeys !== undefined && entry.revokedHostKeys.toLowerCase() !== "none") {
      throw new SettingsError(
        SETTING,
        `has RevokedHostKeys for ${spec.host}, which is not read`,
        "Put these keys into known_hosts, in lines that begin with `@revoked *`.",
      );
    }
    return {
      address: spec.address,
      host,
      port,
      user,
      ...this.#identities(entry, path),
      ...(entry.identityAgent !== undefined && this.#agent(entry.identityAgent, path)),
      ...this.#knownHosts(entry, path),
      ...(alias !== undefined && { hostKeyAlias: this.#fill(alias, tokens) }),
      ...(entry.unheard.length > 0 && { unheard: entry.unheard }),
    };
  }

  #identities(
    { identityFiles, identitiesOnly }: SshConfigEntry,
    path: (text: string) => string,
  ): Pick<HostAddress, "identities" | "identitiesOnly"> {
    const only = identitiesOnly?.toLowerCase() ?? "no";
    if (!["yes", "true", "no", "false"].includes(only))
      throw new SettingsError(SETTING, `has IdentitiesOnly ${JSON.stringify(identitiesOnly)}, not yes or no`);
    const paths = this.#context.identities
      ? identityFiles?.filter((file) => file.toLowerCase() !== "none").map(path)
      : undefined;
    return {
      ...(paths && { identities: paths.map((each) => this.#load(each)) }),
      ...((only === "yes" || only === "true") && { identitiesOnly: true }),
    };
  }

  #load(path: string): Identity {
    const identity = this.#loaded.get(path) ?? loadIdentity(`IdentityFile ${path}`, path, this.#context.passphrase);
    this.#loaded.set(path, identity);
    return identity;
  }

  /** A socket, or the variable that holds it: SSH_AUTH_SOCK, $NAME. As with ssh, an unset variable means no agent. */
  #agent(text: string, path: (text: string) => string): Pick<HostAddress, "agent"> {
    if (text.toLowerCase() === "none") return { agent: null };
    const [, variable = text === "SSH_AUTH_SOCK" ? text : undefined] = /^\$([A-Za-z_]\w*)$/.exec(text) ?? [];
    return { agent: variable === undefined ? path(text) : this.#context.env[variable] || null };
  }

  /** As with ssh, the system-wide files apply as well. */
  #knownHosts(entry: SshConfigEntry, path: (text: string) => string): Pick<HostAddress, "knownHostsFiles"> {
    const { userKnownHostsFiles: users, globalKnownHostsFiles: machines } = entry;
    if (!this.#context.knownHosts || (users === undefined && machines === undefined)) return {};
    const files = [...(users ?? ["~/.ssh/known_hosts"]), ...(machines ?? ["/etc/ssh/ssh_known_hosts"])].filter(
      (file) => file.toLowerCase() !== "none",
    );
    return { knownHostsFiles: files.map((file) => ({ path: path(file), optional: true })) };
  }

  /** ${NAME} in paths, as ssh expands it. */
  #fillVariables(text: string): string {
    return text.replaceAll(/\$\{([^}]*)\}/g, (_, name: string) => {
      const value = this.#context.env[name];
      if (value === undefined)
        throw new SettingsError(
          SETTING,
          `has \${${name}} in ${JSON.stringify(text)}, which is not set in the environment`,
        );
      return value.replaceAll("%", "%%");
    });
  }

  #fill(text: string, tokens: Record<string, string>): string {
    return text.replaceAll(/%(.?)/g, (token, letter: string) => {
      const value = letter === "%" ? "%" : tokens[letter];
      if (value === undefined)
        throw new SettingsError(SETTING, `has the token ${token} in ${JSON.stringify(text)}, which is not supported`);
      return value;
    });
  }
}
