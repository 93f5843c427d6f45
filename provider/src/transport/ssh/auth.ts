import type { AnyAuthMethod, AuthenticationType, AuthHandlerMiddleware, NextAuthHandler } from "ssh2";
import { Agent } from "./agent";
import { waysIn } from "../settings/credentials";
import type { HostAddress } from "../settings/hosts";
import type { Identity } from "../settings/identity";
import type { ConnectionSettings } from "../settings/settings";

/** One attempt, with the server's name of its method, or a function that returns one for each agent key. */
interface Attempt {
  method: string;
  label: string;
  auth: AnyAuthMethod | (() => Promise<readonly Attempt[]>);
}

const [OTHERS, PASSWORD, DIALOGUE] = ["keys of the agent", "password", "keyboard-interactive"] as const;

/**
 * Limits on sshd's questions, of which we answer one at most: rounds, questions per round, and characters shown of
 * each.
 */
const [MAX_ROUNDS, MAX_PROMPTS, MAX_WORDS] = [3, 8, 120];

const cut = (text: string) => (text.length > MAX_WORDS ? `${text.slice(0, MAX_WORDS)}…` : text);

/** The ways to log in to one host, in order, and the error text if all fail. */
export class Authentication {
  readonly #left: Attempt[];
  readonly #tried: string[] = [];
  #offered: readonly string[] = [];
  #asked = 0;
  readonly #username: string;
  readonly #identities: readonly Identity[];
  readonly #agent: Agent | undefined;
  readonly #passphrase: { passphrase: string } | undefined;
  readonly #abort: (cause: string) => void;
  readonly #troubles = new Set<string>();

