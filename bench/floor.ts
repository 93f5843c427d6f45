/** The baseline: the same VMs by plain commands on a node. */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { exec } from "../lab/index.ts";
import type { By } from "./rows.ts";
import { run, type Ran } from "./run.ts";

const require = createRequire(import.meta.url);
const { createChange, CONSTRAINTS, parseXml, renderPatch, RESOURCES, findAll } =
  require("../provider/dist/cluster/index.js") as typeof import("../provider/dist/cluster/index.js");

/** A VM that `pulumi up` created; the others are copies with other names. */
export interface Template {
  name: string;
  size: number;
  metadata: Record<string, string>;
  primitive: string;
  constraints: string;
}

/** Runs bench/images.py on a node, outside the provider's link. */
export async function images<T>(node: string, request: Record<string, unknown>): Promise<T> {
  const program = readFileSync(join(import.meta.dirname, "images.py"), "utf8");
  // A JSON string is also a Python string, so the request in it is data.
  const text = `${program}\n\nmain(json.loads(${JSON.stringify(JSON.stringify(request))}))\n`;
  return JSON.parse((await exec(node, ["/usr/bin/python3", "-I", "-"], { stdin: text })).stdout) as T;
}

/** Reads a running VM. */
export async function readTemplate(node: string, name: string): Promise<Template> {
  const query = async (xpath: string) => (await exec(node, ["cibadmin", "--query", "--xpath", xpath])).stdout;
  const [found, primitive, constraints] = await Promise.all([
    images<Pick<Template, "size" | "metadata">>(node, { verb: "describe", vm: name }),
    query(`//primitive[@id='${name}']`),
    query(`//rsc_location[@rsc='${name}']`),
  ]);
  return { name, ...found, primitive, constraints };
}

/** The metadata of a VM like the template, with another name and its own uuid. */
export function metadataOf(template: Template, name: string): Record<string, string> {
  const uuid = randomUUID();
  return Object.fromEntries(
    Object.entries(template.metadata).map(([key, value]) => {
      return [key, value.replaceAll(template.name, name).replace(/(<uuid>)[^<]*/, `$1${uuid}`)];
    }),
  );
}

const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

function callOf(template: Template, image: string, name: string): string {
  const renamed = (xml: string) => xml.replaceAll(template.name, name);
  const primitive = parseXml(renamed(template.primitive), "cibadmin");
  const constraints = findAll(parseXml(renamed(template.constraints), "cibadmin"), "rsc_location");
  const patch = renderPatch([
    createChange(RESOURCES, primitive),
    ...constraints.map((each) => createChange(CONSTRAINTS, each)),
  ]);
  // Leave out what vm-mgr does not know.
  const metadata = Object.entries(metadataOf(template, name)).filter(([key]) => !key.startsWith("_seapath"));
  const { xml = "" } = Object.fromEntries(metadata);
  return ["make_vm", ...[name, image, xml, patch, ...metadata.flat()].map(quote)].join(" ");
}

/** The script that creates VMs in one of the two ways. It is a compound command, so that bash reads all of it first. */
export function floorScript(template: Template, image: string, names: readonly string[], by: By): string {
  const calls = names.map((name) => callOf(template, image, name));
  const lines =
    by === "at once" ? ["pids=()", ...calls.map((call) => `${call} & pids+=($!)`), `all_of "\${pids[@]}"`] : calls;
  return inOne([...lines, "count_tools"]);
}

const inOne = (lines: readonly string[]) =>
  ["{", readFileSync(join(import.meta.dirname, "floor.sh"), "utf8"), ...lines, "exit", "} </dev/null", ""].join("\n");

/** Runs a script by ssh and returns how many tools it ran. */
export async function runFloor(ssh: readonly string[], script: string): Promise<Ran & { programs: number }> {
  const ran = await run(["ssh", ...ssh, "bash", "-s"], { stdin: script });
  const programs = Number(/^tools (\d+)$/m.exec(ran.stdout)?.[1]);
  if (!(programs > 0)) throw new Error(`the plain commands did not come to their end: ${ran.stdout.slice(-500)}`);
  return { ...ran, programs };
}

/** Removes all VMs whose names have this prefix, whoever created them, even incomplete ones. */
export async function removeVms(node: string, prefix: string): Promise<void> {
  const cib = parseXml((await exec(node, ["cibadmin", "--query", "--scope", "resources"])).stdout, "cibadmin");
  const names = findAll(cib, "primitive")
    .map((each) => each.attrs["id"] ?? "")
    .filter((name) => name.startsWith(prefix));
  if (names.length > 0) {
    await exec(node, ["bash", "-s"], { stdin: inOne([`remove_vms ${names.map(quote).join(" ")}`]) });
    const members = (await exec(node, ["crm_node", "--partition"])).stdout.trim().split(/\s+/);
    await Promise.all(
      members.map((each) => exec(each, ["rm", "-f", "--", ...names.map((name) => `/etc/pacemaker/${name}.xml`)])),
    );
  }
  await images(node, { verb: "remove", prefix });
}
