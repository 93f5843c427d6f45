export { clusterNames, inCluster, settingsOfCluster } from "./settings/clusters";
export {
  CommandError,
  ConnectionError,
  HostKeyError,
  isOutOfReach,
  LoginRefused,
  SettingsError,
  UploadError,
} from "./errors";
export type { HostAddress } from "./settings/hosts";
export { LocalRunner } from "./local";
export { KnownHosts, type KnownHostLine, type Verdict } from "./trust/knownhosts";
export { createRunner } from "./ssh/pool";
export { quoteArgv } from "./quote";
export { Secret } from "./settings/secret";
export { readSettings, type ConnectionSettings } from "./settings/settings";
export { traced, type TraceLine } from "./trace";
export type { Command, CommandResult, Runner, TransferProgress } from "./types";
