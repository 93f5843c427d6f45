/** What SEAPATH's playbooks write into sudoers. */

/**
 * Their user's file: the shell as root, and rsync. `EXEC` lifts their `noexec`, and their `requiretty` does not hold for it.
 * @param terminal has `requiretty` hold for the user, as for everybody else there
 */
export const hardenedSudoers = (user: string, { terminal = false } = {}): string =>
  [
    `Defaults:${user} ${terminal ? "" : "!"}requiretty, noexec, use_pty, ignore_dot, umask=0077, umask_override`,
    `${user} ALL=(root) NOPASSWD:EXEC:SETENV: /bin/sh`,
    `${user} ALL=(root) NOPASSWD:EXEC:SETENV: /usr/bin/rsync`,
    "",
  ].join("\n");
