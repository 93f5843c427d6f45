/** Whether a snapshot can have what it asks for of the guest's agent, as far as a preview can know. */
import type { Inventory } from "../../cluster";
import { runsNow } from "../core/apply";
import { hasAgentChannel } from "../form/domain";
import type { Refusal } from "../core/errors";
import type { VmSpec } from "../form/model";
import { findVm } from "../form/observe";
import type { SnapshotSpec } from "./model";

/** What gives a guest the channel, for whoever lacks it. */
export const CHANNEL =
  '`domain: { guestAgent: true }`, or in `xml` `<channel type="unix"><target type="virtio" name="org.qemu.guest_agent.0"/></channel>`';

/**
 * A freeze that is required of a guest whose domain has no channel for the agent.
 * @param planned the VM as the program has it
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
    // One that does not run needs no freeze.
    return planned !== undefined && planned.enabled && planned.started && !comes ? refuse(none) : [];
  }
  // What the guest that runs was started with is not what is stored.
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
