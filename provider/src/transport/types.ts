/**
 * The upper layers' view of a link to a cluster node. They depend only on this file and errors.ts here, never on ssh2.
 */
import { SeapathError } from "../errors";

/** The provider's folder on a node, unless the settings name another. */
export const NODE_FOLDER = "/var/lib/pulumi-seapath";

/** A program to run on a node. The transport, and only the transport, quotes `argv`. */
export interface Command {
  /** The program and its arguments, unquoted. */
  argv: readonly string[];
  /** Sent to the program's standard input, which is then closed. Data goes here, never into `argv`. */
  stdin?: string | Uint8Array;
  /** The deadline in milliseconds. @default 60000 */
  timeoutMs?: number;
  /** Exit codes that count as an answer, not a failure. @default [0] */
  okExitCodes?: readonly number[];
  /**
   * The command changes nothing, so if the link breaks after it was sent, it may run again, even on another node.
   * @default false
   */
  readOnly?: boolean;
  /** Called with each chunk of standard output (progress of long work). */
  onStdout?: (chunk: string) => void;
  /**
   * A short name for error messages and logs, in place of the whole argv (such as a long script).
   * @default the argv joined by spaces
   */
  label?: string;
  /** Its name in a trace, free of arguments and names. @default the name of the program, without its folder */
  traceAs?: string;
  /**
   * The output limit. A program that prints more is ended, since this process holds the output in memory. @default
   * 67108864, 64 MiB
   */
  maxOutputBytes?: number;
}

/** The result of a program. */
export interface CommandResult {
  /** The address of the node it ran on, as in the settings. */
  node: string;
  exitCode: number;
  stdout: string;
  stderr: string;
}

/**
 * The answer of one of several nodes, or the error. `between`: it ran between these two times, in milliseconds since
 * 1970 by the clock of this machine
 */
export type NodeAnswer =
  { address: string; result: CommandResult; between?: readonly [number, number] } | { address: string; error: unknown };

/** The progress of an upload. */
export interface TransferProgress {
  sent: number;
  total: number;
}

/** A terminal of this machine, or a stand-in for one. */
export interface Terminal {
  /** The keystrokes; raw, so that every key reaches the program. */
  input: NodeJS.ReadableStream;
  output: NodeJS.WritableStream;
  /** Its type, as in TERM. */
  type: string;
  size(): { rows: number; columns: number };
  /** Calls back when the size changes. The returned function unsubscribes. */
  onResize(listener: () => void): () => void;
}

/** Runs programs and writes files on one of the nodes of a cluster. */
export interface Runner {
  /**
   * Runs a program on the first node that answers.
   * @throws CommandError if it ends with an exit code that is not allowed, by a signal, or after its deadline
   * @throws ConnectionError if no node could be reached, or the link broke while it ran
   * @throws HostKeyError if a node's key is not the known one; no other node is tried then
   */
  run(command: Command): Promise<CommandResult>;
  /**
   * Writes a local file to a node by SFTP, under a temporary name until it is complete.
   * @returns the address of the node that now has it
   * @throws UploadError if the node cannot take it: no space, no permission, no such folder
   * @throws ConnectionError, HostKeyError as with `run`
   */
  upload(localPath: string, remotePath: string, onProgress?: (progress: TransferProgress) => void): Promise<string>;
  /**
   * Runs a program on the node in a terminal connected to one of this machine, until it ends. Absent if the link has no
   * terminals.
   * @returns the program's exit code
   * @throws ConnectionError, HostKeyError as with `run`
   */
  interactive?(argv: readonly string[], terminal: Terminal): Promise<number>;
  /**
   * Runs a read-only or idempotent program on every node of the settings, all at once. Absent if the link goes to a
   * single place.
   * @returns each node's answer, or the error of a node that could not be asked
   */
  runOnEach?(command: Command): Promise<NodeAnswer[]>;
  /** The provider's folder on the nodes, `seapath:nodeFolder`. @default NODE_FOLDER */
  readonly folder?: string;
  /** The address of the node that commands go to now; undefined if none is connected. */
  readonly node: string | undefined;
  /** Closes the connections. */
  close(): void;
}

/**
 * `Runner.interactive`, if the runner has it.
 * @throws SeapathError if the link has no terminals
 */
export function openTerminal(runner: Runner, argv: readonly string[], terminal: Terminal): Promise<number> {
  return (
    runner.interactive?.(argv, terminal) ??
    Promise.reject(new SeapathError("no-terminal", "This link to the cluster has no terminals"))
  );
}

/** A subfolder of the provider's folder on the nodes. @param name `uploads` */
export const ownFolder = ({ folder = NODE_FOLDER }: Pick<Runner, "folder">, name: string): string =>
  `${folder}/${name}`;

/** `Runner.runOnEach`; without it, the node that commands go to is the only one. */
export async function runOnEach(runner: Runner, command: Command): Promise<NodeAnswer[]> {
  if (runner.runOnEach !== undefined) return runner.runOnEach(command);
  const from = Date.now();
  const result = await runner.run(command);
  return [{ address: result.node, result, between: [from, Date.now()] }];
}
