#!/usr/bin/env node
// @ts-check
// Previews and drift detection of a stack for any CI: `node seapath-ci.mjs --help`, docs/ci.md.
import { runDrift, runPreview } from "./lib/commands.mjs";
import { EXIT } from "./lib/outcome.mjs";
import { readOptions, USAGE, UsageError } from "./lib/options.mjs";
import { outlet } from "./lib/report.mjs";
import { redactor } from "./lib/secrets.mjs";
import { cleanUpOnSignals } from "./lib/temporary.mjs";

/** @param {readonly string[]} words @param {NodeJS.ProcessEnv} env @returns {Promise<number>} */
async function main(words, env) {
  if (words.includes("--help") || words.includes("-h")) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const given = readOptions(words, env);
  return given.command === "preview" ? runPreview({ given, env }) : runDrift({ given, env });
}

cleanUpOnSignals();
try {
  process.exitCode = await main(process.argv.slice(2), process.env);
} catch (error) {
  const text = error instanceof Error ? error.message : String(error);
  outlet(process.env, redactor([], process.env)).warn(error instanceof UsageError ? `${text}\n\n${USAGE}` : text);
  process.exitCode = EXIT.error;
}
