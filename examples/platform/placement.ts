/** Relations between VMs beyond the pair. Each VM's preferred node is in Pulumi.<stack>.yaml. */
import * as seapath from "pulumi-seapath";

/** Keeps remote and local control apart, and starts the remote one first. */
export function placeControl(gateway: seapath.Vm, hmi: seapath.Vm): void {
  // A failed node takes out only one of the two. If only one node is left, they share it: this is a preference, not
  // `strong`.
  new seapath.Colocation("controlapart", { vm: gateway, with: [hmi], apart: true });
  new seapath.Order("controlboot", { first: gateway, then: [hmi], kind: "optional" });
}
