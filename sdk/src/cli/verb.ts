/** A verb, and what it is run with. */
import type { api } from "pulumi-seapath-provider";
import type { Given, OptionSpec, VerbSpec } from "./grammar";

export interface Run {
  given: Given;
  /** Where it is done, and who hears of progress. */
  at: api.At;
  /** Answers are wanted as JSON, a line each. */
  json: boolean;
  /** Says something to the person, on standard error. */
  say: (text: string) => void;
  /** Writes to standard output. */
  out: (text: string) => void;
  /** Settles that the cluster is asked by this node and no other. */
  settleNode: (node: string) => void;
}

export interface Verb extends VerbSpec {
  /** How inputs that may be refused are called here, where that is otherwise than with `create`. */
  calls?: Readonly<Record<string, string>>;
  /** The same, where an option was given. */
  callsWith?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** It asks no cluster. */
  local?: true;
  /** @returns the exit code, 0 where nothing is returned */
  run(run: Run): Promise<number | void>;
}

/** The option that names the VM. */
export const NAME: OptionSpec = { name: "name", short: "n", takes: "vm", required: true, help: "the VM" };

/** The option of each verb that prints. */
export const JSON_OUTPUT: OptionSpec = {
  name: "json",
  takes: "flag",
  ours: true,
  help: "print JSON, a line an answer",
};

/** The options of verbs that can go on looking. */
export const WATCH: readonly OptionSpec[] = [
  { name: "watch", takes: "flag", ours: true, help: "go on, and print again what changes, until Ctrl-C" },
  { name: "interval", takes: "text", placeholder: "SECONDS", ours: true, help: "between two looks with --watch (2)" },
];
