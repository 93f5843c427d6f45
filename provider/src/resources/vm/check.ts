/** What a preview rejects: everything that is known before an `up`, each with the input concerned. */
import { isDeepStrictEqual } from "node:util";
import {
  addressesOf,
  BrokenVm,
  canonicalBase,
  carriedRoomRefusals,
  changeRefusals,
  clusterRefusals,
  countsRoom,
  failureWarnings,
  findVm,
  isMarkedByStack,
  isOutOfReach,
  isOwned,
  judgeDomain,
  localFileRefusals,
  macRefusals,
  ownerOfVm,
  ParseError,
  parseXml,
  pinRefusals,
  placeRefusals,
  Refused,
  sharedAddressRefusals,
  sharedImageNotices,
  sourceQuestions,
  stateWarnings,
  turnRefusals,
  type Addresses,
  type Cluster,
  type DomainJudgement,
  type Intent,
  type Inventory,
  type PartialSpec,
  type PlannedVms,
  type Refusal,
  type Rolling,
  type VmSpec,
} from "../../vmmgr";
import { UnknownCluster } from "../../errors";
import { clusterFailures, schemaFailures } from "../engine/refused";
import { parseSize } from "../units/size";
import type { PlannedRegister } from "../engine/planned";
import { outputProblem } from "../engine/coerced";
import { isUnknown, knownPart, unknownPaths } from "../engine/unknowns";
import { RESOURCE, withFormerOwner, type Raw } from "../engine/values";
import { adoptionNotice } from "./adopt";
import { claimOf, type Claims } from "./claims";
import type { RollingInputs } from "../engine/rolling";
import { withDefaults } from "./defaults";
import { stoppedBy } from "./diff";
import { withInherited, withSaid } from "./inherit";
import { concealSecrets, withKept } from "./kept";
import { withMigration } from "./migration";
import { vmSchema, type VmInputs } from "./schema";
import { OUTPUTS, sourceOf, specOf } from "./state";

/** The result of `check`. */
export interface Checked {
  inputs: Raw;
  failures: Refusal[];
}

/** What a check uses besides the inputs. */
export interface CheckContext {
  cluster: (name?: string) => Cluster;
  claims: Claims;
  planned?: PlannedRegister | undefined;
  warn: (text: string) => void;
  /** Prevents VMs that are kept apart from being stopped at the same time. */
  rolling?: (at: string | undefined, inputs: RollingInputs | undefined) => Rolling;
}

/** Why a resource cannot make a VM that another resource of the same program has. */
export const takenByOther = (vm: string) =>
  `VM "${vm}" belongs to another resource of this program; each VM needs a name of its own`;

/** Checks the inputs of a VM alone, then against the cluster. */
export async function checkVm(
  { cluster, claims, planned, warn, rolling }: CheckContext,
  olds: Raw,
  news: Raw,
): Promise<Checked> {
  const said = await inherited(cluster, olds, news);
  let inputs = withDefaults(said);
  concealSecrets(inputs);
  const failures = schemaFailures(vmSchema, inputs, "seapath.Vm");
  failures.push(...xmlFailures(inputs), ...(await localFileFailures(inputs)));
  if (failures.length > 0 || isUnknown(inputs["cluster"])) return { inputs, failures };
  const at = inputs["cluster"] as string | undefined;
  let intent = intentOf(olds, inputs, claims);
  if (typeof inputs["name"] === "string" && !isUnknown(inputs["name"])) {
    const vm = claimOf(inputs["name"], at);
    const same = intent === "create" && claims.isOf(vm, news[RESOURCE]);
    if (same && claims.askedAnew(vm)) intent = "replace";
    if (intent === "create" && !same && (claims.isOthers(vm) || claims.isTwice(vm)))
      return { inputs, failures: [{ property: "name", reason: takenByOther(inputs["name"]) }] };
    claims.check(vm, intent === "update", news[RESOURCE]);
    planned?.note(inputs);
  }
  inputs = await withMigration(() => cluster(at), olds, said, inputs, warn);
  // The cluster's state does not matter to a VM without changes.
  const idle = intent === "update" && isDeepStrictEqual(dropOutputs(withDefaults(olds)), inputs);
  const what = `VM "${String(inputs["name"])}": its hosts, name and image`;
  return {
    inputs,
    failures: await clusterFailures(
      what,
      warn,
      async () => {
        const refusals = await refusalsOf(cluster(at), intent, inputs, olds, warn, idle, planned);
        // The same program may make the source VM of a clone first.
        const source = (inputs["source"] as Raw | undefined)?.["vm"];
        const comes = typeof source === "string" && claims.isChecked(claimOf(source, at));
        const left = comes ? refusals.filter(({ property }) => property !== "source.vm") : refusals;
        if (left.length > 0 || intent !== "update" || idle || rolling === undefined) return left;
        return turnFailures(
          await cluster(at).recentInventory(),
          olds,
          inputs,
          rolling(at, inputs["rolling"] as RollingInputs | undefined),
        );
      },
      "name",
    ),
  };
}

