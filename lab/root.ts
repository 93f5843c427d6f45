/**
 * The root file systems of the nodes. For this machine's own release, that is this machine's root. For another release,
 * one is created once, from the mirror of this machine's apt, and kept beside the guests; labs only read it.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";

import { cacheFolder, LabError, release, sourceDir } from "./config.ts";
import { packages } from "./packages.ts";
import { run, step } from "./run.ts";

/** Packages of a manually installed system that the lab's packages do not depend on. */
const base = ["ca-certificates", "iproute2", "procps", "xz-utils", "python3"];

/** Daemons do not start while their packages are installed: the lab starts its own, inside its nodes. */
const noDaemons = 'printf "#!/bin/sh\\nexit 101\\n" >"$1/usr/sbin/policy-rc.d" && chmod 755 "$1/usr/sbin/policy-rc.d"';

/** The codename in /etc/os-release of a root. */
export function releaseIn(text: string): string | undefined {
  return /^VERSION_CODENAME="?([a-z]+)"?$/m.exec(text)?.[1];
}

const rootsFolder = join(cacheFolder, "roots");

/** Changes with everything that goes into the root, so that an outdated one is not used. */
const recipe = createHash("sha256")
  .update(JSON.stringify([release, packages, base, noDaemons]))
  .digest("hex")
  .slice(0, 12);

const osRelease = "/etc/os-release";
const hostRelease = existsSync(osRelease) ? releaseIn(readFileSync(osRelease, "utf8")) : undefined;
const own = hostRelease === release;

/** The root of this lab's nodes. */
export const root = own ? "/" : join(rootsFolder, `${release}-${recipe}`, "root");

/** Whether it is this machine's own. */
export const isOwnRoot = own;

/** The command that runs a program in its own mount namespace. */
export const apartMounts = ["unshare", "-m", "--propagation", "private", "--"];

export interface Repository {
  address: string;
  suite: string;
}

/**
 * The repositories of a release, derived from this machine's apt.
 * @param targets lines of `address suite component`, as apt lists its sources
 */
export function repositoriesOf(wanted: string, host: string, targets: string): Repository[] {
  const found = targets.split("\n").flatMap((line) => {
    const [address = "", suite = "", component] = line.split(" ");
    return component === "main" && (suite === host || suite.startsWith(`${host}-`))
      ? [{ address, suite: suite.replace(host, wanted) }]
      : [];
  });
  return found.filter(
    ({ address, suite }, index) =>
      found.findIndex((each) => each.address === address && each.suite === suite) === index,
  );
}

async function repositories(): Promise<Repository[]> {
  if (hostRelease === undefined)
    throw new LabError("this is no Debian, whose apt could say where Debian's packages are");
  const format = "$(REPO_URI) $(CODENAME) $(COMPONENT)";
  const { stdout } = await run(["apt-get", "indextargets", "--format", format, "Created-By: Packages"]);
  const found = repositoriesOf(release, hostRelease, stdout);
  if (found.length === 0)
    throw new LabError(
      `this machine's apt reads nothing of Debian's ${hostRelease}: see to its sources, then "apt-get update"`,
    );
  return found;
}

/** The proxy of this machine's apt, for the root's. */
async function proxy(): Promise<string[]> {
  const { stdout } = await run(
    ["apt-config", "dump", "--format", "%F=%v%n", "Acquire::http::Proxy", "Acquire::https::Proxy"],
    { ok: true },
  );
  return stdout.split("\n").flatMap((line) => {
    const [, name = "", value = ""] = /^(Acquire::https?::Proxy)=(.+)$/.exec(line) ?? [];
    return value === "" ? [] : [`--aptopt=${name} "${value}"`];
  });
}

/** Creates the root if it does not exist. */
export async function makeRoot(): Promise<void> {
  if (own || existsSync(root)) return;
  if (!existsSync("/usr/bin/mmdebstrap"))
    throw new LabError(
      "mmdebstrap is missing, which makes the root of another release: apt-get install --no-install-recommends mmdebstrap",
    );
  mkdirSync(rootsFolder, { recursive: true });
  const work = mkdtempSync(join(rootsFolder, `.${release}-`));
  try {
    await step(`a root of Debian's ${release}, made once`, async () => {
      const sources = (await repositories()).map(({ address, suite }) => `deb ${address} ${suite} main`);
      const options = [
        "--quiet",
        "--mode=root",
        "--variant=apt",
        "--dpkgopt=force-unsafe-io",
        `--include=${[...base, ...packages].join(",")}`,
        `--essential-hook=${noDaemons}`,
      ];
      // In its own mount namespace: if it is killed, no mount remains through which removing the folder would reach
      // this machine's /dev.
      await run(
        [...apartMounts, "mmdebstrap", ...options, ...(await proxy()), release, join(work, "root"), ...sources],
        { env: { DEBIAN_FRONTEND: "noninteractive" } },
      );
    });
    // If two do this at once, both get a complete one.
    if (!existsSync(dirname(root))) renameSync(work, dirname(root));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  forgetOlder();
}

/** Roots of older recipes are useless, but a running lab may still use one. */
function forgetOlder(): void {
  const mounted = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/mountinfo`, "utf8");
      } catch {
        return ""; // It ended meanwhile.
      }
    })
    .join("\n");
  for (const name of readdirSync(rootsFolder)) {
    const older = name.startsWith(`${release}-`) && join(rootsFolder, name) !== dirname(root);
    if (older && !mounted.includes(`lowerdir=${join(rootsFolder, name)}/root`))
      rmSync(join(rootsFolder, name), { recursive: true, force: true });
  }
}

/**
 * The command that runs a program in the root, within a mount namespace created for it. `folders` are available there
 * too.
 */
export const inRoot = (folders: string[], argv: string[]): string[] =>
  own ? argv : ["bash", `${sourceDir}boot/enter-root`, root, ...folders, "--", ...argv];

/** The ids of an account in the root: user and group. */
export function accountOf(passwd: string, group: string, user: string, groupName: string): [number, number] {
  const numberOf = (text: string, name: string): number | undefined => {
    const line = text.split("\n").find((each) => each.startsWith(`${name}:`));
    return line === undefined ? undefined : Number(line.split(":")[2]);
  };
  const [uid, gid] = [numberOf(passwd, user), numberOf(group, groupName)];
  if (uid === undefined || gid === undefined)
    throw new LabError(`${root} has no user ${user} of the group ${groupName}: a package of Pacemaker makes them`);
  return [uid, gid];
}
