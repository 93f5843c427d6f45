/**
 * The algorithms to negotiate with a server, except for the host key (knownhosts.ts). They are explicit because ssh2's
 * defaults include SHA-1 and zlib. Every sshd since OpenSSH 6.7 supports one of each, even with SEAPATH's hardened
 * settings: docs/decisions/0010.
 */
import { getCiphers } from "node:crypto";

export const ALGORITHMS = {
  // No group of the server's own choice: it may be a weak one.
  kex: [
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group18-sha512",
    "diffie-hellman-group14-sha256",
  ],
  cipher: [
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "aes128-ctr",
    "aes192-ctr",
    "aes256-ctr",
    // OpenSSL in FIPS mode lacks it, and ssh2 throws on a cipher that it cannot provide.
    ...(getCiphers().includes("chacha20") ? ["chacha20-poly1305@openssh.com"] : []),
  ],
  hmac: ["hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512"],
  compress: ["none"],
} as const;
