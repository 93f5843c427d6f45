import type { ClientChannel } from "ssh2";
import { CommandError, ConnectionError } from "../errors";
import { killTagged, newProcessTag } from "./kill";
import type { Link } from "./link";
import { Output } from "./output";
import { quoteArgv } from "../quote";
import { asRoot } from "./sudo";
import type { Command, CommandResult } from "../types";

const DEFAULT_TIMEOUT_MS = 60_000;
/** The default output limit of a program. More is a mistake, and would fill the provider's memory. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
/** How long a node may take to prove it is alive after a deadline, and a program to end after KILL. */
const GRACE_MS = 5_000;

/** sshd has no free channel at the moment; nothing ran. */
export class ChannelRefused extends Error {}

/** Runs one program on one link. Throws the errors of `Runner.run`, and {@link ChannelRefused}. */
export function execute(link: Link, command: Command): Promise<CommandResult> {
  const mark = newProcessTag();
  const line = link.sudo ? quoteArgv(asRoot(command.argv, mark, link)) : `${mark} ${quoteArgv(command.argv)}`;
  return new Promise((resolve, reject) => new Execution(link, command, mark, resolve, reject).start(line));
}

/** Why a program is ended early. */
type EndReason = { timedOut: true } | { reason: string } | { error: unknown };

class Execution {
  readonly #link: Link;
  readonly #command: Command;
  readonly #mark: string;
  readonly #resolve: (result: CommandResult) => void;
  readonly #reject: (error: unknown) => void;
  readonly #stdout = new Output();
  readonly #stderr = new Output();
  #stream: ClientChannel | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #unwatch: () => void = () => {};
  #exit: { code?: number; signal?: string } | undefined;
  #endReason: EndReason | undefined;
  #settled = false;

  constructor(
    link: Link,
    command: Command,
    mark: string,
    resolve: (result: CommandResult) => void,
    reject: (error: unknown) => void,
  ) {
    this.#link = link;
    this.#command = command;
    this.#mark = mark;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  start(line: string): void {
    this.#unwatch = this.#link.watch((cause) => this.#fail(this.#broken(cause)));
    if (this.#settled) return;
    this.#deadline = setTimeout(
      () => void this.#end({ timedOut: true }),
      this.#command.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    );
    try {
      this.#link.client.exec(line, (error, stream) => this.#opened(error, stream));
    } catch (error) {
      this.#fail(this.#broken((error as Error).message, true));
    }
  }

  #opened(error: Error | undefined, stream: ClientChannel): void {
    if (error) {
      // Only a refusal carries a reason. After any other error, the program may or may not have started.
      const refused = "reason" in error && error.message.startsWith("(SSH) Channel open failure");
      return this.#fail(refused ? new ChannelRefused(error.message) : this.#broken(error.message));
    }
    stream.on("error", (cause: Error) => void this.#end({ error: this.#broken(cause.message) }));
    stream.stderr.on("error", (cause: Error) => void this.#end({ error: this.#broken(cause.message) }));
    if (this.#settled) return stream.close(); // opened too late: the caller is gone
    this.#stream = stream;
    stream.on("data", (chunk: Buffer) => this.#take(this.#stdout, chunk, this.#command.onStdout));
    stream.stderr.on("data", (chunk: Buffer) => this.#take(this.#stderr, chunk));
    stream.on("exit", (code: number | null, signal?: string) => {
      this.#exit = { ...(code !== null && { code }), ...(signal !== undefined && { signal }) };
    });
    // Wait for both streams to end: standard error may arrive after standard output closes.
    let open = 2;
    const closed = () => --open === 0 && this.#finish();
    stream.once("close", closed);
    stream.stderr.once("close", closed);
    const { stdin } = this.#command;
    if (stdin === undefined) stream.end();
    else stream.end(typeof stdin === "string" ? stdin : Buffer.from(stdin));
    if (this.#endReason) this.#kill(stream);
  }

  #take(output: Output, chunk: Buffer, listener?: (text: string) => void): void {
    if (this.#endReason || this.#settled) return;
    const text = output.add(chunk);
    const most = this.#command.maxOutputBytes ?? MAX_OUTPUT_BYTES;
    // Error text is for humans, so its limit is fixed.
    if (this.#stdout.bytes > most || this.#stderr.bytes > MAX_OUTPUT_BYTES) {
      return void this.#end({ reason: `printed more than ${most / 1024 / 1024} MiB and was ended` });
    }
    if (!listener || text === "") return;
    try {
      listener(text);
    } catch (error) {
      void this.#end({ error });
    }
  }

  /** Ends the program, and stops waiting even if the program cannot be ended. */
  async #end(reason: EndReason): Promise<void> {
    if (this.#endReason || this.#settled) return;
    this.#endReason = reason;
    if (this.#stream) this.#kill(this.#stream);
    // Only a ping tells a program that does not end from a node that does not answer.
    if (!(await this.#link.ping(GRACE_MS))) return this.#link.die("the node does not answer any more");
    if (this.#settled) return;
    setTimeout(() => {
      this.#stream?.close();
      this.#finish();
    }, GRACE_MS).unref(); // the waiting caller holds the link, which keeps the process alive
  }

  /** sshd passes the signal on if it can; the mark finds the program in any case. */
  #kill(stream: ClientChannel): void {
    try {
      stream.signal("KILL");
    } catch {
      return; // it just closed
    }
    killTagged(this.#link, this.#mark);
  }

  #finish(): void {
    if (this.#settled) return;
    const { exit, node } = { exit: this.#exit, node: this.#link.node };
    const [stdout, stderr] = [this.#stdout.end(), this.#stderr.end()];
    const told = { node, command: labelOf(this.#command), stdout, stderr };
    if (this.#endReason && "error" in this.#endReason) return this.#fail(this.#endReason.error);
    if (this.#endReason) {
      const hint = exit ? undefined : "It could not be ended, and may still run there.";
      return this.#fail(new CommandError({ ...told, ...this.#endReason, ...(hint !== undefined && { hint }) }));
    }
    if (exit?.signal !== undefined) return this.#fail(new CommandError({ ...told, signal: exit.signal }));
    if (exit?.code === undefined) return this.#fail(this.#broken("the node closed it without an exit status"));
    const exitCode = exit.code;
    if ((this.#command.okExitCodes ?? [0]).includes(exitCode)) {
      return this.#settle(() => this.#resolve({ node, exitCode, stdout, stderr }));
    }
    const hint =
      exitCode === 127 ? `Is ${this.#command.argv[0]} installed on ${node}, and on the PATH there?` : undefined;
    this.#fail(new CommandError({ ...told, exitCode, ...(hint !== undefined && { hint }) }));
  }

  #broken(cause: string, beforeSend = false): ConnectionError {
    const { node } = this.#link;
    const what = labelOf(this.#command);
    if (beforeSend) return new ConnectionError(node, `Unable to run ${what} on ${node}: ${cause}`, { beforeSend });
    return new ConnectionError(node, `Unable to tell how ${what} ended on ${node}: ${cause}`, {
      beforeSend,
      hint: "It may have run: see what the cluster says before it is run again.",
    });
  }

  #fail(error: unknown): void {
    this.#settle(() => this.#reject(error));
  }

  #settle(how: () => void): void {
    if (this.#settled) return;
    this.#settled = true;
    clearTimeout(this.#deadline);
    this.#unwatch();
    how();
  }
}

function labelOf(command: Command): string {
  const label = command.label ?? command.argv.join(" ");
  return label.length > 200 ? `${label.slice(0, 200)}…` : label;
}
