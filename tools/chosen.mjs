// Selects which tests to run, and on which lab.
import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { root } from "./env.mjs";

/**
 * The files in tests/lab that distinguish Debian 12 with root from the nodes SEAPATH 2.0 sets up: other versions of
 * what the provider queries, and logins, sudo and SSH between nodes as its playbooks configure them.
 * `npm test -- --telling` runs only these.
 * @type {readonly string[]}
 */
export const telling = [
  "adopt",
  "authkey",
  "between-nodes",
  "clones-example",
  "cut",
  "disk",
  "doctor",
  "policy",
  "policy-guest",
  "policy-rules",
  "preview",
  "remote",
  "snapshot-quiesce",
  "ssh",
  "uploads",
  "vm",
  "whatif-fidelity",
  "alone/doctor",
  "alone/policy",
  "alone/states",
  "alone/whatif",
];

/** Options of the lab that is created for the tests. */
const OF_LAB = ["--hardened", "--upstream-agent"];
const OWN = ["--unit", "--telling"];

/**
 * @param {readonly string[]} args `--unit`: only tests without a lab; `--telling`: only tests that distinguish labs;
 * `--hardened`, `--upstream-agent`: options of the lab; all others go to mocha (`--grep X`)
 * @returns {{ unitOnly: boolean, tellingOnly: boolean, ofLab: string[], ofMocha: string[] }}
 */
export function chosenTests(args) {
  return {
    unitOnly: args.includes("--unit"),
    tellingOnly: args.includes("--telling"),
    ofLab: args.filter((argument) => OF_LAB.includes(argument)),
    ofMocha: args.filter((argument) => !OWN.includes(argument) && !OF_LAB.includes(argument)),
  };
}

/**
 * The test files directly in tests/lab, or in one of its folders.
 * @param {string} folder `alone`
 * @param {boolean} tellingOnly
 */
export function labFiles(folder, tellingOnly) {
  const path = join("tests/lab", folder);
  const names = existsSync(join(root, path))
    ? readdirSync(join(root, path))
        .filter((name) => name.endsWith(".test.ts"))
        .sort()
    : [];
  return names
    .filter((name) => !tellingOnly || telling.includes(join(folder, basename(name, ".test.ts"))))
    .map((name) => `${path}/${name}`);
}
