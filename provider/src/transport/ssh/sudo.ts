import { CommandError, SettingsError } from "../errors";
import type { HostAddress } from "../settings/hosts";
import type { ConnectionSettings } from "../settings/settings";
import type { Command, CommandResult } from "../types";

/** How programs get root on a host: directly, when logged in as root, or through sudo. */
export interface Privilege {
  readonly sudo: boolean;
  /** sudo there refuses to run without a terminal (`requiretty`). */
  readonly requiresTerminal: boolean;
}

/** Whether programs on that host need sudo to run as root. */
export function needsSudo(host: HostAddress, settings: ConnectionSettings): boolean {
  return settings.sudo && host.user !== "root";
}

/** The only command sudo must allow: SEAPATH's playbooks allow their user this one, and nothing else that we need. */
const SHELL = "/bin/sh";
/** The mark goes through `env`, because sudo resets the environment. */
const ENTER = 'exec env "$0" "$@"';

/**
 * Gives a program a terminal only for sudo's check. Its input and output stay as they are, so nothing is mixed, echoed
 * or has its line ends changed, as it would over one of sshd's terminals. It needs no extra rights.
 */
const WITH_TERMINAL = `
import fcntl, os, signal, sys, termios, threading
master, slave = os.openpty()
child = os.fork()
if child == 0:
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    os.execvp(sys.argv[1], sys.argv[1:])
def drain():
    while os.read(master, 65536):
        pass
threading.Thread(target=drain, daemon=True).start()
code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
if code < 0:
    os.kill(os.getpid(), -code)
os._exit(code)
`;

/** The command that runs a shell script as root. With `-n`, sudo fails instead of asking for a password. */
export function rootShell(script: string, words: readonly string[], { sudo, requiresTerminal }: Privilege): string[] {
  const shell = [SHELL, "-c", script, ...words];
  if (!sudo) return shell;
  return [...(requiresTerminal ? ["/usr/bin/python3", "-I", "-c", WITH_TERMINAL] : []), "sudo", "-n", "--", ...shell];
}

/**
 * The command that runs a program as root through sudo.
 * @param privilege without `requiresTerminal` if there is a terminal already
 */
export function asRoot(argv: readonly string[], mark: string, privilege: Privilege): string[] {
  return rootShell(ENTER, [mark, ...argv], privilege);
}

/**
 * Checks once for each connection that the user may use sudo. sudo's own exit code looks like a program's, and for some
 * programs 1 is an answer.
 * @param lookForTerminal called to start giving each program a terminal
 * @throws SettingsError if sudo refuses
 */
export async function proveSudo(
  host: HostAddress,
  run: (command: Command) => Promise<CommandResult>,
  lookForTerminal: () => void,
): Promise<void> {
  const ask = () => run({ argv: ["true"], label: "sudo -n true", timeoutMs: 30_000, readOnly: true });
  try {
    await ask().catch(async (error: unknown) => {
      if (!(error instanceof CommandError) || !NO_TERMINAL.test(error.stderr)) throw error;
      lookForTerminal();
      await ask();
    });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new SettingsError(
      "sudo",
      `is true, but ${host.user} cannot run programs as root on ${host.address}: ${error.stderr.trim() || error.message}`,
      hintOf(host.user, error),
    );
  }
}

/** sudo has used these words since 1.6, in every locale that sshd starts a program with. */
const NO_TERMINAL = /must have a tty to run sudo/;

function hintOf(user: string, { exitCode, stderr }: CommandError): string {
  if (exitCode === 127) return "Install sudo there, or log in as root.";
  if (exitCode === 126 && /sudo: permission denied/i.test(stderr)) {
    return `Put ${user} into the group that may run sudo there: \`stat -c %G "$(command -v sudo)"\` names it.`;
  }
  if (NO_TERMINAL.test(stderr)) return `Put "Defaults:${user} !requiretty" into a file of /etc/sudoers.d there.`;
  return `Put "${user} ALL=(root) NOPASSWD:EXEC: ${SHELL}" into a file of /etc/sudoers.d there.`;
}
