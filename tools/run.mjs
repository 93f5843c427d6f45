#!/usr/bin/env node
// The entry point of `npm run demo`, `npm test` and the like. It must run before anything is installed, on any version
// of node: plain JavaScript, no npm packages.
import { spawn } from "node:child_process";
import { chooseForVerb, chooseRelease, ReleaseError, releaseVariable } from "../lab/release.mjs";
import { labEnvironment, ownCluster, pulumiEnvironment, root, withinLab } from "./env.mjs";
import { demo } from "./demo.mjs";
import { failures } from "./failures.mjs";
import { lab } from "./lab.mjs";
import { pack } from "./pack.mjs";
import { policies } from "./policies.mjs";
import { allSteps, StepError } from "./steps.mjs";
import { test } from "./test.mjs";
import { debianPackages } from "./toolchain/debian.mjs";
import { npmPackages } from "./toolchain/npm.mjs";
import { prepare } from "./toolchain/prepare.mjs";

/** Hands the terminal over to a program and returns its exit code.
 * @param {string[]} argv @param {NodeJS.ProcessEnv} env @returns {Promise<number>} */
function handOver([program = "", ...args], env) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: "inherit", cwd: root, env });
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
    process.on("SIGINT", () => {}); // the program handles it
  });
}

/** @type {Record<string, (args: string[]) => Promise<number>>} */
const verbs = {
  demo: () => demo(),
  test: (args) => test(args),
  async bench(args) {
    const { node, debian, all } = prepare({ lab: true, quiet: true });
    await allSteps(
      all,
      Promise.all([node, debian]).then(([program]) => lab(program, "up")),
    );
    return handOver(withinLab(await node, [await node, "bench/main.ts", ...args]), pulumiEnvironment());
  },
  failures: () => Promise.resolve(failures()),
  policies: () => Promise.resolve(policies()),
  async pack() {
    await pack();
    return 0;
  },
  async setup() {
    await prepare({ lab: !ownCluster }).all;
    return 0;
  },
  async lab(args) {
    const [node] = await Promise.all([npmPackages(true), args[0] === "up" ? debianPackages(true) : undefined]);
    return handOver([node, "lab/cli.ts", ...args], { ...process.env, ...labEnvironment() });
  },
  async pulumi(args) {
    const { all, node } = prepare({ lab: false, quiet: true });
    await all;
    return handOver(withinLab(await node, ["pulumi", ...args]), pulumiEnvironment());
  },
  // A shell with this checkout's `pulumi`, `seapath` and node, its state and its lab.
  async shell(args) {
    const { all, node } = prepare({ lab: false, quiet: true });
    await all;
    return handOver(withinLab(await node, [process.env.SHELL || "/bin/sh", ...args]), pulumiEnvironment());
  },
};

/**
 * Verbs that act on a lab, with the number of leading words in which `--release` is theirs; later words belong to
 * another program.
 * @type {Record<string, number>}
 */
const onLab = { demo: Infinity, test: Infinity, bench: Infinity, pulumi: 0, shell: 0 };

/**
 * Selects the lab, and removes that option from the words.
 * @param {string} verb
 * @param {string[]} words
 * @returns {string[]}
 */
function meant(verb, words) {
  const own = onLab[verb];
  if (own === undefined && verb !== "lab") return words;
  const { release, rest } = verb === "lab" ? chooseForVerb(words, process.env) : chooseRelease(words, process.env, own);
  process.env[releaseVariable] = release;
  return rest;
}

const [verb = "", ...words] = process.argv.slice(2);
const chosen = verbs[verb];
if (!chosen) {
  console.error(`usage: node tools/run.mjs ${Object.keys(verbs).join(" | ")}`);
  process.exit(2);
}
try {
  process.exitCode = await chosen(meant(verb, words));
} catch (error) {
  if (error instanceof ReleaseError) console.error(error.message);
  else if (!(error instanceof StepError && error.shown)) console.error(error);
  process.exitCode = error instanceof ReleaseError ? 2 : 1;
}