/**
 * Rejects a change that would stop the VM while one that it is kept apart from is down. A check only gets the old
 * inputs, so the rest is read from the cluster.
 */
function turnFailures(inventory: Inventory, olds: Raw, inputs: Raw, rolling: Rolling): Refusal[] {
  const vm = String(inputs["name"]);
  const found = findVm(inventory, vm);
  const property = stoppedBy(
    { ...olds, node: found?.node ?? "", restartRequired: found?.restartRequired ?? false },
    inputs,
  );
  return property === undefined ? [] : turnRefusals(inventory, vm, rolling, property);
}

/** The inputs with what a clone inherits. If the cluster is unreachable, without it; a later check reports that. */
async function inherited(cluster: CheckContext["cluster"], olds: Raw, news: Raw): Promise<Raw> {
  try {
    return withSaid(await withInherited(() => cluster(clusterName(news)).recentInventory(), olds, news));
  } catch (error) {
    // If the source VM is unreadable, a later check rejects it.
    if (isOutOfReach(error) || error instanceof UnknownCluster || error instanceof BrokenVm) return withSaid(news);
    throw error;
  }
}

const clusterName = (inputs: Raw) =>
  typeof inputs["cluster"] === "string" && !isUnknown(inputs["cluster"]) ? inputs["cluster"] : undefined;

const dropOutputs = (inputs: Raw): Raw =>
  Object.fromEntries(Object.entries(inputs).filter(([key]) => !(OUTPUTS as readonly string[]).includes(key)));

/** Invalid XML, or XML that is not a domain. */
export function xmlFailures(inputs: Raw): Refusal[] {
  const { xml, name } = inputs;
  // The check of the input itself reports these.
  if (typeof xml !== "string" || xml === "" || isUnknown(xml) || outputProblem(xml) !== undefined) return [];
  // The character that a decoder puts in place of invalid bytes.
  if (xml.includes("\uFFFD")) {
    return [
      {
        property: "xml",
        reason:
          'was not read in its own encoding: it holds U+FFFD, which stands for bytes that are no UTF-8. Read the file as what it is (`readFileSync(file, "latin1")`), or save it as UTF-8',
      },
    ];
  }
  try {
    const root = parseXml(xml, "the domain XML");
    if (root.name !== "domain")
      return [{ property: "xml", reason: `must be a libvirt <domain>; its root is <${root.name}>` }];
    canonicalBase(xml, String(name));
    return [];
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    return [{ property: "xml", reason: `does not parse: ${error.message.replace(/^.*?answered: /, "")}` }];
  }
}

/** An unreadable local file named by the source. */
export async function localFileFailures(inputs: Raw): Promise<Refusal[]> {
  const source = inputs["source"] as Raw | undefined;
  return typeof source?.["path"] !== "string" || isUnknown(source["path"]) ? [] : localFileRefusals(source);
}

function intentOf(olds: Raw, inputs: Raw, claims: Claims): Intent {
  const same = (key: string) => olds[key] === inputs[key] || isUnknown(inputs[key]);
  if (olds["name"] !== undefined && same("name") && same("cluster")) return "update";
  return claims.isReplaced(claimOf(String(inputs["name"]), inputs["cluster"] as string | undefined))
    ? "replace"
    : "create";
}

async function refusalsOf(
  cluster: Cluster,
  intent: Intent,
  inputs: Raw,
  olds: Raw,
  warn: (text: string) => void,
  idle: boolean,
  planned: PlannedRegister | undefined,
): Promise<Refusal[]> {
  const at = inputs["cluster"] as string | undefined;
  const spec = partialSpec(inputs);
  const inventory = await cluster.recentInventory(intent === "update" ? {} : await sourceQuestions(spec.source));
  const whole = wholeSpec(inputs);
  if (whole !== undefined) planned?.noteSpec(whole, at);
  const otherDomain = intent !== "update" || !isDeepStrictEqual(domainInputs(withDefaults(olds)), domainInputs(inputs));
  const addresses = addressRefusals(inventory, withFormerOwner(whole ?? spec, olds), otherDomain, planned, at);
  const refusals = [
    ...clusterRefusals(inventory, spec, intent),
    ...addresses,
    ...(idle
      ? []
      : [
          ...changeRefusals(inventory, spec, intent),
          ...colocationRefusals(inventory, withFormerOwner(spec, olds), planned?.on(at)),
        ]),
  ];
  if (refusals.length === 0 && intent !== "update")
    refusals.push(...(await carriedRoomRefusals(cluster, inventory, spec)));
  if (refusals.length > 0) return refusals;
  const unplaced = countsRoom(inventory) ? await roomRefusals(cluster, inventory, whole, at, idle, planned) : [];
  if (unplaced.length > 0) return unplaced;
  const domain =
    whole !== undefined && otherDomain
      ? await domainOf(cluster, inventory, whole, intent)
      : { refusals: [], notices: [] };
  if (domain.refusals.length > 0) return domain.refusals;
  const notice = intent === "create" ? adoptionNotice(inventory, inputs) : undefined;
  if (notice !== undefined) warn(notice);
  for (const text of [
    ...domain.notices,
    ...failureWarnings(inventory, spec),
    ...(idle ? [] : [...stateWarnings(inventory, spec), ...sharedImageNotices(spec)]),
  ])
    warn(`VM "${spec.name ?? "?"}": ${text}`);
  return [];
}

