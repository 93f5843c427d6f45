/** A verb, and the context it runs in. */
import type { api } from "pulumi-seapath-provider";
import type { Given, OptionSpec, VerbSpec } from "./grammar";

export interface Run {
  given: Given;
  /** The cluster, and where progress is reported. */
  at: api.At;
  /** Whether to print results as JSON, one per line. */
  json: boolean;
  /** Writes a message to standard error. */
  say: (text: string) => void;
  /** Writes to standard output. */
  out: (text: string) => void;
  /** Makes this the only node to query. */
  settleNode: (node: string) => void;
}

export interface Verb extends VerbSpec {
  /** The verb's names for inputs that may be rejected, where they differ from those of `create`. */
  calls?: Readonly<Record<string, string>>;
  /** The same, for when an option was given. */
  callsWith?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** It needs no cluster. */
  local?: true;
  /** @returns the exit code; 0 if nothing is returned */
  run(run: Run): Promise<number | void>;
}

/** The option that names the VM. */
export const NAME: OptionSpec = { name: "name", short: "n", takes: "vm", required: true, help: "the VM" };

/** The option of every verb that prints results. */
export const JSON_OUTPUT: OptionSpec = {
  name: "json",
  takes: "flag",
  ours: true,
  help: "print JSON, a line an answer",
};

/** Options of verbs that can keep watching. */
export const WATCH: readonly OptionSpec[] = [
  { name: "watch", takes: "flag", ours: true, help: "go on, and print again what changes, until Ctrl-C" },
  { name: "interval", takes: "text", placeholder: "SECONDS", ours: true, help: "between two looks with --watch (2)" },
];
