// Debian's packages for the lab: Ceph, Pacemaker, libvirt, QEMU. Does nothing if all are installed.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../env.mjs";
import { command, step, StepError } from "../steps.mjs";

const POLICY = "/usr/sbin/policy-rc.d";

/** @returns {string[]} */
function wanted() {
  return JSON.parse(readFileSync(join(root, "lab/packages.json"), "utf8"));
}

/** @param {string[]} names */
function missing(names) {
  let listed = "";
  try {
    listed = execFileSync("dpkg-query", ["-W", "-f", "${Package} ${db:Status-Status}\n", ...names], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
  } catch (error) {
    // dpkg-query exits with 1 if it does not know one of the names; its output is still valid.
    listed = /** @type {any} */ (error).stdout ?? "";
  }
  const there = new Set(
    listed
      .split("\n")
      .filter((line) => line.endsWith(" installed"))
      .map((line) => line.split(" ")[0]),
  );
  return names.filter((name) => !there.has(name));
}

/**
 * Keeps packages from starting their daemons during installation: the lab starts its own, inside its nodes.
 * @template T
 * @param {() => Promise<T>} work
 */
async function withoutDaemons(work) {
  if (existsSync(POLICY)) return work();
  writeFileSync(POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    return await work();
  } finally {
    rmSync(POLICY, { force: true });
  }
}

export function debianPackages(quiet = false) {
  return step(
    "Debian",
    async ({ say, done, log }) => {
      const names = wanted();
      const lacking = missing(names);
      if (lacking.length === 0) return done(`all ${names.length} packages are installed`);
      const byHand = `apt-get install --no-install-recommends ${lacking.join(" ")}`;
      if (!existsSync("/usr/bin/apt-get")) {
        throw new StepError(
          `the lab is made of Debian packages and this is no Debian; it lacks ${lacking.join(" ")}`,
          "run on Debian 12, or name your own cluster in SEAPATH_HOSTS (for npm run demo)",
        );
      }
      if (process.getuid?.() !== 0) {
        throw new StepError(
          `the lab needs root, and these packages: ${lacking.join(" ")}`,
          `sudo ${byHand}; then run this as root`,
        );
      }
      const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
      const advice = `see to apt's sources, then: ${byHand}`;
      say(`apt-get install: ${lacking.length} of ${names.length} packages (their daemons stay off)`);
      await command(["apt-get", "update", "-q"], { env, log, advice });
      await withoutDaemons(() =>
        command(
          [
            "apt-get",
            "install",
            "-y",
            "-q",
            "--no-install-recommends",
            "-o",
            "Dpkg::Use-Pty=0",
            "-o",
            "DPkg::Lock::Timeout=300",
            ...lacking,
          ],
          { env, log, advice },
        ),
      );
      done(`${lacking.length} packages installed`);
    },
    quiet,
  );
}
