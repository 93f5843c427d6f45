/**
 * A stack of tests/lab/program, driven through the real CLI. Not by Pulumi's automation API, which runs the CLI four more times
 * for each `up`: for the configuration, the outputs twice, and the history.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pulumiEnvironment } from "../../../tools/env.mjs";
import { said } from "../../said.ts";
import { ran } from "./cli.ts";

/** The inputs of the resources of a stack, by logical name: VMs, where `$kind` names no other class. */
export type Vms = Record<string, Record<string, unknown>>;

/** What a run said, and how many resources it did what with. */
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

  /** A new stack of that name; what an earlier run left in it is destroyed first. */
  static async make(name: string, environment: Record<string, string> = {}): Promise<TestStack> {
    const made = new TestStack(name, environment);
    await made.#pulumi("stack", "select", "--create");
    await made.configure({});
    // A run that was killed leaves its lock.
    await made.unlock();
    if ((await made.#deployment()).resources?.length) await made.destroy();
    return made;
  }

  /** A stack that is there, as it is, with another environment: other settings of the cluster, say. */
  static at(name: string, environment: Record<string, string>): TestStack {
    return new TestStack(name, environment);
  }

  /**
   * Renames it, as `pulumi stack rename` does. @param to `organization/<project>/<stack>` for another project as well
   * @param folder the project's own, where it is another one
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

  /** Runs the program, and reads from the engine's events what came of it. */
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

  /** Says which VMs there are to be, without acting on it. */
  async configure(vms: Vms): Promise<void> {
    await this.setting("vms", JSON.stringify(vms));
  }

  /** Sets a key of the stack's configuration, `seapath:planned` say. */
  async setting(key: string, value: string): Promise<void> {
    await this.#pulumi("config", "set", key, value);
  }

  /** `pulumi up`, without a preview of its own. */
  up(vms: Vms): Promise<Done> {
    return this.#run(["up", "--yes", "--skip-preview"], vms);
  }

  /** `pulumi up` that is told to make some of the resources anew, by their logical names. */
  async replacing(vms: Vms, ...names: string[]): Promise<Done> {
    const urns = await Promise.all(names.map((name) => this.urnOf(name)));
    return this.#run(["up", "--yes", "--skip-preview", ...urns.flatMap((urn) => ["--replace", urn])], vms);
  }

  /** `pulumi state taint`. */
  async taint(name: string): Promise<void> {
    await this.#pulumi("state", "taint", await this.urnOf(name), "--yes");
  }

  /** The URN of a resource of the state, by its logical name. */
  async urnOf(name: string): Promise<string> {
    const { resources = [] } = await this.#deployment();
    const found = resources.find(({ urn }) => urn.split("::").at(-1) === name);
    if (found === undefined) throw new Error(`the state has no resource "${name}"`);
    return found.urn;
  }

  /** `pulumi preview --diff`; with `refresh`, of what the cluster says now. */
  preview(vms: Vms, { refresh = false }: { refresh?: boolean } = {}): Promise<Done> {
    return this.#run(["preview", "--diff", ...(refresh ? ["--refresh"] : [])], vms);
  }

  /** `pulumi refresh`. @returns what it said */
  async refresh(): Promise<string> {
    return (await this.#pulumi("refresh", "--yes", "--skip-preview")).text;
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
    await this.#pulumi("destroy", "--yes", "--skip-preview");
  }

  /** Destroys everything, and forgets the stack. */
  async remove(): Promise<void> {
    await this.destroy();
    await this.#pulumi("stack", "rm", "--yes");
  }

  /** Takes away the lock of a run that was killed. */
  async unlock(): Promise<void> {
    await this.#pulumi("cancel", "--yes");
  }

  /** What the program puts out, and whether it is a secret. */
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

  /** Loses a VM from the state, as a run that is killed before it is recorded does. */
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
