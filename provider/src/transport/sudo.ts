import { CommandError, SettingsError } from "./errors";
import type { HostAddress } from "./hosts";
import type { ConnectionSettings } from "./settings";
import type { Command, CommandResult } from "./types";

/** Whether programs on that host need sudo to be root's. */
export function needsSudo(host: HostAddress, settings: ConnectionSettings): boolean {
  return settings.sudo && host.user !== "root";
}

/**
 * The words that run a program as root. The mark goes through `env`, because sudo starts with an environment of its own;
 * `-n` makes sudo fail where it would ask for a password.
 */
export function asRoot(argv: readonly string[], mark: string): string[] {
  return ["sudo", "-n", "--", "env", mark, ...argv];
}

/**
 * Asks once for each connection whether sudo lets this user. An exit code of sudo itself cannot be told from one of the
 * program, and for some programs 1 is an answer.
 * @throws SettingsError when it does not
 */
export async function proveSudo(host: HostAddress, run: (command: Command) => Promise<CommandResult>): Promise<void> {
  try {
    await run({ argv: ["true"], label: "sudo -n true", timeoutMs: 30_000, readOnly: true });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new SettingsError(
      "sudo",
      `is true, but ${host.user} cannot run programs as root on ${host.address}: ${error.stderr.trim() || error.message}`,
      `Let it without a password: put "${host.user} ALL=(root) NOPASSWD: ALL" into a file of /etc/sudoers.d there.`,
    );
  }
}
