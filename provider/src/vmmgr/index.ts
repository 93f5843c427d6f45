export { defaultMac, canonicalBase, domainElement, domainSizeOf, sameDomain } from "./form/domain";
export { addressesOf, macRefusals, sharedAddressRefusals, type Addresses } from "./vm/addresses";
export { carriedRoomRefusals } from "./vm/clone-room";
export { judgeDomain, type DomainJudgement } from "./vm/domain-check";
export { refuseEarly } from "./vm/early-refusals";
export { createVm } from "./vm/create";
export { crmConfigure, forceStop, getVm, replaceVm, setEnabled, setStarted, specOfObserved } from "./vm/lifecycle";
export * from "./form/summary";
export { createWithDisks } from "./commands/create-with-disks";
export { findImportedDomain, importDomain, importDomainXml, type ImportedDomain } from "./commands/import-domain";
export { setMetadata } from "./commands/set-metadata";
export { openConsole, type Terminal } from "./commands/console";
export { removeVm } from "./vm/remove";
export { updateVm } from "./vm/update";
export { isOwned } from "./form/ownership";
export { findVm, isTakenOver, ownerOfVm } from "./form/observe";
export { changeRefusals, clusterRefusals, type Intent, type PartialSpec } from "./vm/refusals";
export { failureWarnings, stateWarnings } from "./core/cluster-health";
export * from "./relation";
export { beginTurn, rollingBy, turnNotice, turnRefusals, turnsOf, type Rolling, type Turns } from "./rolling";
export * from "./keys";
export type { PlannedVm, PlannedVms } from "./core/planned";
export { sharedImageNotices } from "./vm/foreign-images";
export { crmProblem } from "./form/crm-commands";
export { emptyValue, nameProblem } from "./form/names";
export { BrokenVm } from "./form/broken";
export { ChangeFailed, NoSuchVm, NotOwned, Refused, type Refusal } from "./core/errors";
export type { Context } from "./core/context";
export * from "./guest";
export { betweenNodes, migrationNotice } from "./vm/migration";
export * from "./form/model";
export { inputsAt, readSettingsBy, settingList, type NamedSetting, type SettingValues } from "./form/settings";
export * from "./snapshots";
export { localFileRefusals, sourceQuestions } from "./core/image-source";
export {
  Cluster,
  forbiddenChar,
  IMAGE_FORMATS,
  isText,
  localFileProblem,
  USER_NAME,
  NotFound,
  ConnectionError,
  isOutOfReach,
  ParseError,
  parseXml,
  previewGuard,
  renderPretty,
  wrongPlace,
} from "../cluster";
export { diagnose, FINDINGS, type Diagnosis, type Finding, type FindingId } from "./doctor";
export * from "./whatif";
export * from "./whatif/nodes";
export { countsRoom, placeRefusals } from "./whatif/place";
export { listUploads, removeUploads } from "../cluster";
export type { Inventory, PreviewGuardOptions, Quiesce, UploadedFile, XmlElement } from "../cluster";
export { createDisk, missingBelow, updateDisk } from "./disk/create";
export { readElement } from "./disk/element";
export { isPluggable, type DiskSource, type DiskSpec, type ObservedDisk } from "./disk/model";
export { observeDisk } from "./disk/observe";
export { diskRefusals, nextNumber, type Planned } from "./disk/refusals";
export { removeDisk } from "./disk/remove";
