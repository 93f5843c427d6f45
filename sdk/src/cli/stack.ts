/** Reads a stack's configuration through the Pulumi CLI itself, for the project in this folder or one above. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** The keys of a stack that concern the cluster, without their namespace. */
export interface StackConfig {
  stack: string;
  /** Secrets are in clear text here, and nowhere else. */
  settings: ReadonlyMap<string, string>;
  /** Whether the hosts of the selected cluster are a secret. */
  secretHosts: boolean;
}

/** The stack exists but cannot be read. */
export class UnreadableStack extends Error {}

class NoPulumi extends Error {}

const PROJECT_FILES = ["Pulumi.yaml", "Pulumi.yml", "Pulumi.json"];
const NAMESPACE = "seapath:";

/** The project folder that contains a folder. */
export function findProject(folder: string): string | undefined {
  if (PROJECT_FILES.some((file) => existsSync(join(folder, file)))) return folder;
  const above = dirname(folder);
  return above === folder ? undefined : findProject(above);
}

/**
 * Reads the configuration of a stack.
 * @param stack its name; undefined for the selected one, if any
 * @param cluster one of its clusters, if selected
 * @returns undefined if there is no configuration: no project, no Pulumi, no selected stack
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
      // For all clusters together, Pulumi only says that something is secret.
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

/** Runs the Pulumi CLI. Its message on failure becomes the error's message. */
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

/** The keys in our namespace that have a value. */
function ours(text: string): Map<string, { value: string; secret: boolean }> {
  const all = Object.entries(JSON.parse(text) as Record<string, Value>);
  return new Map(
    all.flatMap(([key, { value, secret = false }]) =>
      key.startsWith(NAMESPACE) && value !== undefined ? [[key.slice(NAMESPACE.length), { value, secret }]] : [],
    ),
  );
}

/** Whether a value is a secret. A cluster without hosts, or an invalid one, has no secret hosts. */
const isSecret = (text: string): boolean => (JSON.parse(text) as Value).secret === true;

/** A value that is not an object stays as it is; the real parser reports it. */
function parsedObject(text: string | undefined): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text ?? "");
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Resolves a file in a setting relative to the project, where programs run, not this folder. */
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
