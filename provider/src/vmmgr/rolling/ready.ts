/**
 * Whether a VM can take over for another one now: it is running, Pacemaker has finished with it, and its services
 * answer.
 */
import { nvpairs, RESTART_KEY, type Cib, type Inventory } from "../../cluster";
import { keepsOff, usersOf } from "../guest/keepoff";
import { readMeta } from "../guest/settings";
import { isConnected } from "../guest/wait";
import { PHASE_KEY } from "../form/metadata";
import { systemImage } from "../form/names";
import { describe } from "../core/wait";

/** The readiness of a VM, in words that complete `VM "b" …` if it is not ready. */
export interface Readiness {
  /**
   * `coming`: an operation is in progress that ends with it running. `idle`: it should run but does not, and nothing
   * seems to happen. `down`: nothing is going to start it.
   */
  state: "ready" | "coming" | "idle" | "down";
  words: string;
}

const READY: Readiness = { state: "ready", words: "runs" };

/** The readiness of a VM. */
export function readinessOf(inventory: Pick<Inventory, "cib" | "status" | "images">, vm: string): Readiness {
  const { cib, status, images } = inventory;
  const metadata = images.get(systemImage(vm))?.metadata;
  if (!cib.primitives.has(vm)) {
    if (metadata?.[PHASE_KEY] !== undefined) return { state: "coming", words: "is being made" };
    return { state: "down", words: metadata === undefined ? "is not on the cluster" : "is not enabled" };
  }
  const resource = status.resources.get(vm);
  const seen = describe(status, vm);
  if (resource === undefined) return { state: "idle", words: "is not known to Pacemaker yet" };
  const words = `is ${seen}`;
  if (resource.failed || resource.blocked) return { state: "down", words };
  if (resource.targetRole === "Stopped") {
    // Another program's restart makes Pacemaker stop it, and has recorded its reason first.
    return { state: metadata?.[RESTART_KEY] === undefined ? "down" : "coming", words };
  }
  if (resource.role === "Started" && resource.pending === undefined && resource.nodes.length === 1)
    return settledOn(inventory, vm, resource.nodes[0] ?? "", words);
  if (resource.role !== "Stopped" || resource.pending !== undefined) return { state: "coming", words };
  return { state: status.failures.some((each) => each.resource === vm) ? "down" : "idle", words };
}

function settledOn(
  { cib, status }: Pick<Inventory, "cib" | "status">,
  vm: string,
  name: string,
  words: string,
): Readiness {
  const node = status.nodes.find((each) => each.name === name);
  if (node === undefined || !node.online || node.unclean)
    return { state: "idle", words: `${words}, and ${name} is offline` };
  if (node.standby) return { state: "idle", words: `${words}, and ${name} is in standby` };
  const guest = readMeta(cib.primitives.get(vm))?.name;
  if (guest === undefined) return READY;
  if (!isConnected(status, { vm, name: guest }))
    return { state: "coming", words: `runs, and its guest node "${guest}" is not connected yet` };
  const service = servicesIn(cib, guest).find((each) => {
    const found = status.resources.get(each);
    return found?.role !== "Started" || found.failed || found.pending !== undefined;
  });
  return service === undefined
    ? READY
    : { state: "coming", words: `runs, and "${service}" inside of it is ${describe(status, service)}` };
}

/** The resources that should run inside a guest node, and nowhere else. */
function servicesIn(cib: Cib, guest: string): string[] {
  const bound = usersOf(cib, guest).filter(({ constraint }) =>
    cib.constraints.some((each) => each.attrs["id"] === constraint && !keepsOff(each, guest)),
  );
  return [...new Set(bound.map(({ primitive }) => primitive))].filter((id) => {
    const primitive = cib.primitives.get(id);
    return primitive !== undefined && nvpairs(primitive, "meta_attributes")["target-role"] !== "Stopped";
  });
}
