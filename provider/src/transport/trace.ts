/** A trace of the traffic over the link, to find what is slow, and for the benchmarks. */
import { closeSync, openSync, writeSync } from "node:fs";
import { basename } from "node:path";
import { SeapathError } from "../errors";
import {
  openTerminal,
  runOnEach,
  type Command,
  type CommandResult,
  type NodeAnswer,
  type Runner,
  type Terminal,
  type TransferProgress,
} from "./types";

/** One line of a trace. It never contains arguments or data of a program. */
export interface TraceLine {
  /** When the request was made, in milliseconds since 1970. */
  at: number;
  /** Milliseconds until the answer: waiting for a free channel, the link, and the program itself. */
  ms: number;
  /** The node that answered; absent if none did. */
  node?: string;
  /** The kind of program, or the name of the file that is run. */
  what: string;
  /** Bytes to the node: standard input, or the file. */
  sent: number;
  /** Bytes from the node: standard output and standard error. */
  received: number;
  /** The link was not up yet, so `ms` includes the login. */
  connecting?: true;
  /** The class of the error, if it failed. */
  error?: string;
}

type Facts = Pick<TraceLine, "node" | "sent" | "received">;

/** Writes one line for each program and each upload of a runner. */
class TracedRunner implements Runner {
  readonly #inner: Runner;
  readonly #file: number;
  #open = true;

  constructor(inner: Runner, file: number) {
    this.#inner = inner;
    this.#file = file;
  }

  get folder(): string | undefined {
    return this.#inner.folder;
  }

  get node(): string | undefined {
    return this.#inner.node;
  }

  run(command: Command): Promise<CommandResult> {
    const sent = Buffer.byteLength(command.stdin ?? "");
    return this.#traced(
      command.traceAs ?? basename(command.argv[0] ?? ""),
      () => this.#inner.run(command),
      (result) => ({
        sent,
        ...(result && { node: result.node }),
        received: Buffer.byteLength(`${result?.stdout ?? ""}${result?.stderr ?? ""}`),
      }),
    );
  }

  upload(localPath: string, remotePath: string, onProgress?: (progress: TransferProgress) => void): Promise<string> {
    let sent = 0;
    const counted = (progress: TransferProgress) => {
      sent = progress.sent;
      onProgress?.(progress);
    };
    const work = () => this.#inner.upload(localPath, remotePath, counted);
    return this.#traced("upload", work, (node) => ({ sent, ...(node !== undefined && { node }), received: 0 }));
  }

  /** What is typed and shown stays private: the trace only records that a session took place. */
  interactive(argv: readonly string[], terminal: Terminal): Promise<number> {
    return this.#traced(
      basename(argv[0] ?? ""),
      () => openTerminal(this.#inner, argv, terminal),
      () => ({ sent: 0, received: 0 }),
    );
  }

  /** One line, since all nodes are asked at once. */
  runOnEach(command: Command): Promise<NodeAnswer[]> {
    const sent = Buffer.byteLength(command.stdin ?? "");
    return this.#traced(
      command.traceAs ?? basename(command.argv[0] ?? ""),
      () => runOnEach(this.#inner, command),
      (answers = []) => ({
        sent: sent * answers.length,
        received: answers.reduce(
          (sum, each) => sum + ("result" in each ? Buffer.byteLength(`${each.result.stdout}${each.result.stderr}`) : 0),
          0,
        ),
      }),
    );
  }

  close(): void {
    this.#inner.close();
    if (this.#open) closeSync(this.#file);
    this.#open = false;
  }

  async #traced<T>(what: string, work: () => Promise<T>, facts: (result?: T) => Facts): Promise<T> {
    const connecting = this.#inner.node === undefined;
    const [at, from] = [Date.now(), performance.now()];
    const write = (rest: Facts & { error?: string }) => {
      const line: TraceLine = {
        at,
        ms: Math.round(performance.now() - from),
        what,
        ...rest,
        ...(connecting && { connecting }),
      };
      if (this.#open) writeSync(this.#file, `${JSON.stringify(line)}\n`);
    };
    try {
      const result = await work();
      write(facts(result));
      return result;
    } catch (error) {
      write({ ...facts(), error: error instanceof Error ? error.constructor.name : typeof error });
      throw error;
    }
  }
}

/**
 * The runner, with a trace if `SEAPATH_TRACE` names a file. Lines are appended.
 * @throws SeapathError if the file cannot be written
 */
export function traced(runner: Runner, env: NodeJS.ProcessEnv): Runner {
  const path = env["SEAPATH_TRACE"];
  if (path === undefined || path === "") return runner;
  try {
    return new TracedRunner(runner, openSync(path, "a", 0o600));
  } catch (cause) {
    const hint = "Give SEAPATH_TRACE a file that can be written, or unset it.";
    throw new SeapathError("settings", `Unable to write the trace to ${path}: ${(cause as Error).message}`, {
      hint,
      cause,
    });
  }
}
