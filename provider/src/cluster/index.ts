export { readAs, wrongPlace } from "./answers";
export * from "./capacity";
export * from "./authkey";
export * from "./cib";
export * from "./cluster";
export * from "./domains";
export { Coalesced } from "./coalesced";
export * from "./errors";
export * from "./examine";
export * from "./image-file";
export * from "./failcounts";
export { devicesInUse, fencingDevices, fencingOf, type Fencing } from "./fencing";
export * from "./forget";
export * from "./inventory";
export { needKey, type Need } from "./lacking";
export * from "./libvirt";
export * from "./pacemaker";
export * from "./patch";
export * from "./place";
export * from "./preview-guard";
export * from "./rbd";
export { readReasons, type LoggedReason } from "./reasons";
export * from "./simulate";
export * from "./remoted";
export * from "./snapshots";
export * from "./status";
export { validateThenChange, type Outcome, type Write } from "./write";
export * from "./xml";
export * from "./files";
export { openTerminal, type Runner, type Terminal } from "../transport/types";
export {
  CommandError,
  ConnectionError,
  HostKeyError,
  isOutOfReach,
  LoginRefused,
  SettingsError,
} from "../transport/errors";
