import { existsSync } from "node:fs";
import { readSetting } from "../settings/credentials";
import { HostKeyError } from "../errors";
import type { HostAddress } from "../settings/hosts";
import { fingerprint, keyType, knownName, nameOfType, KnownHosts, place, type KnownHostLine } from "./knownhosts";
import { vouch, type Vouched } from "./vouch";
import { quoteArgv } from "../quote";
import type { ConnectionSettings } from "../settings/settings";

/** What we trust for one host: the key types to ask for, and whether a key is the right one. */
export interface Trust {
  algorithms: readonly string[];
  /** Undefined if it is the right one, else the reason. */
  check(key: Buffer): HostKeyError | undefined;
}

/**
 * Reads known_hosts again for each connection, so that added lines take effect immediately.
 * @param fetchCertificate called only if a @cert-authority line matches this host
 */
export async function trustIn(
  host: HostAddress,
  settings: ConnectionSettings,
  fetchCertificate: () => Promise<Buffer | undefined>,
): Promise<Trust> {
  const files = host.knownHostsFiles ?? settings.knownHostsFiles;
  const known = loadKnownHosts({ ...settings, knownHostsFiles: files });
  const name = nameOf(host);
  const authorities = known.authorities(name.host, name.port);
  const vouched = authorities.length === 0 ? undefined : vouch(await fetchCertificate(), known, name, authorities);
  return {
    algorithms: known.algorithmsFor(name.host, name.port, vouched?.type),
    check(key) {
      if (nameOfType(key) === "unknown") return unknownType(host, key);
      const error = checkHostKey(known, host, key, vouched);
      // A fingerprint in the settings is as good as a line of known_hosts, but a revoked key stays revoked.
      return error?.revoked !== true && hasFingerprint(host, settings, key) ? undefined : error;
    },
  };
}

/** No known_hosts line could help. The key itself is not shown either, since there is nothing to compare it with. */
const unknownType = (host: HostAddress, key: Buffer) =>
  new HostKeyError(
    host.address,
    `Unable to verify the host key of ${host.address}: it shows a key of a type that is not known, ${fingerprint(key)}`,
    "Give the node an Ed25519 key: `ssh-keygen -A`, and HostKey in its sshd_config.",
  );

/** As with ssh, a HostKeyAlias stands alone: the port is ignored. */
function nameOf(host: HostAddress): { host: string; port: number } {
  return host.hostKeyAlias === undefined ? host : { host: host.hostKeyAlias, port: 22 };
}

function hasFingerprint(host: HostAddress, settings: ConnectionSettings, key: Buffer): boolean {
  const shown = fingerprint(key);
  const names: (string | undefined)[] = [undefined, host.host, host.address, host.hostKeyAlias];
  return settings.fingerprints.some((each) => each.fingerprint === shown && names.includes(each.host));
}

/** The source that messages name for lines from the setting's text. */
const FROM_TEXT = "seapath:knownHosts";

function loadKnownHosts(settings: Pick<ConnectionSettings, "knownHosts" | "knownHostsFiles">): KnownHosts {
  const files = settings.knownHostsFiles
    .filter(({ path, optional }) => !optional || existsSync(path))
    .map(({ path }) => ({ name: path, text: readSetting("knownHostsFile", path) }));
  const text = settings.knownHosts === undefined ? [] : [{ name: FROM_TEXT, text: settings.knownHosts }];
  return KnownHosts.parse([...text, ...files]);
}

/**
 * Undefined if known_hosts has this key for this host. Otherwise the reason, and what the user can do after comparing
 * fingerprints.
 */
function checkHostKey(known: KnownHosts, host: HostAddress, key: Buffer, vouched?: Vouched): HostKeyError | undefined {
  const name = nameOf(host);
  const verdict = known.verify(name.host, name.port, key);
  const certified = vouched?.key?.equals(key) ?? false;
  if (certified && verdict.status !== "revoked" && vouched?.problem === undefined) return undefined;
  const problem = vouched?.problem ?? "its certificate is one of another key";
  // With a @cert-authority line, the user must fix the certificate, so say what is wrong with it.
  const certificate =
    vouched === undefined ? "" : `; the @cert-authority line ${vouched.lines} does not help: ${problem}`;
  const instead = vouched?.hint === undefined ? "" : `${vouched.hint} Or else: `;
  const shown = `${nameOfType(key)} key ${fingerprint(key)}`;
  const accept = `${knownName(name.host, name.port)} ${keyType(key)} ${key.toString("base64")}`;
  const compare = `If that is what \`ssh-keygen -lf\` says of the node's own key in /etc/ssh`;
  const unable = `Unable to verify the host key of ${host.address}`;
  switch (verdict.status) {
    case "ok":
      return undefined;
    case "unknown":
      return new HostKeyError(
        host.address,
        `${unable}: known_hosts has no key for it, and it shows the ${shown}${certificate}`,
        `${instead}${compare}, add this line to known_hosts (or to seapath:knownHosts): ${accept}`,
      );
    case "changed":
      return new HostKeyError(
        host.address,
        `${unable}: it shows the ${shown}, but known_hosts has another (${verdict.conflicts.map(place).join(", ")}). ` +
          `The node was installed anew, or someone is in between${certificate}`,
        `${instead}${compare}, ${verdict.conflicts
          .map((line) => removal(line, name))
          .filter(unique)
          .join(" and ")}, ` + `then add this line: ${accept}`,
      );
    case "revoked":
      return new HostKeyError(
        host.address,
        `${unable}: it shows the ${shown}, which is revoked (${place(verdict.line)})`,
        `Give the node a new host key; this one was declared stolen or lost.`,
        true,
      );
  }
}

function removal(line: KnownHostLine, name: { host: string; port: number }): string {
  if (line.source === FROM_TEXT) return `remove line ${line.line} of seapath:knownHosts`;
  return `run \`ssh-keygen -R ${quoteArgv(["x", knownName(name.host, name.port), "-f", line.source]).slice(4)}\``;
}

function unique(text: string, index: number, all: readonly string[]): boolean {
  return all.indexOf(text) === index;
}
