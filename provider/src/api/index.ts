/**
 * Operations on a cluster outside of resources, for the sdk's functions and the command line. Each takes as its first
 * argument where to act: the cluster, and the recipient of progress.
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
