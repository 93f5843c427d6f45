/** A test's own users on the nodes, and what SEAPATH's playbooks allow theirs through sudo. */
import { readFileSync } from "node:fs";
import { exec, readLab } from "../../../lab/index.ts";
import { eventually } from "./cluster.ts";

/**
 * The sudoers file of their user: the shell as root, and rsync. `EXEC` lifts their `noexec`, and their `requiretty`
 * does not apply.
 * @param terminal makes `requiretty` apply to the user, as to everyone else there
 */
export const hardenedSudoers = (user: string, { terminal = false } = {}): string =>
  [
    `Defaults:${user} ${terminal ? "" : "!"}requiretty, noexec, use_pty, ignore_dot, umask=0077, umask_override`,
    `${user} ALL=(root) NOPASSWD:EXEC:SETENV: /bin/sh`,
    `${user} ALL=(root) NOPASSWD:EXEC:SETENV: /usr/bin/rsync`,
    "",
  ].join("\n");

/** The group that may use sudo on nodes hardened by those playbooks. */
export const SUDO_GROUP = "privileged";

const MAKE = `
useradd --create-home --shell "$2" --password '*' "$1"
! getent group ${SUDO_GROUP} >/dev/null || usermod -aG ${SUDO_GROUP} "$1"
umask 77; mkdir -p "/home/$1/.ssh"; cat > "/home/$1/.ssh/authorized_keys"; chown -R "$1" "/home/$1/.ssh"`;

/** Creates a user that the lab's key can log in as. */
export async function makeUser(
  node: string,
  user: string,
  { shell = "/bin/sh", sudoers }: { shell?: string; sudoers?: string } = {},
): Promise<void> {
  await exec(node, ["sh", "-ec", MAKE, "sh", user, shell], { stdin: readFileSync(`${readLab().privateKeyFile}.pub`) });
  if (sudoers !== undefined) await allowBySudo(node, user, sudoers);
}

export async function allowBySudo(node: string, user: string, sudoers: string): Promise<void> {
  await exec(node, ["sh", "-c", `umask 337; cat > /etc/sudoers.d/${user} && visudo -cqf /etc/sudoers.d/${user}`], {
    stdin: sudoers,
  });
}

/** Removes a user once its last process has ended. */
export async function dropUser(node: string, user: string): Promise<void> {
  await exec(node, ["sh", "-c", `rm -f /etc/sudoers.d/${user}; pkill -KILL -u ${user}`], { ok: true });
  await eventually(
    () => exec(node, ["userdel", "-rf", user], { ok: true }),
    ({ exitCode }) => exitCode === 0 || exitCode === 6,
  );
}

/** The user a lab node can log in to another as, so that VMs migrate live as that user. */
export const migrationUser = (): string => (readLab().options.hardened === true ? "libvirtadmin" : "root");
