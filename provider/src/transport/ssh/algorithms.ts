/**
 * What is negotiated with a server, besides the host key (knownhosts.ts): named, since what ssh2 offers on its own has SHA-1
 * and zlib in it. Every sshd since OpenSSH 6.7 has one of each, with SEAPATH's hardened settings too: docs/decisions/0010.
 */
import { getCiphers } from "node:crypto";

export const ALGORITHMS = {
  // Without a group of the server's own choice: it need not be a good one.
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
    // Where node's OpenSSL is one of FIPS it has none, and ssh2 throws at a name that it cannot serve.
    ...(getCiphers().includes("chacha20") ? ["chacha20-poly1305@openssh.com"] : []),
  ],
  hmac: ["hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512"],
  compress: ["none"],
} as const;
