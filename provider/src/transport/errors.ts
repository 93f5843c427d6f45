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

/** No setting names a host, so there is no cluster to talk to. */
export class NoHosts extends SettingsError {
  constructor(setting: string, hint: string) {
    super(setting, "names no host", hint, "no-hosts");
  }
}

/** A node is unreachable, or the link to it broke. */
export class ConnectionError extends SeapathError {
  /** The address of the node, or of all nodes tried, joined by ", ". */
  readonly node: string;
  /**
   * True if certainly nothing ran, because the connection never came up. If the link broke after a command was sent,
   * the command may or may not have run.
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
 * A host answers but does not let us in: it refused the login, or has no SSH algorithm in common with us. Other nodes
 * are tried, but the cluster does not count as out of reach: something is wrong with it or with the settings.
 */
export class LoginRefused extends ConnectionError {
  constructor(node: string, message: string, options: { beforeSend: boolean; hint?: string; cause?: unknown }) {
    super(node, message, options, "login");
  }
}

/** Whether an error means that a cluster is unreachable, through no fault of the request, the settings or the keys. */
export const isOutOfReach = (error: unknown): error is ConnectionError =>
  error instanceof ConnectionError && !(error instanceof LoginRefused);

/** A host key that is not in known_hosts, or differs from it. Trying another node must never hide this. */
export class HostKeyError extends SeapathError {
  readonly node: string;
  /** The key is known and marked as revoked. */
  readonly revoked: boolean;

  constructor(node: string, message: string, hint: string, revoked = false) {
    super("host-key", message, { hint });
    this.node = node;
    this.revoked = revoked;
  }
}

/** A program failed on a node. */
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
    /** Why it was ended, if neither by itself nor by the deadline. */
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

/** A file could not be written although the node answers: no space, no permission, no such folder. */
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
