/** Saved clusters, each of which satisfies or violates a rule about clusters. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { running } from "../../unit/vmmgr/whatif/ask.ts";

const GIB = 1024 ** 3;

const ban = (vm: string, node: string) =>
  `<rsc_location id="cli-ban-${vm}-on-${node}" rsc="${vm}" node="${node}" score="-INFINITY" role="Started"/>`;
const property = (name: string, value: string) => `<nvpair id="opt-${name}" name="${name}" value="${value}"/>`;
const isGuest =
  '<nvpair id="host-r" name="remote-node" value="g1"/><nvpair id="host-a" name="remote-addr" value="10.0.0.1"/>';

const calm = running({ foreign: 1 }, { constraints: ban("foreign", "node3") });
const crowd = { crowd1: 1, crowd2: 1, crowd3: 1, crowd4: 1, crowd5: 1, crowd6: 1 };
const restless = (cib: string) =>
  cib.replace('name="resource-stickiness" value="1"', 'name="resource-stickiness" value="0"');

/** CIBs of three nodes; node3 is the observer. */
const CIBS = {
  /** Another program's VM, and nothing wrong with it. */
  calm,
  /** The same, on a cluster with a guest node that the VM is banned from. */
  closed: running(
    { foreign: 1, host: 2 },
    {
      meta: { host: isGuest },
      constraints: ["foreign", "host"].map((vm) => ban(vm, "node3")).join("") + ban("foreign", "g1"),
    },
  ),
  /** Nothing bans it from the observer. */
  unbanned: running({ foreign: 1 }),
  /** Nothing bans it from a guest node. */
  open: running(
    { foreign: 1, host: 2 },
    { meta: { host: isGuest }, constraints: ["foreign", "host"].map((vm) => ban(vm, "node3")).join("") },
  ),
  /** Fencing without a device. */
  unfenced: calm.replace(property("stonith-enabled", "false"), property("stonith-enabled", "true")),
  /** A fourth machine: an even number. */
  even: calm.replace("</nodes>", '<node id="4" uname="node4"/></nodes>'),
  /** No stickiness: Pacemaker moves VMs to balance their number. */
  restless: restless(
    running(crowd, {
      constraints: Object.keys(crowd)
        .map((vm) => ban(vm, "node3"))
        .join(""),
    }),
  ),
};

export type SavedName = keyof typeof CIBS;

/** Writes them into a folder. @returns the files */
export function savedClusters(folder: string): Record<SavedName, string> {
  mkdirSync(folder, { recursive: true });
  const nodes = ["node1", "node2", "node3"].map((node) => ({ node, vcpus: 4, memoryBytes: GIB }));
  const domains = Object.fromEntries(
    ["foreign", "host", ...Object.keys(crowd)].map((vm) => [vm, { vcpus: 1, memoryBytes: GIB / 256 }]),
  );
  return Object.fromEntries(
    Object.entries(CIBS).map(([name, cib]) => {
      const file = join(folder, `${name}.json`);
      writeFileSync(file, JSON.stringify({ cib, observer: "node3", nodes, domains }));
      return [name, file];
    }),
  ) as Record<SavedName, string>;
}
