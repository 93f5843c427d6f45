/** What policies ask of a cluster, of the real one or of one that was saved: once for all rules of a run. */
import { existsSync, readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { api, configure } from "pulumi-seapath-provider";
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

export const wordsFor = (cluster: string | undefined): string => (cluster === undefined ? "the cluster" : `cluster "${cluster}"`);

/** The stack's configuration is told to the pack after it was loaded, so it is read when something is asked. */
function configureOnce(): void {
  if (existsSync(join(startFolder(), "Pulumi.yaml"))) process.chdir(startFolder());
  const seapath = new pulumi.Config("seapath");
  configure({ config: { get: (key: string) => seapath.get(key.replace(/^seapath:/, "")) } } as Parameters<typeof configure>[0]);
}

/** Where Pulumi was started. A pack runs in a folder of its own, and the paths of the configuration are those of the program. */
const startFolder = (): string => process.env["PWD"] ?? process.cwd();

function optionsOf({ savedCluster }: Where): { saved?: ReturnType<typeof api.readSaved> } {
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

const at = (cluster: string | undefined) => (cluster === undefined ? {} : { cluster });

/** The nodes of the cluster. */
export const nodesOf = (where: Where): Promise<ClusterNodes> =>
  once(JSON.stringify(["nodes", where]), async () => {
    configureOnce();
    return api.nodes(at(where.cluster), optionsOf(where));
  });

/**
 * What the scheduler says of the stack on the cluster. VMs of the cluster that this stack has made and has no more are
 * taken as removed: policies are not told of what is deleted.
 */
export function planOf(where: Where, resources: readonly Declared[]): Promise<Planned> {
  const steps = resources.map(({ kind, urn, raw }) => ({ op: api.hasOutputs(raw) ? "same" : "update", urn, newState: { type: `seapath:${kind}`, inputs: raw } }));
  return once(JSON.stringify(["plan", where, steps]), async () => {
    configureOnce();
    const owner = `${pulumi.getProject()}/${pulumi.getStack()}`;
    return api.plan(at(where.cluster), { steps }, { ...optionsOf(where), owner, failback: true });
  });
}

const UNREACHABLE = ["connection", "settings", "host-key"];

/** Whether an error says that the cluster cannot be asked at all; others are faults of what was asked. */
export const isUnreachable = (error: unknown): boolean => UNREACHABLE.includes(String((error as { code?: unknown }).code));
