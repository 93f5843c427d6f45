/** What policies ask of a cluster, of the real one or of one that was saved: once for all rules of a run. */
import { existsSync, readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { api, configureFrom } from "pulumi-seapath-provider";
import type { Declared } from "./declared";

/** What the scheduler says of the stack. */
export type Planned = Awaited<ReturnType<typeof api.plan>>;
/** What may run VMs, and what never does. */
export type ClusterNodes = Awaited<ReturnType<typeof api.nodes>>;

/** Which cluster is meant. */
export interface Where {
  /** One of `seapath:clusters`. Absent: the cluster of `seapath:hosts`. */
  cluster?: string | undefined;
  /** A file in place of it. @default the environment's `SEAPATH_SAVED_CLUSTER` */
  savedCluster?: string | undefined;
}

export const wordsFor = (cluster: string | undefined): string =>
  cluster === undefined ? "the cluster" : `cluster "${cluster}"`;

/** The stack's configuration is told to the pack after it was loaded, so it is read when something is asked. */
function configureFromStack(): void {
  if (existsSync(join(startFolder(), "Pulumi.yaml"))) process.chdir(startFolder());
  const seapath = new pulumi.Config("seapath");
  const secrets = JSON.parse(process.env["PULUMI_CONFIG_SECRET_KEYS"] || "[]") as string[];
  configureFrom((key) => seapath.get(key.replace(/^seapath:/, "")), secrets);
}

/** Where Pulumi was started. A pack runs in a folder of its own, and the paths of the configuration are those of the program. */
const startFolder = (): string => process.env["PWD"] ?? process.cwd();

function optionsOf(savedCluster: string | undefined): { saved?: ReturnType<typeof api.readSaved> } {
  const file = savedCluster ?? process.env["SEAPATH_SAVED_CLUSTER"];
  if (file === undefined || file === "") return {};
  return { saved: api.readSaved(readFileSync(isAbsolute(file) ? file : join(startFolder(), file), "utf8")) };
}

/** Long enough for all rules of a stack, too short for a cluster to become another one unnoticed. */
const MEMORY_MS = 60_000;
const answers = new Map<string, { at: number; answer: Promise<unknown> }>();

/** Asks once, also when several rules ask at once; a failure is an answer too: a dead cluster is waited for once. */
function once<T>(key: string, ask: () => Promise<T>): Promise<T> {
  const known = answers.get(key);
  if (known !== undefined && Date.now() - known.at < MEMORY_MS) return known.answer as Promise<T>;
  const answer = ask();
  answer.catch(() => {}); // each who asks hears of it
  answers.set(key, { at: Date.now(), answer });
  return answer;
}

/** Asks a cluster once, by the stack's configuration. @param key what is asked, beside where */
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
 * What the scheduler says of the stack on the cluster. VMs of the cluster that this stack has made and has no more are
 * taken as removed: policies are not told of what is deleted.
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

/** What the scheduler says of the cluster as it is, whatever the stack has. */
export const presentOf = (where: Where): Promise<Planned> =>
  ask(where, "present", (at, options) => api.plan(at, { steps: [] }, { ...options, failback: true }));

const UNREACHABLE = ["connection", "no-hosts"];

/**
 * Whether an error says that there is nobody to be asked: no node can be reached, or none is named. A wrong host key, a login
 * that is refused and a setting that is wrong are no such thing: whoever lets those pass lets everybody pass.
 */
export const isUnreachable = (error: unknown): boolean =>
  UNREACHABLE.includes(String((error as { code?: unknown }).code));
