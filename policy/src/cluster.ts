/** Queries to a real or a saved cluster, each made once for all rules of a run. */
import { existsSync, readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { api, configureFrom } from "pulumi-seapath-provider";
import type { Declared } from "./declared";

/** The scheduler's result for the stack. */
export type Planned = Awaited<ReturnType<typeof api.plan>>;
/** Which nodes may run VMs, and which never do. */
export type ClusterNodes = Awaited<ReturnType<typeof api.nodes>>;

/** Selects a cluster. */
export interface Where {
  /** One of `seapath:clusters`. If absent, the cluster of `seapath:hosts`. */
  cluster?: string | undefined;
  /** A file to use instead. @default `SEAPATH_SAVED_CLUSTER` in the environment */
  savedCluster?: string | undefined;
}

export const wordsFor = (cluster: string | undefined): string =>
  cluster === undefined ? "the cluster" : `cluster "${cluster}"`;

/** The pack receives the stack's configuration after it was loaded, so read it at the first query. */
function configureFromStack(): void {
  const folder = existsSync(join(startFolder(), "Pulumi.yaml")) ? startFolder() : undefined;
  const seapath = new pulumi.Config("seapath");
  const secrets = JSON.parse(process.env["PULUMI_CONFIG_SECRET_KEYS"] || "[]") as string[];
  configureFrom((key) => seapath.get(key.replace(/^seapath:/, "")), secrets, folder);
}

/**
 * The folder Pulumi was started in. A pack runs in a folder of its own, but paths in the configuration are relative to
 * the program.
 */
const startFolder = (): string => process.env["PWD"] ?? process.cwd();

function optionsOf(savedCluster: string | undefined): { saved?: ReturnType<typeof api.readSaved> } {
  const file = savedCluster ?? process.env["SEAPATH_SAVED_CLUSTER"];
  if (file === undefined || file === "") return {};
  return { saved: api.readSaved(readFileSync(isAbsolute(file) ? file : join(startFolder(), file), "utf8")) };
}

/** Long enough for all rules of a stack, too short for the cluster to change unnoticed. */
const MEMORY_MS = 60_000;
const answers = new Map<string, { at: number; answer: Promise<unknown> }>();

/**
 * Queries once, even for several rules at the same time. A failure is cached too, so that an unreachable cluster costs
 * only one wait.
 */
function once<T>(key: string, ask: () => Promise<T>): Promise<T> {
  const known = answers.get(key);
  if (known !== undefined && Date.now() - known.at < MEMORY_MS) return known.answer as Promise<T>;
  const answer = ask();
  answer.catch(() => {}); // every caller gets the error
  answers.set(key, { at: Date.now(), answer });
  return answer;
}

/** Queries a cluster once, with the stack's configuration. @param key identifies the query, besides the cluster */
const ask = <T>(
  { cluster, savedCluster }: Where,
  key: unknown,
  act: (at: { cluster?: string }, options: ReturnType<typeof optionsOf>) => Promise<T>,
): Promise<T> =>
  once(JSON.stringify([cluster, savedCluster, key]), async () => {
    configureFromStack();
    return act(cluster === undefined ? {} : { cluster }, optionsOf(savedCluster));
  });

/** The nodes of the cluster. */
export const nodesOf = (where: Where): Promise<ClusterNodes> => ask(where, "nodes", api.nodes);

/**
 * The scheduler's result for the stack on the cluster. VMs on the cluster that this stack created but no longer has
 * count as removed, because policies do not see deletions.
 */
export function planOf(where: Where, resources: readonly Declared[]): Promise<Planned> {
  const steps = resources.map(({ kind, urn, raw }) => ({
    op: api.hasOutputs(raw) ? "same" : "update",
    urn,
    newState: { type: `seapath:${kind}`, inputs: raw },
  }));
  return ask(where, steps, (at, options) =>
    api.plan(at, { steps }, { ...options, owner: `${pulumi.getProject()}/${pulumi.getStack()}`, failback: true }),
  );
}

/** The scheduler's result for the cluster as it is, whatever the stack has. */
export const presentOf = (where: Where): Promise<Planned> =>
  ask(where, "present", (at, options) => api.plan(at, { steps: [] }, { ...options, failback: true }));

const UNREACHABLE = ["connection", "no-hosts"];

/**
 * Whether an error means that there is no cluster to query: no node is reachable, or none is configured. A wrong host
 * key, a refused login or an invalid setting does not count: ignoring those would let everything pass.
 */
export const isUnreachable = (error: unknown): boolean =>
  UNREACHABLE.includes(String((error as { code?: unknown }).code));
