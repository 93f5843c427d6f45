/** The guest nodes that a preview plans, and the resources inside them. */
import { GUEST_DEFAULTS, type GuestNodeSpec, type GuestResourceSpec } from "../../vmmgr";
import { guestResourceKind } from "../guest-resource/kind";
import { guestResourceSchema } from "../guest-resource/schema";
import { PlannedRegister } from "../engine/planned";
import { remoteGuestKind } from "../remote-guest/kind";
import { remoteGuestSchema } from "../remote-guest/schema";
import { isUnknown, unknownPaths } from "../engine/unknowns";
import { TIMEOUTS, type Raw } from "../engine/values";

/** The known part of inputs, or why they are not enough. */
export type ReadInputs<T> = { spec: T } | { why: string };

/**
 * Inputs without unknown values, and without the outputs that an unchanged resource lists among them.
 * @param decisive without any of these, nothing can be concluded
 */
function knownOf(
  inputs: Raw,
  outputs: readonly string[],
  decisive: readonly string[],
): { known: Raw } | { why: string } {
  const missing = decisive.find((key) => isUnknown(inputs[key]));
  if (missing !== undefined) return { why: `\`${missing}\` is not known before other resources are made` };
  const unknown = new Set([...outputs, "__provider", ...unknownPaths(inputs).map(([key]) => String(key))]);
  return { known: Object.fromEntries(Object.entries(inputs).filter(([key]) => !unknown.has(key))) };
}

const issues = (error: { issues: { path: PropertyKey[]; message: string }[] }) =>
  `its inputs are not whole (${error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ")})`;

const guestNode = remoteGuestKind(new PlannedRegister());
const service = guestResourceKind(new PlannedRegister());

/** A `seapath.RemoteGuest`. Its address is irrelevant. */
export function readGuestNode(inputs: Raw): ReadInputs<GuestNodeSpec> {
  const read = knownOf(inputs, guestNode.outputs, ["name", "vm"]);
  if ("why" in read) return read;
  const parsed = remoteGuestSchema.safeParse({
    address: inputs["name"],
    ...GUEST_DEFAULTS,
    timeouts: TIMEOUTS,
    ...read.known,
  });
  if (!parsed.success) return { why: issues(parsed.error) };
  const { name, vm, address, port, timeout } = parsed.data;
  return { spec: { name, vm, address, port, timeout } };
}

/** A `seapath.GuestResource`. Its agent's parameters are irrelevant. */
export function readService(inputs: Raw): ReadInputs<GuestResourceSpec> {
  const read = knownOf(inputs, service.outputs, ["name", "guest", "agent", "started"]);
  if ("why" in read) return read;
  const parsed = guestResourceSchema.safeParse(service.withDefaults({ timeouts: TIMEOUTS, ...read.known }));
  if (!parsed.success) return { why: issues(parsed.error) };
  const { cluster: _cluster, timeouts: _timeouts, owner, ...spec } = parsed.data;
  return { spec: { ...spec, ...(owner === undefined ? {} : { owner }) } };
}
