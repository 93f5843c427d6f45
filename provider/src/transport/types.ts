/**
 * What the layers above see of a link to a cluster node. They depend on this file and on errors.ts of this folder
 * alone; ssh2 stays behind it.
 */
import { SeapathError } from "../errors";

/** Where on a node lies what is ours, unless the settings say otherwise. */
export const NODE_FOLDER = "/var/lib/pulumi-seapath";

/** A program to run on a node. `argv` is quoted by the transport, and only there. */
export interface Command {
  /** The program and its arguments, unquoted. */
  argv: readonly string[];
  /** Sent to the program's standard input, which is then closed. Data goes here, never into `argv`. */
  stdin?: string | Uint8Array;
  /** The deadline in milliseconds. @default 60000 */
  timeoutMs?: number;
  /** Exit codes that are an answer and not a failure. @default [0] */
  okExitCodes?: readonly number[];
  /**
   * The command changes nothing, so it may be run again, on another node too, when the link broke after it was sent.
   * @default false
   */
  readOnly?: boolean;
  /** Called with each chunk of standard output (progress of long work). */
  onStdout?: (chunk: string) => void;
  /**
   * A short name for error messages and logs, in place of the whole argv (a long script, say).
   * @default the argv joined by spaces
   */
  label?: string;
  /** What a trace calls it: no argument, no name is in it. @default the name of the program, without its folder */
  traceAs?: string;
  /** How much it may print; more ends it, as it would end in the memory of this process. @default 67108864, 64 MiB */
  maxOutputBytes?: number;
}

/** What a program answered. */
export interface CommandResult {
  /** The address of the node, as in the settings, on which it ran. */
  node: string;
  exitCode: number;
  stdout: string;
  stderr: string;
}

/**
 * What one of several nodes answered, or why it did not.
 * `between`: the moments between which it ran, in milliseconds since 1970 by the clock of this machine
 */
export type NodeAnswer =
  { address: string; result: CommandResult; between?: readonly [number, number] } | { address: string; error: unknown };

/** How far an upload is. */
export interface TransferProgress {
  sent: number;
  total: number;
}

/** A terminal of this machine, or what stands for one. */
export interface Terminal {
  /** What is typed; raw, so that every key reaches the program. */
  input: NodeJS.ReadableStream;
  output: NodeJS.WritableStream;
  /** Its kind, as in TERM. */
  type: string;
  size(): { rows: number; columns: number };
  /** Calls back when its size has changed. The answer ends that. */
  onResize(listener: () => void): () => void;
}

/** Runs programs and writes files on one of the nodes of a cluster. */
export interface Runner {
  /**
   * Runs a program on the first node that answers.
   * @throws CommandError when it ends with another exit code than those allowed, by a signal, or after its deadline
   * @throws ConnectionError when no node could be reached, or the link broke while it ran
   * @throws HostKeyError when a node's key is not the known one; no other node is tried then
   */
  run(command: Command): Promise<CommandResult>;
  /**
   * Writes a local file to a node by SFTP under a temporary name and renames it when it is whole.
   * @returns the address of the node that has it now
   * @throws UploadError when the node cannot take it: no space, no permission, no such folder
   * @throws ConnectionError, HostKeyError as with `run`
   */
  upload(localPath: string, remotePath: string, onProgress?: (progress: TransferProgress) => void): Promise<string>;
  /**
   * Runs a program with a terminal of its own on the node, joined to one of this machine, until it ends. Absent where
   * the link has no terminals.
   * @returns the program's exit code
   * @throws ConnectionError, HostKeyError as with `run`
   */
  interactive?(argv: readonly string[], terminal: Terminal): Promise<number>;
  /**
   * Runs a program that changes nothing, or nothing more when it is run again, on every node of the settings, all at once. Absent where the link goes to one place.
   * @returns for each node its answer, or the error of the one that could not be asked
   */
  runOnEach?(command: Command): Promise<NodeAnswer[]>;
  /** The folder of the nodes for what lies there of ours, `seapath:nodeFolder`. @default NODE_FOLDER */
  readonly folder?: string;
  /** The address of the node that the commands go to now, or undefined when none is connected. */
  readonly node: string | undefined;
  /** Ends the connections. */
  close(): void;
}

/**
 * `Runner.interactive`, where there is one.
 * @throws SeapathError where the link has no terminals
 */
export function openTerminal(runner: Runner, argv: readonly string[], terminal: Terminal): Promise<number> {
  return (
    runner.interactive?.(argv, terminal) ??
    Promise.reject(new SeapathError("no-terminal", "This link to the cluster has no terminals"))
  );
}

/** A folder of the nodes for what lies there of ours. @param name `uploads` */
export const ownFolder = ({ folder = NODE_FOLDER }: Pick<Runner, "folder">, name: string): string =>
  `${folder}/${name}`;

/** `Runner.runOnEach`; where there is none, the node that the commands go to is the only one. */
export async function runOnEach(runner: Runner, command: Command): Promise<NodeAnswer[]> {
  if (runner.runOnEach !== undefined) return runner.runOnEach(command);
  const from = Date.now();
  const result = await runner.run(command);
  return [{ address: result.node, result, between: [from, Date.now()] }];
}
