/** VMs for tests: the tick guest, which boots in no time and stops at the power button at once. */

/** A node's path of the tick guest's image. */
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
