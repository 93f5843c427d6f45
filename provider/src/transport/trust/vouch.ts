import { isSigned, parseCertificate, type Certificate } from "./certificate";
import { fingerprint, matchesPattern, nameOfType, place, type KnownHosts, type KnownHostLine } from "./knownhosts";

/** What a host's certificate is worth. */
export interface Vouched {
  /** The key that it certifies; only if there is no problem it is to be trusted. */
  key?: Buffer;
  type?: string;
  /** Why it vouches for nothing. */
  problem?: string;
  /** What to do about that. */
  hint?: string;
  /** The @cert-authority lines, for messages. */
  lines: string;
}

/**
 * Whether a certificate vouches for a host: signed by one of the authorities, which is not revoked, for hosts, for this
 * name, now, and without options that would restrict it in a way that we do not know.
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

/** What is said of a certificate that nobody has vouched for yet: a few words, each as a text in quotes. */
const cut = (text: string) => (text.length > 100 ? `${text.slice(0, 100)}…` : text);
const listed = (texts: readonly string[]) =>
  [
    ...texts.slice(0, 8).map((text) => (/^[\w.:*?@-]{1,100}$/.test(text) ? text : JSON.stringify(cut(text)))),
    ...(texts.length > 8 ? [`${texts.length - 8} more`] : []),
  ].join(", ");

/** The greatest number means "for ever", and a Date cannot have it. */
const date = (seconds: bigint) =>
  new Date(Number(seconds < 8_640_000_000_000n ? seconds : 8_640_000_000_000n) * 1000).toISOString();
