import { SeapathError } from "../errors";
import { words } from "../words";

/** Something is not on the cluster. */
export class NotFound extends SeapathError {
  constructor(message: string, hint?: string) {
    super("not-found", message, hint === undefined ? {} : { hint });
  }
}

/** Something is on the cluster already. */
export class AlreadyExists extends SeapathError {
  constructor(message: string, hint?: string) {
    super("already-exists", message, hint === undefined ? {} : { hint });
  }
}

/** Pacemaker refused a change of its CIB, because someone changed the same elements, or the schema forbids it. */
export class CibConflict extends SeapathError {
  constructor(message: string, cause?: unknown) {
    super("cib-conflict", message, {
      hint: `Look at the cluster with \`crm configure show\`; ${words().goesOn}, once it has looked again.`,
      cause,
    });
  }
}

/** A tool answered with something that is not what its documentation says. */
export class ParseError extends SeapathError {
  readonly tool: string;
  /** The beginning of what it answered. */
  readonly excerpt: string;

  constructor(tool: string, reason: string, text: string) {
    super("parse", `Unable to read what ${tool} answered: ${reason}`);
    this.tool = tool;
    this.excerpt = text.slice(0, 400);
  }
}

/** A state was waited for and did not come. */
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

/** A step of a node program failed: the tool's own words, and which of the steps it was. */
export class ProgramError extends SeapathError {
  readonly node: string;
  /** The kind of failure as the tool names it, e.g. `ImageBusy`, `ImageExists`, `libvirtError`. */
  readonly kind: string;
  /** What the tool said, and nothing else. */
  readonly words: string;

  constructor(node: string, program: string, kind: string, words: string) {
    super("program", `the ${program} program on ${node}: ${words}`);
    this.node = node;
    this.kind = kind;
    this.words = words;
  }
}
