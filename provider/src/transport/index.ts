export { clusterNames, inCluster, settingsOfCluster } from "./clusters";
export { CommandError, ConnectionError, HostKeyError, SettingsError, UploadError } from "./errors";
export type { HostAddress } from "./hosts";
export { KnownHosts, type KnownHostLine, type Verdict } from "./knownhosts";
export { createRunner } from "./pool";
export { quoteArgv } from "./quote";
export { Secret } from "./secret";
export { readSettings, type ConnectionSettings } from "./settings";
export type { Command, CommandResult, Runner, TransferProgress } from "./types";
