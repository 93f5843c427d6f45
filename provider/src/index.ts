/**
 * The public entry. What is serialized into Pulumi's state calls it by `require("pulumi-seapath/provider")`, so the
 * names here are kept for as long as a state may exist that was written with them.
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

/** Pulumi prints what it is given, and what this process writes. */
const say = (text: string) => console.log(told(text));
const dependencies = {
  cluster: (name?: string) => clusterOfProgram(name, say),
  say,
  planned: new PlannedRegister(),
  outage: outageAllowed,
};

/** Which settings no error may quote: the keys that are kept as a secret, or whether the hosts of a cluster are. */
export type SecretSettings = readonly string[] | ((cluster: string | undefined) => boolean);

/**
 * Takes the stack's configuration, for all kinds, as the engine hands it to the stub of a resource.
 * @param secret the engine does not say. Left out, it is as it was said before: stubs that do not say it stand beside those that do
 */
export function configure(request: dynamic.ConfigureRequest, secret?: SecretSettings): void {
  configureFrom((key) => request.config.get(key), secret);
}

/**
 * Takes the configuration of who is no resource: functions, the command line, policies.
 * @param get a setting by its whole key, `seapath:hosts`; undefined where it is not set
 */
export function configureFrom(get: (key: string) => string | undefined, secret?: SecretSettings): void {
  const isSecret =
    typeof secret === "object"
      ? (cluster?: string) => cluster === undefined && secret.includes("seapath:hosts")
      : secret;
  keep(get, isSecret);
}

/** The provider of each kind of resource. */
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

/** Reads and changes beside the resources: what the functions of the sdk and the command line are made of. */
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