/**
 * Objections to a domain, with secrets known only to the cluster filled in: a placeholder is not a password for
 * libvirt.
 */
async function domainOf(
  cluster: Cluster,
  inventory: Inventory,
  spec: VmSpec,
  intent: Intent,
): Promise<DomainJudgement> {
  try {
    return await judgeDomain(
      cluster,
      inventory,
      await withKept(() => Promise.resolve(inventory), intent === "update" ? "change" : "create", spec),
    );
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { refusals: [...error.refusals], notices: [] };
  }
}

/** The spec of a VM that is completely known. */
function wholeSpec(inputs: Raw): VmSpec | undefined {
  if (unknownPaths(inputs).length > 0) return undefined;
  const whole = vmSchema.safeParse(inputs);
  return whole.success ? specOf(whole.data) : undefined;
}

/** The inputs that determine libvirt's domain. */
const domainInputs = (inputs: Raw) => [
  inputs["domain"],
  inputs["xml"],
  (inputs["systemDisk"] as Raw | undefined)?.["bus"],
];

/**
 * MAC addresses and a uuid that another VM of the cluster or of this program has. Earlier clashes are not this change's
 * fault.
 */
function addressRefusals(
  inventory: Inventory,
  spec: PartialSpec,
  changed: boolean,
  planned: PlannedRegister | undefined,
  at: string | undefined,
): Refusal[] {
  if (spec.name === undefined) return [];
  const others =
    planned?.noteAddresses(spec.name, at, { ...addressesOf(spec), changed }) ?? new Map<string, Addresses>();
  const mine = new Map([...others].filter(([, each]) => changed || each.changed));
  return [...sharedAddressRefusals(spec, mine), ...(changed ? macRefusals(inventory, spec) : [])];
}

/** A VM that does not fit beside those checked before it. */
async function roomRefusals(
  cluster: Cluster,
  inventory: Inventory,
  spec: VmSpec | undefined,
  at: string | undefined,
  idle: boolean,
  planned: PlannedRegister | undefined,
): Promise<Refusal[]> {
  return spec === undefined || idle ? [] : placeRefusals(cluster, inventory, planned?.specs(at) ?? [spec], spec.name);
}

/** A pin that other VMs' colocations rule out. */
function colocationRefusals(inventory: Inventory, spec: PartialSpec, planned: PlannedVms = () => undefined): Refusal[] {
  const { name, owner, formerOwner, pinnedHost } = spec;
  if (name === undefined || pinnedHost === undefined) return [];
  return pinRefusals(inventory, name, pinnedHost, planned, (what) =>
    typeof what === "string"
      ? isOwned(ownerOfVm(inventory, what), spec)
      : isMarkedByStack(what, owner) || isMarkedByStack(what, formerOwner),
  );
}

/** The part of a spec that a preview knows. */
function partialSpec(inputs: Raw): PartialSpec {
  const known = inputs as Partial<VmInputs>;
  const size = known.systemDisk?.size;
  const bytes = size === undefined || isUnknown(size) ? undefined : parseSize(size);
  const pick = <K extends keyof PartialSpec>(key: K, value: PartialSpec[K]) =>
    value === undefined || knownPart(value) === undefined ? {} : { [key]: value };
  return {
    ...pick("name", known.name),
    ...pick("adopt", known.adopt),
    ...pick("owner", known.owner),
    ...pick(
      "source",
      known.source === undefined || unknownPaths(known.source).length > 0 ? undefined : sourceOf(known.source),
    ),
    ...pick("systemSize", bytes),
    ...pick("xml", known.xml),
    ...pick("pinnedHost", known.pinnedHost),
    ...pick("preferredHost", known.preferredHost),
    ...pick("enabled", known.enabled),
    ...pick("started", known.started),
    ...pick("liveMigration", known.liveMigration),
  };
}
