/** The measurements, scene by scene. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { savedCluster } from "./cib.ts";
import type { Options, Setting } from "./options.ts";
import type { By, Row, What } from "./rows.ts";
import { floorScript, images, metadataOf, readTemplate, removeVms, runFloor, type Template } from "./floor.ts";
import { multiplied, type BenchStack, type Timed } from "./stack.ts";
import type { Way } from "./way.ts";

/** The name prefix of every VM in the benchmark. */
export const PREFIX = "bench";
const PACK = join(import.meta.dirname, "../policy");
const IMAGE = "/var/lib/seapath/images/tick.qcow2";

const vm = (more: object = {}): object => ({
  source: { nodePath: IMAGE },
  domain: { type: "qemu", memory: 4, machine: "pc", firmware: "bios" },
  ...more,
});
const namesOf = (kind: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${PREFIX}${kind}${index}`);
const vmsOf = (count: number, first: object = {}) =>
  Object.fromEntries(namesOf("vm", count).map((name, index) => [name, vm(index === 0 ? first : {})]));

export class Scenes {
  readonly rows: Row[] = [];
  readonly #options: Options;
  readonly #stack: BenchStack;
  readonly #node: string;
  readonly #say: (text: string) => void;

  constructor(options: Options, stack: BenchStack, node: string, say: (text: string) => void) {
    this.#options = options;
    this.#stack = stack;
    this.#node = node;
    this.#say = say;
  }

  /** The plain commands create copies of this VM under other names. It also warms up what a first run has to load. */
  async template(): Promise<Template> {
    const name = `${PREFIX}template`;
    await this.#stack.configure({ [name]: vm() });
    await this.#stack.timed("up");
    const found = await readTemplate(this.#node, name);
    await this.#empty();
    return found;
  }

  async all(setting: Setting, way: Way, template: Template): Promise<void> {
    const { parts, sizes } = this.#options;
    this.#stack.environment = way.environment;
    await this.#empty();
    this.#pulumi(setting, "nothing", 0, await this.#stack.timed("up"));
    const last = sizes.at(-1) ?? 1;
    for (const count of parts.includes("up") ? sizes : [last]) {
      if (parts.includes("up")) await this.#floor(setting, way, template, count);
      if (!["up", "update", "refresh"].some((part) => (parts as string[]).includes(part))) break;
      await this.#stack.configure(vmsOf(count));
      const made = await this.#stack.timed("up");
      if (parts.includes("up")) this.#pulumi(setting, "up", count, made);
      if (count === last) await this.#withThem(setting, count);
      await this.#empty();
    }
    if (parts.includes("many")) await this.#many(setting);
    // The policies check a cluster in a file, so the latency to the nodes does not matter.
    if (parts.includes("policies") && setting === "near") await this.#policies(setting);
  }

  /** Measurements with existing VMs. */
  async #withThem(setting: Setting, count: number): Promise<void> {
    const { parts } = this.#options;
    if (parts.includes("update")) {
      await this.#stack.configure(vmsOf(count, { priority: 7 }));
      this.#pulumi(setting, "update", count, await this.#stack.timed("up"), "1 updated");
    }
    if (parts.includes("refresh"))
      this.#pulumi(setting, "refresh", count, await this.#stack.timed("refresh"), `${count + 1} unchanged`);
  }

  async #floor(setting: Setting, way: Way, template: Template, count: number): Promise<void> {
    const names = namesOf("floor", count);
    for (const by of (count === 1 ? ["one by one"] : ["one by one", "at once"]) satisfies By[]) {
      const { seconds, programs } = await runFloor(way.ssh, floorScript(template, IMAGE, names, by));
      this.#add({ setting, what: "up", vms: count, by, seconds, roundTrips: 1, programs });
      await removeVms(this.#node, `${PREFIX}floor`);
    }
  }

  /** Creates one disabled VM and copies it: on the cluster with librbd, and in the state. */
  async #many(setting: Setting): Promise<void> {
    const [first = "", ...others] = namesOf("image", this.#options.images);
    await this.#stack.configure({ [first]: vm({ enabled: false }) });
    await this.#stack.timed("up");
    const { size, metadata } = await images<Pick<Template, "size" | "metadata">>(this.#node, {
      verb: "describe",
      vm: first,
    });
    const like = { name: first, size, metadata, primitive: "", constraints: "" };
    const vms = others.map((name) => ({ name, metadata: metadataOf(like, name) }));
    await images(this.#node, { verb: "make", size, vms });
    // The first name would match inside longer names that begin with it.
    const state = multiplied(await this.#stack.export(), first, [first, ...others]);
    for (const resource of state.deployment.resources) {
      const known = vms.find(({ name }) => resource.urn.endsWith(`::${name}`));
      const uuid = /<uuid>([^<]*)/.exec(known?.metadata["xml"] ?? "")?.[1];
      if (uuid !== undefined) Object.assign(resource["outputs"] as object, { uuid });
    }
    await this.#stack.import(state);
    const count = this.#options.images;
    this.#pulumi(setting, "refresh", count, await this.#stack.timed("refresh"), `${count + 1} unchanged`);
    await removeVms(this.#node, `${PREFIX}image`);
    await this.#stack.forget();
  }

  /** Five new VMs beside those of a saved cluster: a preview without and with all rules of the pack. */
  async #policies(setting: Setting): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), "seapath-bench-"));
    try {
      // A pinned VM is lost with its node, which fails a preview: here it is reported without a failure.
      const config = join(folder, "config.json");
      writeFileSync(config, JSON.stringify({ all: "advisory" }));
      // Creates the stack itself, so that it is not one more resource to create.
      await this.#stack.configure({});
      await this.#stack.timed("up");
      await this.#stack.configure(vmsOf(5));
      for (const vms of this.#options.saved) {
        const saved = join(folder, `${vms}.json`);
        writeFileSync(saved, JSON.stringify(savedCluster(vms, "bench/other")));
        this.#pulumi(setting, "preview", vms, await this.#stack.preview(), "5 to create");
        const before = this.#stack.environment;
        this.#stack.environment = { ...before, SEAPATH_SAVED_CLUSTER: saved };
        const timed = await this.#stack.preview("--policy-pack", PACK, "--policy-pack-config", config);
        this.#stack.environment = before;
        this.#pulumi(setting, "preview with policies", vms, timed, `vm${vms - 1} `);
      }
      await this.#stack.configure({});
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  async #empty(): Promise<void> {
    await this.#stack.configure({});
    await this.#stack.timed("destroy");
  }

  /** @param proof what Pulumi must have printed; otherwise something else was measured */
  #pulumi(setting: Setting, what: What, vms: number, timed: Timed, proof?: string): void {
    if (proof !== undefined && !timed.stdout.includes(proof))
      throw new Error(`Pulumi did not say "${proof}":\n${timed.stdout}`);
    const { seconds, workSeconds, roundTrips, bytes } = timed;
    this.#add({
      setting,
      what,
      vms,
      by: "pulumi",
      seconds,
      roundTrips,
      programs: roundTrips,
      bytes,
      ...(workSeconds !== undefined && { workSeconds }),
    });
  }

  #add(row: Row): void {
    this.rows.push(row);
    this.#say(`${row.setting}: ${row.what}${row.vms > 0 ? ` ${row.vms}` : ""}, ${row.by}: ${row.seconds.toFixed(2)} s`);
  }
}
