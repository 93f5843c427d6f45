export { addColocation } from "./add";
export { colocationId, colocationRelation, readColocation, WEAK_SCORE, type ColocationSpec } from "./colocation";
export { orderId, orderRelation, readOrder, type OrderKind, type OrderSpec } from "./order";
export { isMarkedBy, isMarkedByStack, type Relation } from "./element";
export {
  createRelation,
  findRelation,
  isInPlace,
  removeRelation,
  takenRefusals,
  updateRelation,
  type FoundRelation,
  type Known,
} from "./life";
export { contradictionRefusals, pinRefusals } from "./contradictions";
export { colocationNotices, contradictions, memberRefusals, orderNotices, orderRefusals, type Named } from "./refusals";
export { nodesOf, waitUntilSettled } from "./settled";
