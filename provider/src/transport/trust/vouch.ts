import { isSigned, parseCertificate, type Certificate } from "./certificate";
import { fingerprint, matchesPattern, nameOfType, place, type KnownHosts, type KnownHostLine } from "./knownhosts";

/** The verdict on a host's certificate. */
export interface Vouched {
  /** The certified key; trust it only if there is no problem. */
  key?: Buffer;
  type?: string;
  /** Why it vouches for nothing. */
  problem?: string;
  /** What the user can do. */
  hint?: string;
  /** The @cert-authority lines, for messages. */
  lines: string;
}

/**
 * Whether a certificate vouches for a host: signed by one of the authorities, not revoked, for hosts, for this name,
 * valid now, and without unknown options that would restrict it.
 * @param certificate undefined if the host has none
 */
export function vouch(
  certificate: Buffer | undefined,
  known: KnownHosts,
  name: { host: string; port: number },
  authorities: readonly KnownHostLine[],
): Vouched {
  const lines = authorities.map(place).join(", ");
  if (certificate === undefined) {
    return { lines, problem: "the node has no certificate", hint: `Set HostCertificate in its sshd_config.` };
  }
  let read: Certificate;
  try {
    read = parseCertificate(certificate);
  } catch (error) {
    return { lines, problem: `its certificate cannot be read: ${(error as Error).message}` };
  }
  const wrong = problemOf(read, known, name, authorities);
  return { lines, key: read.key, type: read.type, ...wrong };
}

function problemOf(
  read: Certificate,
  known: KnownHosts,
  { host, port }: { host: string; port: number },
  authorities: readonly KnownHostLine[],
): { problem: string; hint?: string } | undefined {
  const its = `its certificate ${JSON.stringify(cut(read.id))}`;
  const sign = `Sign it again: \`ssh-keygen -s CA -h -I ${host} -n ${host} -V +52w ssh_host_…_key.pub\`.`;
  const authority = `${nameOfType(read.authority)} key ${fingerprint(read.authority)}`;
  const revoked = known.revocation(host, port, read.authority);
  if (revoked)
    return { problem: `${its} is of the authority with the ${authority}, which is revoked (${place(revoked)})` };
  if (!authorities.some(({ key }) => key.equals(read.authority))) {
    return {
      problem: `${its} is of another authority, with the ${authority}`,
      hint: "Is that the authority of the cluster? Then put it into that line.",
    };
  }
  if (!isSigned(read))
    return {
      problem: `${its} is not signed by its authority, or in a way that is not accepted (RSA with SHA-1)`,
      hint: sign,
    };
  if (!read.isForHosts) return { problem: `${its} is one of a user`, hint: sign };
  if (read.criticalOptions.length > 0)
    return { problem: `${its} has critical options, ${listed(read.criticalOptions)}`, hint: sign };
  const now = BigInt(Math.floor(Date.now() / 1000));
  if (now < read.validAfter)
    return { problem: `${its} is valid from ${date(read.validAfter)} on`, hint: "Are the clocks right?" };
  if (now >= read.validBefore) return { problem: `${its} has ended at ${date(read.validBefore)}`, hint: sign };
  if (!read.principals.some((pattern) => matchesPattern(pattern.toLowerCase(), host.toLowerCase()))) {
    return {
      problem: `${its} is for ${listed(read.principals) || "no host by name"}, and not for ${host}`,
      hint: `Use such a name in seapath:hosts, or HostKeyAlias, or sign it again with -n ${host}.`,
    };
  }
  return undefined;
}

/** Text from an unverified certificate: shortened, and each piece in quotes. */
const cut = (text: string) => (text.length > 100 ? `${text.slice(0, 100)}…` : text);
const listed = (texts: readonly string[]) =>
  [
    ...texts.slice(0, 8).map((text) => (/^[\w.:*?@-]{1,100}$/.test(text) ? text : JSON.stringify(cut(text)))),
    ...(texts.length > 8 ? [`${texts.length - 8} more`] : []),
  ].join(", ");

/** The largest number means "forever", which a Date cannot hold. */
const date = (seconds: bigint) =>
  new Date(Number(seconds < 8_640_000_000_000n ? seconds : 8_640_000_000_000n) * 1000).toISOString();
