/** `npx seapath <verb>`: what is done with a cluster outside of a Pulumi program. */
import { close, describeError, describeVms } from "pulumi-seapath-provider";
import { programText } from "./program-text";

const USAGE = `usage: seapath adopt <vm> [<vm> …]

Writes to standard output the TypeScript that takes over VMs that a cluster has already: paste it into a Pulumi program.
The first preview with it has nothing to change.

The cluster is the one of SEAPATH_HOSTS, SEAPATH_USER, SEAPATH_PRIVATE_KEY_FILE and SEAPATH_KNOWN_HOSTS_FILE.`;

class UsageError extends Error {}

async function adopt(names: readonly string[]): Promise<void> {
  if (names.length === 0) throw new UsageError("seapath adopt: which VM?");
  const found = await describeVms(names);
  const missing = [...found].filter(([, inputs]) => inputs === undefined).map(([name]) => name);
  if (missing.length > 0) throw new Error(`Unable to adopt ${missing.join(", ")}: the cluster has no such VM`);
  process.stdout.write(programText(found as Map<string, Record<string, unknown>>));
}

/** Runs a verb. The exit code is 0, or 1 when it failed, or 2 when it was asked for wrongly. */
export async function main([verb, ...args]: readonly string[]): Promise<void> {
  try {
    if (verb === "adopt") await adopt(args);
    else if (verb === "--help" || verb === "-h") console.log(USAGE);
    else throw new UsageError(verb === undefined ? "seapath: which verb?" : `seapath: there is no verb "${verb}"`);
  } catch (error) {
    console.error(error instanceof UsageError ? `${error.message}\n${USAGE}` : describeError(error));
    process.exitCode = error instanceof UsageError ? 2 : 1;
  } finally {
    close();
  }
}