  /** @param abort ends the login */
  constructor(host: HostAddress, settings: ConnectionSettings, abort: (cause: string) => void) {
    this.#abort = abort;
    this.#username = host.user;
    const { identities, agent, others } = waysIn(host, settings);
    this.#identities = identities;
    this.#agent = agent === undefined ? undefined : new Agent(agent);
    this.#passphrase = settings.passphrase && { passphrase: settings.passphrase.reveal() };
    // The password is for the nodes only: a jump host must not learn it.
    const password = host.isJump ? undefined : settings.password?.reveal();
    this.#left = [
      ...identities.map((identity) => this.#byIdentity(identity)),
      ...(password === undefined ? [] : this.#byPassword(password)),
      // Last, because each of its keys uses up one of the node's few attempts.
      ...(others ? [{ method: "publickey", label: OTHERS, auth: () => this.#otherKeys() }] : []),
    ];
    const username = this.#username;
    this.handler = (offered, _partial, next) => {
      // The first answer, to "none", lists what the node offers. Try only that.
      if (offered === null || offered === undefined) return next({ type: "none", username });
      this.#offered = offered;
      this.#next(offered)
        .then((attempt) => next(attempt as Parameters<NextAuthHandler>[0]))
        .catch((error: Error) => abort(error.message));
    };
  }

  /** For ssh2. */
  readonly handler: AuthHandlerMiddleware;

  /** What went wrong so far, without secrets. */
  get troubles(): string[] {
    const silent = this.#agent?.pending
      ? [`the agent ${this.#agent.socket} has not answered; does it ask somebody for a confirmation?`]
      : [];
    return [...this.#troubles, ...silent];
  }

  /** The agent has an unanswered request. */
  get waitsForAgent(): boolean {
    return this.#agent?.pending === true;
  }

  /** The number of keys offered. */
  get offers(): number {
    return this.#tried.filter((label) => label !== PASSWORD && label !== DIALOGUE).length;
  }

  /** The number of attempts the node rejected. */
  get turnedDown(): number {
    return Math.max(0, this.#tried.length - 1);
  }

  /** The login failed. */
  close(): void {
    this.#agent?.close();
  }

  trouble(what: string): void {
    this.#troubles.add(what);
  }

  /** An agent failure that ssh2 reports. */
  agentFailed(cause: string): void {
    this.trouble(`the agent ${this.#agent?.socket}: ${cause}`);
  }

  /** The attempts so far, for an error message. */
  get tried(): string {
    const others = this.#tried.filter((label) => label === OTHERS).length;
    const all = [
      ...this.#tried.filter((label) => label !== OTHERS),
      ...(others > 0 ? [`${others} ${others === 1 ? "key" : "keys"} of the agent`] : []),
    ];
    return all.length === 0 ? "nothing of that could be tried" : `tried: ${all.join(", ")}`;
  }

  toString(): string {
    return `the node lets in by ${this.#offered.join(", ")}; ${this.tried}${this.troubles.map((each) => ` (${each})`).join("")}`;
  }

  /** The attempts stay in order, but a node may want a password first and then a key. */
  async #next(offered: readonly AuthenticationType[]): Promise<AnyAuthMethod | false> {
    for (;;) {
      const at = this.#left.findIndex(({ method }) => (offered as readonly string[]).includes(method));
      const [attempt] = at < 0 ? [] : this.#left.splice(at, 1);
      if (attempt === undefined) return false;
      const { auth, label } = attempt;
      if (typeof auth === "function") {
        this.#left.splice(at, 0, ...(await auth()));
        continue;
      }
      this.#tried.push(label);
      return auth;
    }
  }

  #byIdentity(identity: Identity): Attempt {
    const { name: label, privateKey } = identity;
    const method = "publickey";
    if (privateKey === undefined) return { method, label, auth: () => this.#fromAgent(identity) };
    return {
      method,
      label,
      auth: { type: method, username: this.#username, key: privateKey.reveal(), ...this.#passphrase },
    };
  }

  /** A key that only the agent can sign with. */
  async #fromAgent({ name, publicKey, problem }: Identity): Promise<Attempt[]> {
    if (publicKey === undefined || this.#agent === undefined) {
      this.trouble(`${name} ${problem}`);
      return [];
    }
    const key = (await this.#agentKeys()).find((each) => each.getPublicSSH().equals(publicKey));
    if (key === undefined) {
      this.trouble(`${name} ${problem}, and the agent ${this.#agent.socket} does not have it`);
      return [];
    }
    return [
      {
        method: "publickey",
        label: name,
        auth: { type: "agent", username: this.#username, agent: this.#agent.only(key) },
      },
    ];
  }

  async #otherKeys(): Promise<Attempt[]> {
    const agent = this.#agent!;
    const keys = (await this.#agentKeys()).filter(
      (key) => !this.#identities.some(({ publicKey }) => publicKey?.equals(key.getPublicSSH())),
    );
    return keys.map((key) => ({
      method: "publickey",
      label: OTHERS,
      auth: { type: "agent", username: this.#username, agent: agent.only(key) },
    }));
  }

  async #agentKeys() {
    try {
      const keys = await this.#agent!.keys();
      if (keys.length === 0) this.trouble(`the agent ${this.#agent!.socket} holds no key`);
      return keys;
    } catch (error) {
      this.agentFailed((error as Error).message);
      return [];
    }
  }

  #byPassword(password: string): Attempt[] {
    const username = this.#username;
    return [
      { method: PASSWORD, label: PASSWORD, auth: { type: PASSWORD, username, password } },
      { method: DIALOGUE, label: DIALOGUE, auth: this.#dialogue(username, password) },
    ];
  }

  /** Answers one hidden question with the password, since PAM asks that way. It never answers anything else. */
  #dialogue(username: string, password: string): AnyAuthMethod {
    return {
      type: "keyboard-interactive",
      username,
      prompt: (_name, _instructions, _language, prompts, finish) => {
        const single = this.#asked === 0 && prompts.length === 1 && prompts[0]?.echo === false;
        if (single) {
          this.#asked++;
          return finish([password]);
        }
        const words = prompts.slice(0, MAX_PROMPTS).map(({ prompt }) => JSON.stringify(cut(prompt.trim())));
        const more = prompts.length > MAX_PROMPTS ? ` and ${prompts.length - MAX_PROMPTS} things more` : "";
        // PAM may send a message without a question.
        if (words.length > 0) this.trouble(`it asks ${words.join(" and ")}${more}, which nobody is here to answer`);
        // Otherwise this could go on forever.
        if (++this.#asked > MAX_ROUNDS || prompts.length > MAX_PROMPTS) return this.#abort("it asks too much");
        finish(prompts.map(() => ""));
      },
    };
  }
}
