/** A stack of tests/lab/program through the real CLI, timed, with the transport's trace of each run. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pulumiEnvironment, stateFolder } from "../tools/env.mjs";
import { run } from "./run.ts";
import { sumOfFile, type TraceSum } from "./trace.ts";

const workFolder = join(import.meta.dirname, "../tests/lab/program");
const STACK = "bench";

/** A deployment as `pulumi stack export` prints it. */
export interface Exported {
  deployment: { resources: StateResource[] };
}
export interface StateResource {
  urn: string;
  type: string;
  id?: string;
  [key: string]: unknown;
}

export interface Timed extends TraceSum {
  stdout: string;
  seconds: number;
}

export class BenchStack {
  readonly #parallel: number;
  /**
   * The provider's only settings for the cluster: the user's own settings, and so the user's own cluster, are ignored.
   */
  environment: Record<string, string>;

  private constructor(parallel: number, environment: Record<string, string>) {
    this.#parallel = parallel;
    this.environment = environment;
  }

  /** An empty stack. An earlier run's resources are forgotten, because its VMs are removed by name. */
  static async make(parallel: number, environment: Record<string, string>): Promise<BenchStack> {
    const stack = new BenchStack(parallel, environment);
    await stack.forget();
    return stack;
  }

  /** Empties the stack's state, whatever is in it. */
  async forget(): Promise<void> {
    await this.#pulumi(["stack", "select", "--create", STACK]);
    await this.#pulumi(["stack", "rm", "--force", "--yes", STACK]);
    await this.#pulumi(["stack", "select", "--create", STACK]);
  }

  #pulumi(args: readonly string[], more: { stdin?: string; trace?: string } = {}) {
    const inherited = Object.entries(pulumiEnvironment()).filter(([name]) => !name.startsWith("SEAPATH_"));
    const env = {
      ...Object.fromEntries(inherited),
      ...this.environment,
      ...(more.trace !== undefined && { SEAPATH_TRACE: more.trace }),
    };
    return run(["pulumi", ...args, "--non-interactive"], {
      cwd: workFolder,
      env,
      ...(more.stdin !== undefined && { stdin: more.stdin }),
    });
  }

  /** Sets which VMs to declare. */
  async configure(vms: Record<string, object>): Promise<void> {
    await this.#pulumi(["config", "set", "--stack", STACK, "vms"], { stdin: JSON.stringify(vms) });
  }

  /** A preview with these additional options. */
  preview(...options: string[]): Promise<Timed> {
    return this.#traced(["preview", "--stack", STACK, "--color", "never", ...options]);
  }

  /** One run of `up`, `refresh` or `destroy`, without a preview before it. */
  timed(verb: "up" | "refresh" | "destroy"): Promise<Timed> {
    return this.#traced([
      verb,
      "--stack",
      STACK,
      "--yes",
      "--skip-preview",
      "--color",
      "never",
      "--parallel",
      String(this.#parallel),
    ]);
  }

  async #traced(argv: readonly string[]): Promise<Timed> {
    const trace = join(stateFolder, `bench-${process.pid}.trace`);
    mkdirSync(stateFolder, { recursive: true });
    rmSync(trace, { force: true });
    try {
      return { ...(await this.#pulumi(argv, { trace })), ...sumOfFile(trace) };
    } finally {
      rmSync(trace, { force: true });
    }
  }

  async export(): Promise<Exported> {
    return JSON.parse((await this.#pulumi(["stack", "export", "--stack", STACK])).stdout) as Exported;
  }

  async import(state: Exported): Promise<void> {
    await this.#pulumi(["stack", "import", "--stack", STACK], { stdin: JSON.stringify(state) });
  }
}

/** Copies a VM in a state under these names: each occurrence of its name becomes theirs. */
export function multiplied(state: Exported, vm: string, names: readonly string[]): Exported {
  const isVm = ({ urn }: StateResource) => urn.endsWith(`::${vm}`);
  const one = state.deployment.resources.find(isVm);
  if (one === undefined) throw new Error(`the state has no resource "${vm}"`);
  const renamed = (name: string) => JSON.parse(JSON.stringify(one).replaceAll(vm, name)) as StateResource;
  const others = state.deployment.resources.filter((each) => !isVm(each));
  return { ...state, deployment: { ...state.deployment, resources: [...others, ...names.map(renamed)] } };
}
