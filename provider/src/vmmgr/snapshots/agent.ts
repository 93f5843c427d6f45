/** Whether the guest's agent can do what a snapshot requires, as far as a preview can know. */
import type { Inventory } from "../../cluster";
import { runsNow } from "../core/apply";
import { hasAgentChannel } from "../form/domain";
import type { Refusal } from "../core/errors";
import type { VmSpec } from "../form/model";
import { findVm } from "../form/observe";
import type { SnapshotSpec } from "./model";

/** How to give a guest the channel, for error messages. */
export const CHANNEL =
  '`domain: { guestAgent: true }`, or in `xml` `<channel type="unix"><target type="virtio" name="org.qemu.guest_agent.0"/></channel>`';

/**
 * Refuses a required freeze of a guest whose domain has no agent channel.
 * @param planned the VM as the program declares it
 */
export function quiesceRefusals(
  inventory: Inventory,
  { vm, quiesce }: Partial<SnapshotSpec>,
  planned?: VmSpec,
): Refusal[] {
  if (vm === undefined || quiesce !== "required") return [];
  const observed = findVm(inventory, vm);
  const refuse = (why: string) => [
    {
      property: "quiesce",
      reason: `"required" cannot be had: ${why}, and the qemu-guest-agent in the image, or ask for \`quiesce: "auto"\``,
    },
  ];
  const none = `the domain of VM "${vm}" has no channel for the guest's agent; give it one, ${CHANNEL}`;
  const comes = planned !== undefined && hasAgentChannel(planned) !== false;
  if (observed === undefined || !runsNow(inventory, vm)) {
    // A VM that is not running needs no freeze.
    return planned !== undefined && planned.enabled && planned.started && !comes ? refuse(none) : [];
  }
  // The running guest may have started with a different domain than the stored one.
  if (
    observed.restartRequired ||
    observed.domain.guestAgent ||
    (planned !== undefined && !(planned.enabled && planned.started))
  )
    return [];
  if (!comes) return refuse(none);
  if (planned.restart === "whenRequired") return [];
  return refuse(
    `VM "${vm}" runs without a channel for the guest's agent until it is stopped and started; \`restart: "whenRequired"\` of the VM does that. It needs the channel`,
  );
}
