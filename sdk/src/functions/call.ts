/**
 * How a function reaches the cluster: in the program's own process, over a link that does not keep the program from
 * ending. What it needs of the provider is loaded when the first function is called, so that a program that calls none
 * starts as quickly as before.
 */
import * as pulumi from "@pulumi/pulumi";
import type * as provider from "pulumi-seapath-provider";
import { secretKeys } from "../secret-keys";

type Api = typeof provider.api;

/** What every function's arguments have. */
export interface ClusterArgs {
  /** One of `seapath:clusters`. @default the cluster of `seapath:hosts` */
  cluster?: string;
}

let loaded: Api | undefined;

function load(): Api {
  if (loaded !== undefined) return loaded;
  const { api, configureFrom } = require("pulumi-seapath/provider") as typeof provider;
  // The stack's configuration, secrets in clear; it stays in this process.
  configureFrom((key) => pulumi.runtime.getConfig(key), secretKeys());
  return (loaded = api);
}

/** Asks the cluster. An error is told with its next step, as the engine shows the message alone. */
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

/** What beside its arguments says when a function is called. */
export interface OutputOptions {
  /** It is called when these have been made, updated or found unchanged. */
  dependsOn?: pulumi.CustomResource | pulumi.CustomResource[];
}

/**
 * A function with outputs among its arguments: called once they are known and the resources that they come from are
 * there, never before, and as secret as they are.
 */
export function called<A extends object, T>(
  ask: (args: A) => Promise<T>,
  args: pulumi.Inputs,
  options: OutputOptions = {},
): pulumi.Output<T> {
  const given = pulumi.output(args);
  const after = [options.dependsOn ?? []].flat();
  // In a preview the name of a VM that is yet to be made is known, as it is an input of it. Its id is not.
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
