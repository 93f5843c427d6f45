export { ensureGuestNode } from "./apply";
export { openTo } from "./keepoff";
export { ensureAuthKey, findAuthKey } from "./key";
export type * from "./model";
export { guestNodeRefusals, type PartialGuestNode } from "./refusals";
export { removalRefusals, removeGuestNode } from "./remove";
export { agentParts, findGuestResource } from "./resource";
export {
  agentDoubts,
  ensureGuestResource,
  guestResourceRefusals,
  removeGuestResource,
  type PartialGuestResource,
} from "./service";
export { findGuestNode, GUEST_DEFAULTS, hasGuestNode } from "./settings";
