/**
 * Reads from the command line which lab to use, before config.ts is loaded, which describes that one. Child processes
 * find it in their environment.
 */
import { chooseForVerb, ReleaseError, releaseVariable } from "./release.mjs";

function chosen(): string[] {
  try {
    const { release, rest } = chooseForVerb(process.argv.slice(2), process.env);
    process.env[releaseVariable] = release;
    return rest;
  } catch (error) {
    if (!(error instanceof ReleaseError)) throw error;
    process.stderr.write(`lab: ${error.message}\n`);
    process.exit(2);
  }
}

/** The command line without the lab's release. */
export const words = chosen();
