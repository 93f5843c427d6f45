// What of the tests is run, and on which lab.
import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { root } from "./env.mjs";

/**
 * The files of tests/lab that tell apart what Debian 12 with root is and what SEAPATH 2.0 leaves: other versions of what is asked, and
 * logins, sudo and ways between nodes as its playbooks have them. `npm test -- --telling` runs these alone.
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

/** Options of the lab that is made for the tests. */
const OF_LAB = ["--hardened", "--upstream-agent"];
const OWN = ["--unit", "--telling"];

/**
 * @param {readonly string[]} args `--unit`: only what needs no lab; `--telling`: only what tells labs apart; `--hardened`,
 * `--upstream-agent`: of what mood the lab is; all else is mocha's (`--grep X`)
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

/** The test files right in a folder of tests/lab, or in that one. @param {string} folder `alone` @param {boolean} tellingOnly */
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
