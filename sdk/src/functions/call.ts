/**
 * How a function reaches the cluster: in the program's own process, over a link that does not keep the process alive.
 * The provider is loaded at the first call, so that a program without calls starts just as fast.
 */
import * as pulumi from "@pulumi/pulumi";
import type * as provider from "pulumi-seapath-provider";
import { secretKeys } from "../secret-keys";

type Api = typeof provider.api;

/** Arguments that every function has. */
export interface ClusterArgs {
  /** One of `seapath:clusters`. @default the cluster of `seapath:hosts` */
  cluster?: string;
}

let loaded: Api | undefined;

function load(): Api {
  if (loaded !== undefined) return loaded;
  const { api, configureFrom } = require("pulumi-seapath/provider") as typeof provider;
  // The stack's configuration, with secrets in clear text; it stays in this process.
  configureFrom((key) => pulumi.runtime.getConfig(key), secretKeys());
  return (loaded = api);
}

/** Queries the cluster. An error includes its next step, because the engine shows only the message. */
export async function call<T>(args: ClusterArgs, ask: (api: Api, at: provider.api.At) => Promise<T>): Promise<T> {
  const { describeError } = require("pulumi-seapath/provider") as typeof provider;
  const { cluster } = args;
  try {
    for (const [name, value] of Object.entries(args)) {
      const problem = typeof value === "string" ? load().outputProblem(value) : undefined;
      if (problem !== undefined) throw new Error(`${name}: ${problem}`);
    }
    return await ask(load(), cluster === undefined ? {} : { cluster });
  } catch (error) {
    throw new Error(describeError(error), { cause: error });
  }
}

/** What, besides its arguments, decides when a function is called. */
export interface OutputOptions {
  /** Calls the function after these are created, updated or found unchanged. */
  dependsOn?: pulumi.CustomResource | pulumi.CustomResource[];
}

/**
 * A function with outputs among its arguments. It is called once they are known and the resources they come from exist,
 * never before. Its result is secret if they are.
 */
export function called<A extends object, T>(
  ask: (args: A) => Promise<T>,
  args: pulumi.Inputs,
  options: OutputOptions = {},
): pulumi.Output<T> {
  const given = pulumi.output(args);
  const after = [options.dependsOn ?? []].flat();
  // In a preview, the name of a VM that does not exist yet is known, because it is an input. Its id is not.
  const made = pulumi.output(resourcesOf(given).then((found) => idsOf([...found, ...after])));
  return pulumi.all([given, made]).apply<T>(([known]) => ask(known as A));
}

/** The resources that an output comes from. */
async function resourcesOf(output: pulumi.Output<unknown>): Promise<pulumi.Resource[]> {
  const { allResources } = output as { allResources?: () => Promise<Set<pulumi.Resource>> };
  return [...((await allResources?.call(output)) ?? [])];
}

const idsOf = (resources: readonly pulumi.Resource[]): pulumi.Output<unknown> =>
  pulumi.all(resources.filter((each) => pulumi.CustomResource.isInstance(each)).map(({ id }) => id));
