/**
 * Nodes as set up by SEAPATH's playbooks, with their settings for sshd, sudo and libvirt; boot/harden does everything
 * that is not a file.
 */
import { readFileSync } from "node:fs";

import { sourceDir } from "./config.ts";
import type { Cluster, NodeFile } from "./node-files.ts";

/** The user that logs in, with sudo for a shell; and the user of libvirt's own SSH between the nodes. */
export const hardenedUser = "ansible";
const migrationUser = "libvirtadmin";

/** The size of a node's root file system: the guests' images, and some free space. */
export const rootBytes = 600 * 1024 * 1024;

const sshd = `HostKey /etc/ssh/ssh_host_ed25519_key
PermitRootLogin no
PasswordAuthentication no
KbdInteractiveAuthentication no
MaxAuthTries 3
MaxSessions 10
AllowTcpForwarding no
AllowAgentForwarding no
X11Forwarding no
Compression no
ClientAliveInterval 300
ClientAliveCountMax 0
KexAlgorithms curve25519-sha256,curve25519-sha256@libssh.org,diffie-hellman-group16-sha512,diffie-hellman-group18-sha512,diffie-hellman-group-exchange-sha256
HostKeyAlgorithms ssh-ed25519,rsa-sha2-512,rsa-sha2-256
Ciphers aes256-ctr,aes192-ctr,aes128-ctr
MACs hmac-sha2-512-etm@openssh.com,hmac-sha2-256-etm@openssh.com
UsePAM yes
PrintMotd no
Subsystem sftp internal-sftp
`;

const sudoers = `Defaults env_reset, noexec, requiretty, use_pty, ignore_dot, umask=0077, umask_override
Defaults secure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
root ALL=(ALL:ALL) ALL
@includedir /etc/sudoers.d
`;

const adminSudoers = "admin ALL=(ALL:ALL) NOPASSWD:EXEC: ALL\n";

const ansibleSudoers = `Defaults:${hardenedUser} !requiretty
${hardenedUser} ALL=(root) NOPASSWD:EXEC:SETENV: /bin/sh
${hardenedUser} ALL=(root) NOPASSWD:EXEC:SETENV: /usr/bin/rsync
`;

/** The files of a hardened node, replacing others with the same path. */
export function hardenedFiles(
  cluster: Cluster,
  nodeKeys: { privateKey: string; publicKey: string },
  uuid: string,
): NodeFile[] {
  return [
    { path: "/etc/seapath-lab/harden", text: readFileSync(`${sourceDir}boot/harden`), mode: 0o755 },
    { path: "/etc/ssh/sshd_config", text: sshd },
    { path: "/etc/sudoers", text: sudoers, mode: 0o440 },
    { path: "/etc/sudoers.d/admin", text: adminSudoers, mode: 0o440 },
    { path: `/etc/sudoers.d/${hardenedUser}`, text: ansibleSudoers, mode: 0o440 },
    { path: "/etc/profile.d/tmout.sh", text: "readonly TMOUT=300\nexport TMOUT\n" },
    {
      path: "/etc/libvirt/libvirtd.conf",
      text: `host_uuid = "${uuid}"\nunix_sock_group = "libvirt"\nunix_sock_rw_perms = "0770"\nauth_unix_ro = "none"\nauth_unix_rw = "none"\n`,
    },
    // The key for logging in to the nodes is not on them: root's own is another, which only logs in as the migration
    // user.
    { path: `/etc/seapath-lab/keys/${hardenedUser}`, text: cluster.publicKey },
    { path: "/etc/seapath-lab/keys/admin", text: cluster.publicKey },
    { path: `/etc/seapath-lab/keys/${migrationUser}`, text: nodeKeys.publicKey },
    { path: "/root/.ssh/id_ed25519", text: nodeKeys.privateKey, mode: 0o600 },
  ];
}

/** Files that a hardened node does not have. */
export const takenAway = ["/root/.ssh/authorized_keys"];
