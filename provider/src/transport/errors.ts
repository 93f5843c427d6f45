import { SeapathError } from "../errors";

/** A setting of the connection is wrong or missing. */
export class SettingsError extends SeapathError {
  /** The key without its namespace, e.g. `"hosts"`. */
  readonly setting: string;

  constructor(setting: string, problem: string, hint?: string, code = "settings") {
    super(code, `The setting seapath:${setting} ${problem}`, hint === undefined ? {} : { hint });
    this.setting = setting;
  }
}

/** No setting names a host: there is no cluster that could be asked. */
export class NoHosts extends SettingsError {
  constructor(setting: string, hint: string) {
    super(setting, "names no host", hint, "no-hosts");
  }
}

/** A node could not be reached, or the link to it broke. */
export class ConnectionError extends SeapathError {
  /** The address of the node, or the addresses of all that were tried, joined by ", ". */
  readonly node: string;
  /**
   * True when it is certain that nothing was executed: the connection was never made. A link that broke after a
   * command was sent says nothing about what the command did.
   */
  readonly beforeSend: boolean;

  constructor(
    node: string,
    message: string,
    options: { beforeSend: boolean; hint?: string; cause?: unknown },
    code = "connection",
  ) {
    super(code, message, options);
    this.node = node;
    this.beforeSend = options.beforeSend;
  }
}

/**
 * A host answers, and does not let in: the login was refused, or it speaks no SSH that we do. Another node is tried, but
 * such a cluster is not out of reach: something is wrong with it, or with the settings.
 */
export class LoginRefused extends ConnectionError {
  constructor(node: string, message: string, options: { beforeSend: boolean; hint?: string; cause?: unknown }) {
    super(node, message, options, "login");
  }
}

/** Whether an error says that a cluster cannot be asked, through no fault of what was asked, of the settings or of its keys. */
export const isOutOfReach = (error: unknown): error is ConnectionError =>
  error instanceof ConnectionError && !(error instanceof LoginRefused);

/** A host key that known_hosts does not have, or has otherwise. Never overridden by trying another node quietly. */
export class HostKeyError extends SeapathError {
  readonly node: string;
  /** The key is known, and as one that must never be accepted again. */
  readonly revoked: boolean;

  constructor(node: string, message: string, hint: string, revoked = false) {
    super("host-key", message, { hint });
    this.node = node;
    this.revoked = revoked;
  }
}

/** A program ran on a node and failed. */
export class CommandError extends SeapathError {
  readonly node: string;
  /** The label of the command, or its argv joined by spaces. */
  readonly command: string;
  /** Absent when a signal or the deadline ended it. */
  readonly exitCode?: number;
  readonly signal?: string;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;

  constructor(fields: {
    node: string;
    command: string;
    exitCode?: number;
    signal?: string;
    stdout: string;
    stderr: string;
    timedOut?: boolean;
    /** Why it was ended, when it is neither its own end nor the deadline. */
    reason?: string;
    hint?: string;
  }) {
    const ended = fields.signal ? `was ended by signal ${fields.signal}` : `failed (exit ${fields.exitCode})`;
    const how = fields.reason ?? (fields.timedOut ? "did not end before its deadline" : ended);
    const said = fields.stderr.trim() || fields.stdout.trim();
    super(
      "command",
      `${fields.command} on ${fields.node} ${how}${said ? `: ${said.slice(-2000)}` : ""}`,
      fields.hint === undefined ? {} : { hint: fields.hint },
    );
    this.node = fields.node;
    this.command = fields.command;
    if (fields.exitCode !== undefined) this.exitCode = fields.exitCode;
    if (fields.signal !== undefined) this.signal = fields.signal;
    this.stdout = fields.stdout;
    this.stderr = fields.stderr;
    this.timedOut = fields.timedOut ?? false;
  }
}

/** A file could not be written to a node, though the node answers: no space, no permission, no such folder. */
export class UploadError extends SeapathError {
  readonly node: string;
  readonly remotePath: string;
  /** Why, as a clause. */
  readonly reason: string;

  constructor(node: string, remotePath: string, reason: string, hint?: string) {
    super("upload", `Unable to upload "${remotePath}" on ${node}: ${reason}`, hint === undefined ? {} : { hint });
    this.node = node;
    this.remotePath = remotePath;
    this.reason = reason;
  }
}
