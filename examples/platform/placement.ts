/** What the VMs have to do with each other beyond the pair. Where each of them runs best is in Pulumi.<stack>.yaml. */
import * as seapath from "pulumi-seapath";

/** Keeps remote and local control apart, and starts the remote one first. */
export function placeControl(gateway: seapath.Vm, hmi: seapath.Vm): void {
  // A node that fails takes one of the two. When there is one node left they share it: it is a wish, not `strong`.
  new seapath.Colocation("controlapart", { vm: gateway, with: [hmi], apart: true });
  new seapath.Order("controlboot", { first: gateway, then: [hmi], kind: "optional" });
}
