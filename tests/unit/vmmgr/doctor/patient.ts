/**
 * A fake cluster for the doctor to examine: three nodes in a CIB, this machine's own Pacemaker tools, and what each
 * node reports about itself.
 */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import type { Command, CommandResult, NodeAnswer } from "../../../../provider/dist/transport/types.js";
import { CibFile, cluster } from "../../cluster/fixtures.ts";
import { LocalRunner } from "../../cluster/local.ts";
import { requestOf, ScriptedRunner } from "../../cluster/runner.ts";
import { running } from "../whatif/ask.ts";

const require = createRequire(import.meta.url);
const doctor =
  require("../../../../provider/dist/vmmgr/doctor/index.js") as typeof import("../../../../provider/dist/vmmgr/doctor/index.js");
export const { FINDINGS } = doctor;
export type Diagnosis = import("../../../../provider/dist/vmmgr/doctor/index.js").Diagnosis;
type Finding = Diagnosis["findings"][number];

type Ways = Record<string, { ok: null } | { error: string }>;
/** A node's report about itself. */
export interface Said {
  node: string;
  root: boolean;
  clock: [number, number];
  versions: Record<string, { ok: string } | { error: string }>;
  virtual: { ok: Record<string, string> } | { error: string };
  modules: Record<string, boolean>;
  lacks: number[];
  agents: Record<string, { ok: string[] } | { error: string }>;
  ssh: Ways;
  moves: Record<string, Ways>;
  ceph: { ok: Record<string, { severity: string; message: string }> } | { error: string };
  libvirt: { ok: { secret: string | null } } | { error: string };
  cpu: { ok: string } | { error: string };
  bridges: { ok: string[] } | { error: string };
}

interface Asked {
  nodes: string[];
  hypervisors: string[];
  users: string[];
  needs: [string, string[]][];
}

/** When every node was queried, in seconds. */
const NOW = 1_800_000_000;
const SECRET = "6f1cd2a1-35cc-4b3c-9d7c-2d5ad6b50b5a";
const open = (names: readonly string[]): Ways => Object.fromEntries(names.map((name) => [name, { ok: null }]));

/** A node that has everything. @param lacked names of the requested things that it lacks */
function healthy(node: string, { nodes, hypervisors, users, needs }: Asked, lacked: readonly string[]): Said {
  const others = (of: string[]) => of.filter((each) => each !== node);
  return {
    node,
    root: true,
    clock: [NOW + 0.1, NOW + 0.2],
    versions: Object.fromEntries(
      Object.entries({ pacemaker: "2.1.5", corosync: "3.1.7", ceph: "16.2.15", python: "3.11.2" }).map(([tool, ok]) => [
        tool,
        { ok },
      ]),
    ),
    virtual: { ok: { libvirt: "9.0.0", qemu: "7.2.22" } },
    modules: { rados: true, rbd: true, libvirt: true },
    lacks: needs.flatMap(([, names], at) => (names.every((name) => lacked.includes(name)) ? [at] : [])),
    agents: { seapath: { ok: ["VirtualDomain"] } },
    ssh: open(others(nodes)),
    moves: Object.fromEntries(others(hypervisors).map((other) => [other, open(users)])),
    ceph: { ok: {} },
    libvirt: { ok: { secret: SECRET } },
    cpu: { ok: "Cascadelake" },
    bridges: { ok: ["br0"] },
  };
}

/** What is wrong with the examined cluster. */
export interface Ill {
  /** The whole cluster, with its primitives and constraints. */
  cib?: string;
  /** Differing reports of nodes; an error if one does not answer. */
  nodes?: Record<string, Partial<Said> | Error>;
  lacked?: Record<string, string[]>;
  /** The configured hosts that answer. */
  hosts?: string[];
  /** The same for the result of the inventory program. */
  inventory?: Record<string, unknown>;
  /** Changes crm_mon's output to that of another version. */
  status?: (text: string) => string;
  space?: Record<string, unknown>;
  images?: unknown[];
  inventoryError?: Error;
  simulateError?: Error;
  /** The delay of an answer, in seconds. */
  late?: number;
}

const SPACE = {
  available: 9e9,
  stored: 1e6,
  objects: 1,
  quotaBytes: 0,
  quotaObjects: 0,
  poolFlags: ["hashpspool"],
  clusterFlags: [],
};

/** Caches the results of Pacemaker's tools for a CIB: most tests use the same one. */
const known = new Map<string, { text: string; status: string; simulated?: unknown }>();

function seen(cib: CibFile, text: string): { text: string; status: string; simulated?: unknown } {
  const before = known.get(text);
  if (before !== undefined) return before;
  const { stdout: status, code, stderr } = cib.run(["crm_mon", "-1", "--output-as=xml"]);
  assert.equal(code, 0, stderr);
  const now = { text: cib.text, status };
  known.set(text, now);
  return now;
}

