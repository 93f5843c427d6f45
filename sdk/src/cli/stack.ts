/** What a stack's configuration says of the cluster, as the Pulumi CLI itself reads it: of this folder's project, or of one above. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** The keys of a stack that are about the cluster, without their namespace. */
export interface StackConfig {
  stack: string;
  /** Secrets are in clear here, and nowhere else. */
  settings: ReadonlyMap<string, string>;
  /** The hosts of the cluster that is meant are kept as a secret. */
  secretHosts: boolean;
}

/** There is a stack, and it cannot be read. */
export class UnreadableStack extends Error {}

class NoPulumi extends Error {}

const PROJECT_FILES = ["Pulumi.yaml", "Pulumi.yml", "Pulumi.json"];
const NAMESPACE = "seapath:";

/** The folder of the project that a folder belongs to. */
export function findProject(folder: string): string | undefined {
  if (PROJECT_FILES.some((file) => existsSync(join(folder, file)))) return folder;
  const above = dirname(folder);
  return above === folder ? undefined : findProject(above);
}

/**
 * Reads the configuration of a stack.
 * @param stack the one that is meant; undefined: the selected one, if there is one
 * @param cluster one of its clusters, if one is meant
 * @returns undefined where nothing is said: no project, no Pulumi, no stack that is selected
 * @throws UnreadableStack
 */
export async function readStack(
  stack: string | undefined,
  cluster: string | undefined,
  env: NodeJS.ProcessEnv,
  cwd = process.cwd(),
): Promise<StackConfig | undefined> {
  const project = findProject(cwd);
  if (project === undefined) {
    if (stack === undefined) return undefined;
    throw new UnreadableStack(
      `Unable to read the configuration of stack "${stack}": there is no Pulumi.yaml in ${cwd} or above it`,
    );
  }
  const asked = async (...words: string[]): Promise<string> =>
    pulumi([...words, "--non-interactive", ...(stack === undefined ? [] : ["--stack", stack])], env, cwd);
  try {
    const [name, text] = await Promise.all([
      stack ?? asked("stack", "--show-name"),
      asked("config", "--json", "--show-secrets"),
    ]);
    const values = ours(text);
    const secret = values.get(cluster === undefined ? "hosts" : "clusters")?.secret === true;
    return {
      stack: name.trim(),
      settings: new Map([...values].map(([key, { value }]) => [key, inProject(key, value, project)])),
      // Of all clusters together it is only said that something is one.
      secretHosts:
        secret &&
        (cluster === undefined ||
          (await asked("config", "get", "--json", "--path", `seapath:clusters[${JSON.stringify(cluster)}].hosts`).then(
            isSecret,
            () => false,
          ))),
    };
  } catch (error) {
    const { message } = error as Error;
    if (stack === undefined && (error instanceof NoPulumi || /no stack selected/.test(message))) return undefined;
    const which = stack === undefined ? `the selected stack of ${project}` : `stack "${stack}"`;
    throw new UnreadableStack(`Unable to read the configuration of ${which}: ${message}`);
  }
}

/** Runs the Pulumi CLI; what it says of a failure is the error's message. */
function pulumi(words: readonly string[], env: NodeJS.ProcessEnv, cwd: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      "pulumi",
      [...words],
      { cwd, env: { ...env, PULUMI_SKIP_UPDATE_CHECK: "true" }, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else if (error.code === "ENOENT") reject(new NoPulumi("there is no program `pulumi` on PATH"));
        else
          reject(new Error(stderr.trim().replace(/^error: /, "") || `pulumi ${words[0]} failed (exit ${error.code})`));
      },
    );
    child.stdin?.end();
  });
}

type Value = { value?: string; secret?: boolean };

/** The keys of our namespace that have a value. */
function ours(text: string): Map<string, { value: string; secret: boolean }> {
  const all = Object.entries(JSON.parse(text) as Record<string, Value>);
  return new Map(
    all.flatMap(([key, { value, secret = false }]) =>
      key.startsWith(NAMESPACE) && value !== undefined ? [[key.slice(NAMESPACE.length), { value, secret }]] : [],
    ),
  );
}

/** Whether one value is a secret; a cluster that has no hosts, or is none, has no secret ones. */
const isSecret = (text: string): boolean => (JSON.parse(text) as Value).secret === true;

/** What is written down as another than an object stays as it is: who reads it in earnest says so. */
function parsedObject(text: string | undefined): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text ?? "");
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** A file that a setting names, seen from the project: that is where a program runs, whatever folder this is. */
function inProject(key: string, value: string, project: string): string {
  if (key === "clusters") {
    const clusters = parsedObject(value);
    if (clusters === undefined) return value;
    const placed = (own: unknown): unknown =>
      typeof own !== "object" || own === null
        ? own
        : Object.fromEntries(
            Object.entries(own).map(([inner, each]) => [
              inner,
              typeof each === "string" ? inProject(inner, each, project) : (each as unknown),
            ]),
          );
    return JSON.stringify(Object.fromEntries(Object.entries(clusters).map(([name, own]) => [name, placed(own)])));
  }
  return key.endsWith("File") && value !== "none" && !/^[~/]/.test(value) ? join(project, value) : value;
}
