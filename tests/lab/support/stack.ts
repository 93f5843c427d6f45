/** A stack of tests/lab/program, driven through the real CLI by Pulumi's automation API. */
import { join } from "node:path";
import { LocalWorkspace, type OutputMap, type Stack } from "@pulumi/pulumi/automation/index.js";
import { pulumiEnvironment } from "../../../tools/env.mjs";
import { said } from "../../said.ts";

/** The inputs of the resources of a stack, by logical name: VMs, where `$kind` names no other class. */
export type Vms = Record<string, Record<string, unknown>>;

export class TestStack {
  readonly #stack: Stack;

  private constructor(stack: Stack) {
    this.#stack = stack;
  }

  /** A new stack of that name; what an earlier run left in it is destroyed first. */
  static async make(name: string, environment: Record<string, string> = {}): Promise<TestStack> {
    const workDir = join(import.meta.dirname, "..", "program");
    const envVars = { ...pulumiEnvironment(), ...environment };
    const stack = await LocalWorkspace.createOrSelectStack({ stackName: name, workDir }, { envVars });
    const made = new TestStack(stack);
    await made.configure({});
    // A run that was killed leaves its lock.
    await made.unlock();
    await made.destroy();
    return made;
  }

  /** A stack that is there, as it is, with another environment: other settings of the cluster, say. */
  static async at(name: string, environment: Record<string, string>): Promise<TestStack> {
    const workDir = join(import.meta.dirname, "..", "program");
    return new TestStack(await LocalWorkspace.selectStack({ stackName: name, workDir }, { envVars: { ...pulumiEnvironment(), ...environment } }));
  }

  /** Says which VMs there are to be, without acting on it. */
  async configure(vms: Vms): Promise<void> {
    await this.#stack.setConfig("vms", { value: JSON.stringify(vms) });
  }

  /** Sets a key of the stack's configuration, `seapath:planned` say. */
  async setting(key: string, value: string): Promise<void> {
    await this.#stack.setConfig(key, { value });
  }

  /** `pulumi up`, without a preview of its own; the output of the run. */
  async up(vms: Vms): Promise<{ text: string; outputs: OutputMap; changes: Record<string, number> }> {
    await this.configure(vms);
    const result = await this.#stack.up({ color: "never" });
    return { text: result.stdout + result.stderr, outputs: result.outputs, changes: result.summary.resourceChanges ?? {} };
  }

  /** `pulumi preview --diff`; with `refresh`, of what the cluster says now. */
  async preview(vms: Vms, options: { refresh?: boolean } = {}): Promise<{ text: string; changes: Record<string, number> }> {
    await this.configure(vms);
    const result = await this.#stack.preview({ color: "never", diff: true, ...options });
    return { text: result.stdout + result.stderr, changes: result.changeSummary as Record<string, number> };
  }

  /** `pulumi refresh`. */
  async refresh(): Promise<void> {
    await this.#stack.refresh({ color: "never" });
  }

  /** What a run that has to fail says. */
  async failing(run: "up" | "preview", vms: Vms): Promise<string> {
    try {
      await this[run](vms);
    } catch (error) {
      said(error);
      return (error as Error).message;
    }
    throw new Error(`pulumi ${run} succeeded, and had to fail`);
  }

  /** `pulumi destroy` of everything. */
  async destroy(): Promise<void> {
    await this.#stack.destroy({ color: "never" });
  }

  /** Takes away the lock of a run that was killed. */
  async unlock(): Promise<void> {
    await this.#stack.cancel();
  }

  /** The logical names of the VMs in the state. */
  async recorded(): Promise<string[]> {
    const { deployment } = await this.#stack.exportStack();
    const { resources = [] } = deployment as { resources?: { type: string; urn: string }[] };
    return resources.filter((each) => each.type.endsWith("seapath:Vm")).map((each) => each.urn.split("::").at(-1) ?? "");
  }

  /** Loses a VM from the state, as a run that is killed before it is recorded does. */
  async forget(name: string): Promise<void> {
    const exported = await this.#stack.exportStack();
    const deployment = exported.deployment as { resources: { urn: string }[] };
    deployment.resources = deployment.resources.filter((each) => each.urn.split("::").at(-1) !== name);
    await this.#stack.importStack({ ...exported, deployment });
  }

  /** The whole state as text. */
  async state(): Promise<string> {
    return JSON.stringify(await this.#stack.exportStack());
  }
}
