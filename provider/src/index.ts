/**
 * The public entry. What is serialized into Pulumi's state calls it by `require("pulumi-seapath/provider")`, so the
 * names here are kept for as long as a state may exist that was written with them.
 */
import type { dynamic } from "@pulumi/pulumi";
import { adoptingInputs, vmProvider } from "./resources";
import { configure as keep, currentCluster } from "./session";

const surroundings = { cluster: currentCluster, say: (text: string) => console.log(text) };

/** Takes the stack's configuration, for all kinds. */
export function configure(request: dynamic.ConfigureRequest): void {
  keep((key) => request.config.get(key));
}

/** The provider of each kind of resource. */
export const providers = {
  Vm: vmProvider(surroundings),
};

/**
 * The inputs that adopt VMs as they are, read in one go from the cluster that the environment names.
 * @returns for each name its inputs, or undefined where the cluster has no such VM
 */
export async function describeVms(names: readonly string[]): Promise<Map<string, Record<string, unknown> | undefined>> {
  const inventory = await currentCluster().inventory();
  return new Map(names.map((name) => [name, adoptingInputs(inventory, name)]));
}

export { describeError } from "./errors";
export { close } from "./session";
