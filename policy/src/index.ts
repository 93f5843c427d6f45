export * from "./pack";
export * from "./rules";
export { resourceRule, withTexts, type ResourceLook, type ResourceRule } from "./resource-rule";
export { clusterRule, stackRule, type ClusterRule, type StackRule } from "./stack-rule";
export type { About, Look } from "./rule";
export { configOf, exempt, flag, isNamed, schemaOf, texts, whole, type Limits } from "./config";
export { isUnknownAt, textsAt, vmName, type Declared } from "./declared";
export { resourceOf, type View, type ViewRelation, type ViewVm } from "./view";
export type { ClusterNodes, Planned } from "./cluster";
