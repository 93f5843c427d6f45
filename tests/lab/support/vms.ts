/** VMs for tests: the tick guest, which boots instantly and stops at once on the power button. */
import type { Domain, VmSpec } from "../../../provider/dist/vmmgr/index.js";
import { migrationUser } from "./users.ts";

/** The path of the tick guest's image on a node. */
export const TICK = "/var/lib/seapath/images/tick.qcow2";

/** The tick guest, typed. */
export const tick = (more: Record<string, unknown> = {}): Record<string, unknown> => ({
  source: { nodePath: TICK },
  domain: { type: "qemu", memory: 4, machine: "pc", firmware: "bios" },
  ...more,
});

/** The same as XML, as vm-mgr takes it. */
export const tickXml = (more = "", uuid = ""): string => `<domain type="qemu">
  ${uuid === "" ? "" : `<uuid>${uuid}</uuid>`}
  <memory unit="MiB">4</memory>
  <vcpu>1</vcpu>
  <os><type arch="x86_64" machine="pc">hvm</type><boot dev="hd"/></os>
  <features><acpi/><tcg><tb-cache unit="MiB">8</tb-cache></tcg></features>
  <on_poweroff>destroy</on_poweroff>
  <devices>${more}<serial type="pty"/><memballoon model="none"/></devices>
</domain>`;

/** The same for callers of the vmmgr layer, without Pulumi. */
export const tickSpec = (name: string): VmSpec => ({
  name,
  source: { nodePath: TICK },
  diskBus: "virtio",
  domain: {
    type: "qemu",
    memory: 4,
    vcpus: 1,
    machine: "pc",
    firmware: "bios",
    interfaces: [],
    serialConsole: true,
    guestAgent: false,
  },
  enabled: true,
  started: true,
  preferredHost: "node2",
  liveMigration: false,
  migrationUser: migrationUser(),
  migrationDowntime: 0,
  migrateToTimeout: 120,
  stopTimeout: 30,
  priority: 0,
  metadata: { owner: "alice" },
  pacemaker: { meta: {}, params: {}, utilization: {} },
  crmConfigCommands: [],
});

/** The same, on any node Pacemaker chooses. */
export function specOf(name: string): VmSpec & { domain: Domain } {
  const { preferredHost: _preferred, domain, ...spec } = tickSpec(name);
  if (domain === undefined) throw new Error("the tick guest has a typed domain");
  return { ...spec, domain };
}
