/** Runs rules directly: with hand-made resources, in the engine's form, and a saved cluster. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type {
  PolicyResource,
  ResourceValidationArgs,
  ResourceValidationPolicy,
  StackValidationArgs,
  StackValidationPolicy,
} from "@pulumi/policy";
import { cluster } from "../cluster/fixtures.ts";
import { running } from "../vmmgr/whatif/ask.ts";

// Pulumi passes the stack to a pack in the environment.
Object.assign(process.env, { PULUMI_NODEJS_PROJECT: "p", PULUMI_NODEJS_STACK: "s" });
delete process.env["SEAPATH_SAVED_CLUSTER"];

const require = createRequire(import.meta.url);
const load = <T>(file: string) => require(`../../../policy/dist/${file}.js`) as T;
const { unknownCheckingProxy, unknownStringValue } = require("@pulumi/policy/proxy") as {
  unknownCheckingProxy: (of: object) => object;
  unknownStringValue: string;
};

export const policies = load<typeof import("../../../policy/dist/index.js")>("index");
export const values = load<typeof import("../../../policy/dist/values.js")>("values");
export const notes = load<typeof import("../../../policy/dist/notes.js")>("notes");
export const bonds = load<typeof import("../../../policy/dist/bonds.js")>("bonds");
export { running, cluster, unknownCheckingProxy };

/** The placeholder for a string that is unknown until other resources exist. */
export const UNKNOWN = unknownStringValue;

type Raw = Record<string, unknown>;
export interface Given {
  kind: string;
  name: string;
  props: Raw;
}

/** A VM of the stack, with the defaults of the provider's check. */
export const vm = (name: string, more: Raw = {}): Given => ({
  kind: "Vm",
  name,
  props: {
    name,
    owner: "p/s",
    source: { nodePath: "/x.qcow2" },
    domain: { type: "qemu", memory: 4, vcpus: 1, machine: "pc", firmware: "bios" },
    stopTimeout: 90,
    pacemaker: { meta: { "resource-stickiness": "1" } },
    ...more,
  },
});

/** VMs that are kept together or apart. */
export const colocation = (name: string, first: string, others: string[], more: Raw = {}): Given => ({
  kind: "Colocation",
  name,
  props: { vm: first, with: others, strong: true, apart: false, ...more },
});

const asResource = ({ kind, name, props }: Given) => ({
  type: `pulumi-nodejs:dynamic/seapath:${kind}`,
  name,
  urn: `urn:pulumi:s::p::x::${name}`,
  props: unknownCheckingProxy(props),
});

/** A rule's reports, each with the name of the resource that it is shown with. */
export type Said = { message: string; resource: string }[];

const collected = async (run: (report: (message: string, urn?: string) => void) => unknown): Promise<Said> => {
  const said: Said = [];
  await run((message, urn) => said.push({ message, resource: urn?.split("::").at(-1) ?? "" }));
  return said;
};

/** The reports of a rule for a single resource. */
export const ofResource = (
  { validateResource }: Pick<ResourceValidationPolicy, "validateResource">,
  given: Given,
  config: object = {},
): Promise<Said> =>
  collected(async (report) => {
    const args = { ...asResource(given), getConfig: () => config } as unknown as ResourceValidationArgs;
    for (const each of [validateResource ?? []].flat()) await each(args, report);
  });

/** The reports of a stack rule. */
export const ofStack = (
  { validateStack }: Pick<StackValidationPolicy, "validateStack">,
  given: readonly Given[],
  config: object = {},
): Promise<Said> =>
  collected((report) =>
    validateStack(
      {
        resources: given.map(asResource) as unknown as PolicyResource[],
        getConfig: () => config,
      } as unknown as StackValidationArgs,
      report,
    ),
  );

const folder = mkdtempSync(join(tmpdir(), "seapath-rules-"));
let files = 0;

/** Saves a cluster of three nodes whose observer is node3. @returns the file */
export function saved(cib: string, more: object = {}): string {
  const file = join(folder, `${files++}.json`);
  const nodes = ["node1", "node2", "node3"].map((node) => ({ node, vcpus: 4, memoryBytes: 1024 ** 3 }));
  writeFileSync(file, JSON.stringify({ cib, observer: "node3", nodes, ...more }));
  return file;
}

/** Bans a VM from a node, like `crm resource ban`. */
export const ban = (name: string, node: string) =>
  `<rsc_location id="cli-ban-${name}-on-${node}" rsc="${name}" node="${node}" score="-INFINITY" role="Started"/>`;

/** Other programs' VMs, banned from the observer. */
export const calm = (where: Record<string, number>, more: Parameters<typeof running>[1] = {}) =>
  running(where, {
    ...more,
    constraints:
      Object.keys(where)
        .map((name) => ban(name, "node3"))
        .join("") + (more.constraints ?? ""),
  });

/** The same cluster with more machines. */
export const withNodes = (cib: string, count: number) =>
  cib.replace(
    "</nodes>",
    `${Array.from({ length: count - 3 }, (_, at) => `<node id="${at + 4}" uname="node${at + 4}"/>`).join("")}</nodes>`,
  );

/** The same cluster, where VMs move to balance their number. */
export const restless = (cib: string) =>
  cib.replace('name="resource-stickiness" value="1"', 'name="resource-stickiness" value="0"');

/** No cluster is configured in the tests of a `describe`, so none answers, whatever the environment says. */
export function withoutCluster(): void {
  const hosts = process.env["SEAPATH_HOSTS"];
  before(() => delete process.env["SEAPATH_HOSTS"]);
  after(() => {
    if (hosts !== undefined) process.env["SEAPATH_HOSTS"] = hosts;
  });
}

export const words = (said: Said) => said.map(({ message }) => message).join("\n");
