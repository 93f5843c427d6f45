/**
 * Generates a saved cluster with any number of running VMs, to measure what grows with their number: three nodes, the
 * third being the observer, and VMs as the provider and vm-mgr create them.
 *
 *     node bench/cib.ts 1000 > cluster.json
 */
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import type { VmSpec } from "../provider/dist/vmmgr/form/model.js";

const require = createRequire(import.meta.url);
const load = <T>(file: string) => require(`../provider/dist/${file}.js`) as T;
const { renderXml, element, nvpairs } = load<typeof import("../provider/dist/cluster/index.js")>("cluster/index");
const { vmPrimitive } = load<typeof import("../provider/dist/vmmgr/form/primitive.js")>("vmmgr/form/primitive");
const { vmConstraints } = load<typeof import("../provider/dist/vmmgr/form/placement.js")>("vmmgr/form/placement");

const HYPERVISORS = ["node1", "node2"] as const;
const OBSERVER = "node3";
const FEATURES = "3.16.1";
/** MiB and processors of each VM; the nodes have room for twice that. */
const MEMORY = 256;
const VCPUS = 1;

/** A VM of the generated cluster: every tenth is pinned to its node, every fifth prefers it. */
export function vmOf(index: number, owner: string): VmSpec & { at: string } {
  const at = HYPERVISORS[index % HYPERVISORS.length] ?? "node1";
  return {
    name: `vm${index}`,
    at,
    owner,
    diskBus: "virtio",
    adopt: true,
    enabled: true,
    started: true,
    liveMigration: true,
    domain: {
      type: "kvm",
      memory: MEMORY,
      vcpus: VCPUS,
      machine: "q35",
      firmware: "efi",
      interfaces: [],
      serialConsole: true,
      guestAgent: false,
    },
    migrationUser: "root",
    migrationDowntime: 0,
    migrateToTimeout: 120,
    stopTimeout: 30,
    priority: 0,
    metadata: {},
    crmConfigCommands: [],
    pacemaker: { meta: {}, params: {}, utilization: {} },
    ...(index % 10 === 0 ? { pinnedHost: at } : index % 5 === 0 ? { preferredHost: at } : {}),
  };
}

/** The digest by which the scheduler compares parameters, as Pacemaker 2.1 computes it. */
function digestOf(params: Record<string, string>): string {
  const said = Object.entries(params)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => ` ${name}="${value}"`)
    .join("");
  return createHash("md5").update(` <parameters${said}/>\n`).digest("hex");
}

/** A node's history of a primitive: it was started and is monitored there, or was probed and not found. */
function historyOf(id: string, params: Record<string, string>, node: number, runs: boolean): string {
  const op = (name: string, interval: number, exit: number, call: number) =>
    element("lrm_rsc_op", {
      id: interval === 0 ? `${id}_last_0` : `${id}_monitor_${interval}`,
      operation_key: `${id}_${name}_${interval}`,
      operation: name,
      "crm-debug-origin": "build_active_RAs",
      crm_feature_set: FEATURES,
      "transition-key": `${call}:1:${exit}:2b0e0c6c-5b3c-4a94-9ae5-0a4a2f2b6ad1`,
      "transition-magic": `0:${exit};${call}:1:${exit}:2b0e0c6c-5b3c-4a94-9ae5-0a4a2f2b6ad1`,
      "call-id": call,
      "rc-code": exit,
      "op-status": 0,
      interval,
      on_node: `node${node}`,
      "op-digest": digestOf(interval === 0 ? params : { ...params, CRM_meta_timeout: "60000" }),
    });
  const done = runs ? [op("start", 0, 0, 9), op("monitor", 10_000, 0, 10)] : [op("monitor", 0, 7, 5)];
  return renderXml(element("lrm_resource", { id, class: "ocf", provider: "seapath", type: "VirtualDomain" }, done));
}

/** The generated cluster, as `seapath plan --save` would have written it. @param owner project and stack of all VMs */
export function savedCluster(count: number, owner = "bench/bench") {
  const vms = Array.from({ length: count }, (_, index) => vmOf(index, owner));
  const primitives = vms.map((spec) => {
    const utilization = { cpu: String(VCPUS), hv_memory: String(MEMORY), host_memory: String(MEMORY) };
    return vmPrimitive({ ...spec, pacemaker: { ...spec.pacemaker, utilization } }, undefined);
  });
  const constraints = vms.flatMap((spec) => vmConstraints(spec, OBSERVER));
  const states = [...HYPERVISORS, OBSERVER].map((name, index) => {
    const known = vms.map(({ name: vm, at }, which) =>
      historyOf(vm, nvpairs(primitives[which], "instance_attributes"), index + 1, at === name),
    );
    return `<node_state id="${index + 1}" uname="${name}" in_ccm="true" crmd="online" join="member" expected="member"><lrm id="${index + 1}"><lrm_resources>${known.join("")}</lrm_resources></lrm></node_state>`;
  });
  const property = (name: string, value: string) =>
    `<nvpair id="cib-bootstrap-options-${name}" name="${name}" value="${value}"/>`;
  const cib = `<cib crm_feature_set="${FEATURES}" validate-with="pacemaker-3.9" epoch="${count}" num_updates="0" admin_epoch="0" have-quorum="1" dc-uuid="1"><configuration>
<crm_config><cluster_property_set id="cib-bootstrap-options">${property("stonith-enabled", "false")}${property("dc-version", "2.1.5")}</cluster_property_set></crm_config>
<nodes>${[...HYPERVISORS, OBSERVER].map((name, index) => `<node id="${index + 1}" uname="${name}"/>`).join("")}</nodes>
<resources>${primitives.map(renderXml).join("\n")}</resources>
<constraints>${constraints.map(renderXml).join("\n")}</constraints>
<rsc_defaults><meta_attributes id="rsc-options"><nvpair id="rsc-options-resource-stickiness" name="resource-stickiness" value="1"/></meta_attributes></rsc_defaults>
</configuration><status>${states.join("\n")}</status></cib>`;
  return {
    cib,
    observer: OBSERVER,
    nodes: HYPERVISORS.map((node) => ({ node, vcpus: 2 * count * VCPUS, memoryBytes: 2 * count * MEMORY * 1024 ** 2 })),
    owners: Object.fromEntries(vms.map(({ name }) => [name, owner])),
  };
}

if (import.meta.main) {
  const count = Number(process.argv[2]);
  if (!Number.isInteger(count) || count < 0) throw new Error("give the number of VMs: node bench/cib.ts 100");
  process.stdout.write(`${JSON.stringify(savedCluster(count))}\n`);
}
