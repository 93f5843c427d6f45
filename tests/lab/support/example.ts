/** A project of examples/, run as it is, through the real CLI. */
import { join } from "node:path";
import { LocalWorkspace, type Stack } from "@pulumi/pulumi/automation/index.js";
import { pulumiEnvironment } from "../../../tools/env.mjs";

/** A new stack of an example; destroys what an earlier run left in it first. */
export async function exampleStack(example: string, config: Record<string, string> = {}): Promise<Stack> {
  const workDir = join(import.meta.dirname, "../../../examples", example);
  const stack = await LocalWorkspace.createOrSelectStack(
    { stackName: "labtest", workDir },
    { envVars: pulumiEnvironment() },
  );
  for (const [key, value] of Object.entries(config)) await stack.setConfig(`${example}:${key}`, { value });
  await stack.cancel(); // a killed run leaves
  await stack.destroy({ color: "never" });
  return stack;
}
