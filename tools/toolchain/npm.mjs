// npm's packages, and the node that everything afterwards runs on.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { npmBin, root } from "../env.mjs";
import { command, step, StepError } from "../steps.mjs";

const OLDEST_NODE = 22;

/**
 * The packages in a lock file, each with its version (workspaces: the folder they link to).
 * @param {string} file
 */
function locked(file) {
  if (!existsSync(file)) return undefined;
  /** @type {{ packages: Record<string, { version?: string, resolved?: string, link?: boolean, optional?: boolean }> }} */
  const { packages } = JSON.parse(readFileSync(file, "utf8"));
  return Object.entries(packages).filter(([path]) => path.includes("node_modules/"));
}

/**
 * Whether node_modules matches package-lock.json. Compares content: file times say little in a fresh clone, and a
 * manual `npm install` counts too.
 */
function installed() {
  const wanted = locked(join(root, "package-lock.json")) ?? [];
  const present = new Map(locked(join(root, "node_modules", ".package-lock.json")));
  return wanted.every(([path, { version, optional }]) => {
    const found = present.get(path);
    return found ? found.version === version : optional;
  });
}

/** @param {string} program */
function versionOf(program) {
  try {
    return execFileSync(program, ["--version"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return undefined;
  }
}

const isNewEnough = (/** @type {string | undefined} */ version) =>
  Number(/^v(\d+)/.exec(version ?? "")?.[1]) >= OLDEST_NODE;

/** Installs node_modules if necessary and returns the path of a node >= 22. */
export function npmPackages(quiet = false) {
  return step(
    "npm",
    async ({ say, done, log }) => {
      if (!installed()) {
        say("npm ci: node_modules is missing or older than package-lock.json");
        await command(["npm", "ci", "--no-audit", "--no-fund", "--prefer-offline"], {
          cwd: root,
          log,
          advice: "npm has to reach its registry (npm config get registry, npm ping)",
        });
      }
      const own = join(npmBin, "node");
      if (!isNewEnough(versionOf(own)) && existsSync(join(root, "node_modules/node"))) {
        // The package `node` downloads its binary in an install script, which npm can be configured to skip.
        say("node: runs the install script of the package `node`, which npm left out");
        await command([process.execPath, "installArchSpecificPackage"], {
          cwd: join(root, "node_modules/node"),
          log,
          okay: [0, 1],
        });
      }
      for (const node of [own, process.execPath]) {
        const version = versionOf(node);
        if (!isNewEnough(version)) continue;
        done(`packages as locked, node ${version}`);
        return node;
      }
      throw new StepError(
        `no node >= ${OLDEST_NODE}: this one is ${process.version}, and the npm package \`node\` brought none`,
        `install node ${OLDEST_NODE} (nodejs.org), or allow install scripts and run npm ci`,
      );
    },
    quiet,
  );
}
