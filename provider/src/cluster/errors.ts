import { SeapathError } from "../errors";
import { words } from "../words";

/** The cluster does not have it. */
export class NotFound extends SeapathError {
  constructor(message: string, hint?: string) {
    super("not-found", message, hint === undefined ? {} : { hint });
  }
}

/** The cluster has it already. */
export class AlreadyExists extends SeapathError {
  constructor(message: string, hint?: string) {
    super("already-exists", message, hint === undefined ? {} : { hint });
  }
}

/** Pacemaker refused a CIB change, because the same elements changed meanwhile, or the schema forbids it. */
export class CibConflict extends SeapathError {
  constructor(message: string, cause?: unknown) {
    super("cib-conflict", message, {
      hint: `Look at the cluster with \`crm configure show\`; ${words().goesOn}, once it has looked again.`,
      cause,
    });
  }
}

/** A tool's output does not match its documentation. */
export class ParseError extends SeapathError {
  readonly tool: string;
  /** The beginning of the output. */
  readonly excerpt: string;

  constructor(tool: string, reason: string, text: string) {
    super("parse", `Unable to read what ${tool} answered: ${reason}`);
    this.tool = tool;
    this.excerpt = text.slice(0, 400);
  }
}

/** An awaited state did not come. */
export class WaitTimeout extends SeapathError {
  readonly wanted: string;
  readonly lastSeen: string;
  /** Seconds waited. */
  readonly after: number;

  constructor(what: string, wanted: string, lastSeen: string, after: number, hint?: string) {
    const reason = `${what}: waited ${Math.round(after)} s for ${wanted}; last seen: ${lastSeen}`;
    super("wait-timeout", reason, hint === undefined ? {} : { hint });
    this.wanted = wanted;
    this.lastSeen = lastSeen;
    this.after = after;
  }
}

/** A step of a node program failed: which step, and the tool's own words. */
export class ProgramError extends SeapathError {
  readonly node: string;
  /** The kind of failure in the tool's terms, e.g. `ImageBusy`, `ImageExists`, `libvirtError`. */
  readonly kind: string;
  /** The tool's words, unchanged. */
  readonly words: string;

  constructor(node: string, program: string, kind: string, words: string) {
    super("program", `the ${program} program on ${node}: ${words}`);
    this.node = node;
    this.kind = kind;
    this.words = words;
  }
}
