import type { AnyAuthMethod, AuthenticationType, AuthHandlerMiddleware, NextAuthHandler } from "ssh2";
import type { HostAddress } from "./hosts";
import type { ConnectionSettings } from "./settings";

/** Which of the server's methods an attempt of ours is. */
const methodOf = ({ type }: AnyAuthMethod): string => (type === "agent" ? "publickey" : type);

/** What sshd asks, of which one question at most is ours to answer: rounds, questions in one, and what is shown of each. */
const [MAX_ROUNDS, MAX_PROMPTS, MAX_WORDS] = [3, 8, 120];

const cut = (text: string) => (text.length > MAX_WORDS ? `${text.slice(0, MAX_WORDS)}…` : text);

/** The ways to log in to one host, in order, and what there is to say when none worked. */
export class Authentication {
  readonly #left: AnyAuthMethod[];
  readonly #tried: string[] = [];
  #offered: readonly string[] = [];
  #asked = 0;
  readonly #abort: (cause: string) => void;
  /** What went wrong on the way, without any secret. */
  readonly troubles: string[] = [];

  /** @param abort ends the login */
  constructor(host: HostAddress, settings: ConnectionSettings, abort: (cause: string) => void) {
    this.#abort = abort;
    const username = host.user;
    const keys = host.keys ?? (settings.privateKey === undefined ? [] : [settings.privateKey]);
    const passphrase = settings.passphrase && { passphrase: settings.passphrase.reveal() };
    // A password is meant for the nodes: a jump host must not get to know it.
    const password = host.isJump ? undefined : settings.password?.reveal();
    this.#left = [
      ...keys.map((key) => ({ type: "publickey" as const, username, key: key.reveal(), ...passphrase })),
      ...(password === undefined ? [] : [{ type: "password" as const, username, password }, this.#dialogue(username, password)]),
      // Last, because each of its keys costs one of the node's few tries.
      ...(settings.agent === undefined ? [] : [{ type: "agent" as const, username, agent: settings.agent }]),
    ];
    this.handler = (offered, _partial, next) => {
      // The first answer, to "none", says what the node offers: only that is tried.
      if (offered === null || offered === undefined) return next({ type: "none", username });
      this.#offered = offered;
      next(this.#next(offered) as Parameters<NextAuthHandler>[0]);
    };
  }

  /** For ssh2. */
  readonly handler: AuthHandlerMiddleware;

  /** What was tried, for an error. */
  toString(): string {
    const tried = this.#tried.length === 0 ? "nothing of that could be tried" : `tried: ${this.#tried.join(", ")}`;
    return `the node lets in by ${this.#offered.join(", ")}; ${tried}${this.troubles.map((each) => ` (${each})`).join("")}`;
  }

  /** The attempts stay in order, but a node may want a password first and a key then. */
  #next(offered: readonly AuthenticationType[]): AnyAuthMethod | false {
    const at = this.#left.findIndex((each) => (offered as readonly string[]).includes(methodOf(each)));
    const [attempt] = at < 0 ? [] : this.#left.splice(at, 1);
    if (attempt === undefined) return false;
    this.#tried.push(attempt.type);
    return attempt;
  }

  /** Answers one hidden question with the password: that is how PAM asks for it. Nothing else is ever answered. */
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
        // PAM may say something without a question.
        if (words.length > 0) this.troubles.push(`it asks ${words.join(" and ")}${more}, which nobody is here to answer`);
        // It could go on like this for ever.
        if (++this.#asked > MAX_ROUNDS || prompts.length > MAX_PROMPTS) return this.#abort("it asks too much");
        finish(prompts.map(() => ""));
      },
    };
  }
}
