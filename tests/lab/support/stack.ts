/**
 * A stack of tests/lab/program, driven through the real CLI. Not with Pulumi's Automation API, which runs the CLI four
 * more times for each `up`: for the configuration, the outputs twice, and the history.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pulumiEnvironment } from "../../../tools/env.mjs";
import { said } from "../../said.ts";
import { ran } from "./cli.ts";

/** The inputs of a stack's resources, by logical name: VMs, unless `$kind` names another class. */
export type Vms = Record<string, Record<string, unknown>>;

/** A run's output, and how many resources it did what with. */
export interface Done {
  text: string;
  changes: Record<string, number>;
}

const PROGRAM = join(import.meta.dirname, "..", "program");

export class TestStack {
  readonly #name: string;
  readonly #environment: Record<string, string>;

  readonly #folder: string;

  private constructor(name: string, environment: Record<string, string>, folder = PROGRAM) {
    this.#name = name;
    this.#folder = folder;
    this.#environment = { ...pulumiEnvironment(), PULUMI_DEBUG_COMMANDS: "true", ...environment };
  }

  /** A new stack of that name; destroys what an earlier run left in it first. */
  static async make(name: string, environment: Record<string, string> = {}): Promise<TestStack> {
    const made = new TestStack(name, environment);
    await made.#pulumi("stack", "select", "--create");
    await made.configure({});
    // A killed run leaves its lock.
    await made.unlock();
    if ((await made.#deployment()).resources?.length) await made.destroy();
    return made;
  }

  /** An existing stack, unchanged, with another environment, e.g. other cluster settings. */
  static at(name: string, environment: Record<string, string>): TestStack {
    return new TestStack(name, environment);
  }

  /**
   * Renames it, as `pulumi stack rename` does.
   * @param to `organization/<project>/<stack>` for another project as well
   * @param folder the other project's folder, if it is another one
   */
  async rename(to: string, folder = this.#folder): Promise<TestStack> {
    await this.#pulumi("stack", "rename", to);
    return new TestStack(to.split("/").at(-1) ?? to, this.#environment, folder);
  }

  /** Runs the CLI on the stack. */
  async #pulumi(...words: string[]): Promise<{ stdout: string; text: string }> {
    const more = ["--stack", this.#name, "--cwd", this.#folder, "--non-interactive", "--color", "never"];
    const { code, stdout, stderr } = await ran("pulumi", [...words, ...more], this.#environment);
    if (code !== 0) throw new Error(`pulumi ${words[0]} failed (exit ${code})\n${stdout}${stderr}`);
    return { stdout, text: stdout + stderr };
  }

  /** Runs the program, and reads the result from the engine's events. */
  async #run(words: readonly string[], vms: Vms): Promise<Done> {
    const folder = mkdtempSync(join(tmpdir(), "seapath-stack-"));
    try {
      const log = join(folder, "events.json");
      const { text } = await this.#pulumi(...words, "--config", `vms=${JSON.stringify(vms)}`, "--event-log", log);
      const events = readFileSync(log, "utf8")
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line) as { summaryEvent?: { resourceChanges: Record<string, number> } });
      return {
        text,
        changes: events.findLast(({ summaryEvent }) => summaryEvent !== undefined)?.summaryEvent?.resourceChanges ?? {},
      };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** Sets which VMs to declare, without acting on it. */
  async configure(vms: Vms): Promise<void> {
    await this.setting("vms", JSON.stringify(vms));
  }

  /** Sets a key of the stack's configuration, e.g. `seapath:planned`. */
  async setting(key: string, value: string): Promise<void> {
    await this.#pulumi("config", "set", key, value);
  }

  /** `pulumi up`, without a preview of its own. */
  up(vms: Vms): Promise<Done> {
    return this.#run(["up", "--yes", "--skip-preview"], vms);
  }

  /** `pulumi up` that must replace some of the resources, given by logical name. */
  async replacing(vms: Vms, ...names: string[]): Promise<Done> {
    const urns = await Promise.all(names.map((name) => this.urnOf(name)));
    return this.#run(["up", "--yes", "--skip-preview", ...urns.flatMap((urn) => ["--replace", urn])], vms);
  }

  /** `pulumi state taint`. */
  async taint(name: string): Promise<void> {
    await this.#pulumi("state", "taint", await this.urnOf(name), "--yes");
  }

  /** The URN of a resource in the state, by its logical name. */
  async urnOf(name: string): Promise<string> {
    const { resources = [] } = await this.#deployment();
    const found = resources.find(({ urn }) => urn.split("::").at(-1) === name);
    if (found === undefined) throw new Error(`the state has no resource "${name}"`);
    return found.urn;
  }

  /** `pulumi preview --diff`; with `refresh`, based on what the cluster says now. */
  preview(vms: Vms, { refresh = false }: { refresh?: boolean } = {}): Promise<Done> {
    return this.#run(["preview", "--diff", ...(refresh ? ["--refresh"] : [])], vms);
  }

  /** `pulumi refresh`. @returns its output */
  async refresh(): Promise<string> {
    return (await this.#pulumi("refresh", "--yes", "--skip-preview")).text;
  }

  /** The output of a run that must fail. */
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
    await this.#pulumi("destroy", "--yes", "--skip-preview");
  }

  /** Destroys everything and removes the stack. */
  async remove(): Promise<void> {
    await this.destroy();
    await this.#pulumi("stack", "rm", "--yes");
  }

  /** Removes the lock of a killed run. */
  async unlock(): Promise<void> {
    await this.#pulumi("cancel", "--yes");
  }

  /** The program's outputs, and whether each is a secret. */
  async outputs(): Promise<Record<string, { value: unknown; secret: boolean }>> {
    const read = async (...more: string[]) =>
      JSON.parse((await this.#pulumi("stack", "output", "--json", ...more)).stdout) as Record<string, unknown>;
    const [shown, all] = await Promise.all([read(), read("--show-secrets")]);
    return Object.fromEntries(
      Object.entries(all).map(([name, value]) => [name, { value, secret: shown[name] === "[secret]" }]),
    );
  }

  async #deployment(): Promise<{ resources?: { type: string; urn: string }[] }> {
    return (JSON.parse(await this.state()) as { deployment: { resources?: { type: string; urn: string }[] } })
      .deployment;
  }

  /** The logical names of the VMs in the state. */
  async recorded(): Promise<string[]> {
    const { resources = [] } = await this.#deployment();
    return resources
      .filter((each) => each.type.endsWith("seapath:Vm"))
      .map((each) => each.urn.split("::").at(-1) ?? "");
  }

  /** Drops a VM from the state, as a run does that is killed before recording it. */
  async forget(name: string): Promise<void> {
    const exported = JSON.parse(await this.state()) as { deployment: { resources: { urn: string }[] } };
    exported.deployment.resources = exported.deployment.resources.filter(
      (each) => each.urn.split("::").at(-1) !== name,
    );
    const folder = mkdtempSync(join(tmpdir(), "seapath-stack-"));
    try {
      writeFileSync(join(folder, "state.json"), JSON.stringify(exported), { mode: 0o600 });
      await this.#pulumi("stack", "import", "--file", join(folder, "state.json"));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** The whole state as text. */
  async state(): Promise<string> {
    return JSON.stringify(JSON.parse((await this.#pulumi("stack", "export", "--show-secrets")).stdout));
  }
}