class Patient extends ScriptedRunner {
  programs: string[] = [];
  readonly #ill: Ill;

  constructor(ill: Ill, cib: CibFile, given: string) {
    const local = new LocalRunner(cib.environment);
    super({
      "the inventory program": () => {
        if (ill.inventoryError !== undefined) throw ill.inventoryError;
        const { text, status } = seen(cib, given);
        const storage = { images: ill.images ?? [], groups: [], space: { ...SPACE, ...ill.space } };
        return {
          ok: {
            node: "node1",
            cib: text,
            status: ill.status?.(status) ?? status,
            observer: null,
            storage,
            libvirt: { secret: SECRET, domains: [] },
            cephHosts: [],
            sources: [],
            ...ill.inventory,
          },
        };
      },
      "the simulate program": async (_request, command) => {
        if (ill.simulateError !== undefined) throw ill.simulateError;
        const about = seen(cib, given);
        about.simulated ??= JSON.parse((await local.run(command)).stdout) as unknown;
        return about.simulated;
      },
    });
    this.#ill = ill;
  }

  override run(command: Command): Promise<CommandResult> {
    this.programs.push(command.label ?? "");
    return super.run(command);
  }

  runOnEach(command: Command): Promise<NodeAnswer[]> {
    const { nodes = {}, lacked = {}, hosts = ["node1", "node2", "node3"], late = 0.4 } = this.#ill;
    this.programs.push(command.label ?? "");
    return Promise.resolve(
      hosts.map((address): NodeAnswer => {
        const own = nodes[address];
        if (own instanceof Error) return { address, error: own };
        const answer = { ...healthy(address, requestOf(command) as Asked, lacked[address] ?? []), ...own };
        return {
          address,
          result: { node: address, exitCode: 0, stdout: JSON.stringify({ ok: answer }), stderr: "" },
          between: [NOW * 1000, (NOW + late) * 1000],
        };
      }),
    );
  }
}

/** The doctor's diagnosis of such a cluster, with one running VM without images or constraints. */
export async function examined(ill: Ill = {}): Promise<Diagnosis & { programs: string[] }> {
  const text = ill.cib ?? fenced({ web: 1 });
  const cib = new CibFile(text);
  try {
    const patient = new Patient(ill, cib, text);
    return { ...(await doctor.diagnose(new cluster.Cluster(patient))), programs: patient.programs };
  } finally {
    cib.end();
  }
}

/** A fencing device. */
export const FENCE = '<primitive id="fence1" class="stonith" type="fence_dummy"/>';

/** A cluster with fencing and these VMs. */
export const fenced = (...args: Parameters<typeof running>): string =>
  running(...args)
    .replace('name="stonith-enabled" value="false"', 'name="stonith-enabled" value="true"')
    .replace("</resources>", `${FENCE}</resources>`);

/** Changes or adds a property. */
export const told = (cib: string, name: string, value: string): string =>
  cib.replace(
    "</cluster_property_set>",
    `<nvpair id="told-${name}" name="${name}" value="${value}"/></cluster_property_set>`,
  );

/** A VM's system image, as far as the doctor examines it. */
export const image = (vm: string, devices: string) => ({
  name: `system_${vm}`,
  size: 1,
  snapshots: [],
  metadata: { vm_name: vm, xml: `<domain><name>${vm}</name><devices>${devices}</devices></domain>` },
});

/** Findings, one per line: level, id, subject, what was seen. */
export const lines = ({ findings }: Diagnosis): string[] =>
  findings.map(
    ({ level, id, node, vm, constraint, seen }: Finding) =>
      [level, id, node, vm, constraint].filter((each) => each !== undefined).join(" ") + `: ${seen}`,
  );

/**
 * Asserts that these are the findings, in any order, each by its beginning or a regular expression; each must have a
 * remedy.
 */
export function has(found: Diagnosis, ...wanted: (string | RegExp)[]): void {
  const said = lines(found);
  const fits = (line: string, want: string | RegExp) =>
    typeof want === "string" ? line.startsWith(want) : want.test(line);
  for (const want of wanted)
    assert.ok(
      said.some((line) => fits(line, want)),
      `${String(want)} among:\n${said.join("\n")}`,
    );
  assert.equal(said.length, wanted.length, said.join("\n"));
  for (const { remedy, seen } of found.findings) assert.match(remedy, /^[A-Z`].*[.]$/, seen);
  assert.equal(
    found.fit,
    found.findings.every(({ level }) => level === "advice"),
  );
}
