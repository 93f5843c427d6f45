/**
 * The public entry. Code serialized into Pulumi state calls it by `require("pulumi-seapath/provider")`. The names here
 * must stay as long as any state written with them may exist.
 */
import type { dynamic } from "@pulumi/pulumi";
import {
  colocationProvider,
  diskKind,
  forEngine,
  guestResourceProvider,
  metadataProvider,
  orderProvider,
  PlannedRegister,
  providerOf,
  remoteGuestProvider,
  remoteKeyProvider,
  retentionKind,
  rollbackKind,
  snapshotKind,
  vmProvider,
} from "./resources";
import { told } from "./errors";
import { clusterOfProgram, configure as keep, outageAllowed } from "./session";

type Provider = ReturnType<typeof vmProvider>;

/** Pulumi prints what it receives, and also what this process writes. */
const say = (text: string) => console.log(told(text));
const dependencies = {
  cluster: (name?: string) => clusterOfProgram(name, say),
  say,
  planned: new PlannedRegister(),
  outage: outageAllowed,
};

/**
 * Which settings no error may quote: a list of secret keys, or a function that says whether a cluster's hosts are
 * secret.
 */
export type SecretSettings = readonly string[] | ((cluster: string | undefined) => boolean);

/**
 * Takes the stack's configuration, for all kinds, from the engine's call to a resource's stub.
 * @param secret not known to the engine. If omitted, the earlier value stays: some stubs pass it and some do not
 */
export function configure(request: dynamic.ConfigureRequest, secret?: SecretSettings): void {
  configureFrom((key) => request.config.get(key), secret);
}

/**
 * Takes the configuration for callers other than resources: functions, the command line, policies.
 * @param get returns a setting by its full key, `seapath:hosts`; undefined if it is not set
 * @param folder where relative paths of the configuration start. @default the folder of the process
 */
export function configureFrom(
  get: (key: string) => string | undefined,
  secret?: SecretSettings,
  folder?: string,
): void {
  const isSecret =
    typeof secret === "object"
      ? (cluster?: string) => cluster === undefined && secret.includes("seapath:hosts")
      : secret;
  keep(get, isSecret, folder);
}

/** The provider of each resource kind. */
export const providers = asCalled({
  Vm: vmProvider(dependencies),
  Colocation: colocationProvider(dependencies),
  Order: orderProvider(dependencies),
  Metadata: metadataProvider(dependencies),
  GuestResource: guestResourceProvider(dependencies),
  RemoteGuest: remoteGuestProvider(dependencies),
  RemoteKey: remoteKeyProvider(dependencies),
  Disk: providerOf(diskKind(dependencies.planned), dependencies),
  Snapshot: providerOf(snapshotKind(dependencies.planned), dependencies),
  Rollback: providerOf(rollbackKind, dependencies),
  SnapshotRetention: providerOf(retentionKind, dependencies),
});

function asCalled<Kind extends string>(kinds: Record<Kind, Provider>): Record<Kind, Provider> {
  return Object.fromEntries(
    Object.entries<Provider>(kinds).map(([kind, provider]) => [kind, forEngine(provider)]),
  ) as Record<Kind, Provider>;
}

/** Reads and changes outside of resources: the basis of the sdk's functions and of the command line. */
export * as api from "./api";
export type {
  ClusterSummary,
  Diagnosis,
  DiskSummary,
  FileSource,
  Finding,
  FindingId,
  ListedVm,
  NodeSummary,
  Terminal,
  VmDetails,
  VmStatus,
  VmSummary,
} from "./vmmgr";

export { describeError, printable, SeapathError, told } from "./errors";
export { speak, type Words } from "./words";
export { close } from "./session";
