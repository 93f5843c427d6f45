/** A fake cluster: three nodes in a CIB, and this machine's own Pacemaker tools. */
import { createRequire } from "node:module";
import { cluster } from "../../cluster/fixtures.ts";
import { LocalRunner } from "../../cluster/local.ts";
import { spec } from "../form/specs.ts";

const require = createRequire(import.meta.url);
const { whatIf } =
  require("../../../../provider/dist/vmmgr/whatif/index.js") as typeof import("../../../../provider/dist/vmmgr/whatif/index.js");
export type WhatIf = Awaited<ReturnType<typeof whatIf>>;
type Options = NonNullable<Parameters<typeof whatIf>[2]>;
type Saved = NonNullable<Options["saved"]>;
export type Plan = Parameters<typeof whatIf>[1];

const state = (id: number) =>
  `<node_state id="${id}" uname="node${id}" in_ccm="true" crmd="online" join="member" expected="member"><lrm id="${id}"><lrm_resources/></lrm></node_state>`;
const property = (name: string, value: string) => `<nvpair id="opt-${name}" name="${name}" value="${value}"/>`;

/** Three online nodes with nothing on them. */
export const empty = (
  stonith = "false",
) => `<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="7" num_updates="0" admin_epoch="1" have-quorum="1" dc-uuid="1">
  <configuration>
    <crm_config><cluster_property_set id="opt">${property("stonith-enabled", stonith)}${property("dc-version", "2.1.5")}</cluster_property_set></crm_config>
    <nodes>${[1, 2, 3].map((id) => `<node id="${id}" uname="node${id}"/>`).join("")}</nodes>
    <resources/><constraints/>
    <rsc_defaults><meta_attributes id="rsc-options"><nvpair id="rsc-options-rs" name="resource-stickiness" value="1"/></meta_attributes></rsc_defaults>
  </configuration>
  <status>${[1, 2, 3].map(state).join("")}</status>
</cib>`;

const history = (id: string) =>
  `<lrm_resource id="${id}" type="VirtualDomain" class="ocf" provider="seapath"><lrm_rsc_op id="${id}_last_0" operation_key="${id}_start_0" operation="start" crm-debug-origin="do_update_resource" crm_feature_set="3.16.1" transition-key="9:1:0:2b0e0c6c-5b3c-4a94-9ae5-0a4a2f2b6ad1" transition-magic="0:0;9:1:0:2b0e0c6c-5b3c-4a94-9ae5-0a4a2f2b6ad1" call-id="9" rc-code="0" op-status="0" interval="0" op-digest="f2317cad3d54cec5d7d7aa7d0bf35cf8"/></lrm_resource>`;

/** The same, with running primitives and with constraints. */
export function running(
  where: Record<string, number>,
  {
    meta = {},
    constraints = "",
    utilization = {},
  }: { meta?: Record<string, string>; constraints?: string; utilization?: Record<string, string> } = {},
): string {
  const primitives = Object.keys(where).map(
    (id) =>
      `<primitive id="${id}" class="ocf" provider="seapath" type="VirtualDomain"><meta_attributes id="${id}-m"><nvpair id="${id}-m-mig" name="allow-migrate" value="true"/>${meta[id] ?? ""}</meta_attributes>${utilization[id] ?? ""}</primitive>`,
  );
  const on = (node: number) =>
    Object.entries(where)
      .filter(([, at]) => at === node)
      .map(([id]) => history(id))
      .join("");
  return [1, 2, 3].reduce(
    (text, node) =>
      text.replace(
        `<lrm id="${node}"><lrm_resources/>`,
        `<lrm id="${node}"><lrm_resources>${on(node)}</lrm_resources>`,
      ),
    empty().replace(
      "<resources/><constraints/>",
      `<resources>${primitives.join("")}</resources><constraints>${constraints}</constraints>`,
    ),
  );
}

export const vm = (name: string, more: Parameters<typeof spec>[0] = {}) => spec({ name, ...more });

const toolsIn = (environment: NodeJS.ProcessEnv) => new cluster.Cluster(new LocalRunner(environment));
const here = toolsIn({ ...process.env });
const nodes = ["node1", "node2", "node3"].map((node) => ({ node, vcpus: 4, memoryBytes: 1024 ** 3 }));

/** Simulates a plan for such a cluster, whose observer is node3. */
export const ask = (
  plan: Partial<Plan>,
  cib = empty(),
  options: Omit<Options, "saved"> = {},
  saved: Partial<Saved> = {},
): Promise<WhatIf> =>
  whatIf(here, { vms: [], removed: [], ...plan }, { ...options, saved: { cib, observer: "node3", nodes, ...saved } });

/** Does the same with Pacemaker's tools in another folder. */
export const askOf = (
  folder: string,
  plan: Partial<Plan>,
  cib: string,
  options: Omit<Options, "saved"> = {},
): Promise<WhatIf> =>
  whatIf(
    toolsIn({ ...process.env, PATH: `${folder}:${process.env["PATH"]}` }),
    { vms: [], removed: [], ...plan },
    { ...options, saved: { cib, observer: "node3", nodes } },
  );
