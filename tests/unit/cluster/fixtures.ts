/** Shared by the tests of all layers: the fixtures, and Pacemaker's own tools on a CIB in a file. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const require = createRequire(import.meta.url);
export const cluster =
  require("../../../provider/dist/cluster/index.js") as typeof import("../../../provider/dist/cluster/index.js");
type XmlElement = import("../../../provider/dist/cluster/index.js").XmlElement;
type Inventory = import("../../../provider/dist/cluster/index.js").Inventory;

/** A fixture, as the lab's tools printed it. */
export const fixture = (name: string): string =>
  readFileSync(join(import.meta.dirname, "../../fixtures", name), "utf8");

/** The lab's inventory of the fixtures. */
export const inventory = (): Inventory =>
  cluster.parseInventory((JSON.parse(fixture("inventory.json")) as { ok: unknown }).ok);

/** An element as text, independent of the order of children: a patch puts new ones anywhere. */
export function unordered(node: XmlElement | undefined): string {
  if (node === undefined) return "";
  return JSON.stringify([
    node.name,
    Object.entries(node.attrs).sort(([a], [b]) => (a < b ? -1 : 1)),
    node.text ?? "",
    node.children.map(unordered).sort(),
  ]);
}

/** The result of a Pacemaker program. */
export interface Answer {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A CIB in its own file, for Pacemaker's real tools. */
export class CibFile {
  readonly folder = mkdtempSync(join(tmpdir(), "seapath-cib-"));
  readonly path = join(this.folder, "cib.xml");

  constructor(text = fixture("cib.xml")) {
    writeFileSync(this.path, text);
  }

  get environment(): NodeJS.ProcessEnv {
    return { ...process.env, CIB_file: this.path };
  }

  run(argv: readonly string[], input = ""): Answer {
    const [program = "", ...args] = argv;
    const done = spawnSync(program, args, { input, env: this.environment, encoding: "utf8" });
    if (done.error !== undefined) throw done.error;
    return { code: done.status, stdout: done.stdout, stderr: done.stderr };
  }

  /** `cibadmin --patch`, as a node runs it. */
  patch(changes: Parameters<typeof cluster.renderPatch>[0]): Answer {
    return this.run(["cibadmin", "--patch", "--xml-pipe"], cluster.renderPatch(changes));
  }

  /** The same; throws if Pacemaker rejects it. */
  apply(changes: Parameters<typeof cluster.renderPatch>[0]): void {
    if (changes.length === 0) return;
    const { code, stderr } = this.patch(changes);
    if (code !== 0) throw new Error(`cibadmin: ${code} ${stderr}`);
  }

  get text(): string {
    return this.run(["cibadmin", "--query"]).stdout;
  }

  read() {
    return cluster.parseCib(this.text);
  }

  get #configuration(): XmlElement {
    const found = cluster.child(cluster.parseXml(this.text, "cibadmin"), "configuration");
    if (found === undefined) throw new Error("no configuration");
    return found;
  }

  /** The configuration as text that does not depend on layout. */
  configuration(): string {
    return cluster.canonicalXml(this.#configuration);
  }

  /** The same, without the order of elements. */
  unordered(): string {
    return unordered(this.#configuration);
  }

  end(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
