/**
 * What a cluster can be asked and told outside of a resource, for the functions of the sdk and the command line. Each
 * begins with where: the cluster, and who hears of progress.
 */
export type { At } from "./at";
export * from "./doctor";
export * from "./domain";
export * from "./guests";
export * from "./nodes";
export * from "./plan";
export * from "./reads";
export * from "./relations";
export * from "./snapshots";
export * from "./uploads";
export * from "./writes";
export { outputProblem } from "../resources";
export { localFileProblem, previewGuard, settingList, type PreviewGuardOptions } from "../vmmgr";
