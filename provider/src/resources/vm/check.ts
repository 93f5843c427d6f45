/** What a preview refuses: all that can be known before an `up`, each with the input that it is about. */
import { access, constants } from "node:fs/promises";
import {
  canonicalBase, clusterRefusals, ConnectionError, ParseError, parseXml, type Cluster, type Intent, type PartialSpec, type Refusal,
} from "../../vmmgr";
import { parseSize } from "../size";
import { concernsUnknown, isUnknown, knownPart, unknownPaths } from "../unknowns";
import { adoptionNotice } from "./adopt";
import type { Claims } from "./claims";
import { withDefaults } from "./defaults";
import { vmSchema, type VmInputs } from "./schema";

type Raw = Record<string, unknown>;

/** What `check` answers. */
export interface Checked {
  inputs: Raw;
  failures: Refusal[];
}

/** What a check looks at beside the inputs. */
export interface CheckContext {
  cluster: () => Cluster;
  claims: Claims;
  warn: (text: string) => void;
}

/** Why a VM cannot be made by a resource while another of the same program has it. */
export const takenByOther = (vm: string) => `VM "${vm}" belongs to another resource of this program; each VM needs a name of its own`;

/** Checks the inputs of a VM by themselves, then against the cluster. */
export async function checkVm({ cluster, claims, warn }: CheckContext, olds: Raw, news: Raw): Promise<Checked> {
  const inputs = withDefaults(news);
  const failures = schemaFailures(inputs);
  failures.push(...xmlFailures(inputs), ...(await localFileFailures(inputs)));
  if (failures.length > 0) return { inputs, failures };
  const intent = intentOf(olds, inputs, claims.replaced);
  if (typeof inputs["name"] === "string" && !isUnknown(inputs["name"])) {
    const { name } = inputs as { name: string };
    if (intent === "create" && claims.isOthers(name)) return { inputs, failures: [{ property: "name", reason: takenByOther(name) }] };
    claims.check(name, intent === "update");
  }
  try {
    return { inputs, failures: await clusterFailures(cluster(), intent, inputs, warn) };
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error;
    const hint = error.hint === undefined ? "" : ` ${error.hint}`;
    warn(`VM "${String(inputs["name"])}": its hosts, name and image were not checked: ${error.message}.${hint}`);
    return { inputs, failures: [] };
  }
}

function schemaFailures(inputs: Raw): Refusal[] {
  const read = vmSchema.safeParse(inputs);
  if (read.success) return [];
  const unknowns = unknownPaths(inputs);
  return read.error.issues.flatMap((issue) => {
    // Whatever becomes known beside it, a key that is none stays none.
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({ property: propertyPath([...issue.path, key]), reason: "is no input of seapath.Vm" }));
    }
    if (issue.path.length > 0 && concernsUnknown(issue.path, unknowns)) return [];
    if (issue.code === "invalid_key") {
      return issue.issues.map(({ message }) => ({ property: propertyPath(issue.path), reason: message }));
    }
    const missing = issue.code === "invalid_type" && valueAt(inputs, issue.path) === undefined;
    return [{ property: propertyPath(issue.path), reason: missing ? "is missing" : issue.message }];
  });
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, part) => (at as Record<PropertyKey, unknown> | undefined)?.[part], value);
}

const propertyPath = (path: readonly PropertyKey[]) =>
  path.map((part, index) => (typeof part === "number" ? `[${part}]` : `${index === 0 ? "" : "."}${String(part)}`)).join("");

function xmlFailures(inputs: Raw): Refusal[] {
  const { xml, name } = inputs;
  if (typeof xml !== "string" || xml === "" || isUnknown(xml)) return []; // the schema refuses an empty one
  try {
    const root = parseXml(xml, "the domain XML");
    if (root.name !== "domain") return [{ property: "xml", reason: `must be a libvirt <domain>; its root is <${root.name}>` }];
    canonicalBase(xml, String(name));
    return [];
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    return [{ property: "xml", reason: `does not parse: ${error.message.replace(/^.*?answered: /, "")}` }];
  }
}

async function localFileFailures(inputs: Raw): Promise<Refusal[]> {
  const path = (inputs["source"] as Raw | undefined)?.["path"];
  if (typeof path !== "string" || isUnknown(path)) return [];
  try {
    await access(path, constants.R_OK);
    return [];
  } catch {
    return [{ property: "source.path", reason: `there is no readable file ${path} on this machine` }];
  }
}

function intentOf(olds: Raw, inputs: Raw, replaced: ReadonlySet<string>): Intent {
  if (olds["name"] !== undefined && (olds["name"] === inputs["name"] || isUnknown(inputs["name"]))) return "update";
  return replaced.has(String(inputs["name"])) ? "replace" : "create";
}

async function clusterFailures(
  cluster: Cluster,
  intent: Intent,
  inputs: Raw,
  warn: (text: string) => void,
): Promise<Refusal[]> {
  const spec = partialSpec(inputs);
  const nodePath = spec.source !== undefined && "nodePath" in spec.source ? spec.source.nodePath : undefined;
  const inventory = await cluster.inventory(intent !== "update" && nodePath !== undefined ? { sources: [nodePath] } : {});
  const notice = intent === "create" ? adoptionNotice(inventory, inputs) : undefined;
  if (notice !== undefined) warn(notice);
  return clusterRefusals(inventory, spec, intent);
}

/** What is known of a spec in a preview. */
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
    ...pick("source", known.source as PartialSpec["source"]),
    ...pick("systemSize", bytes),
    ...pick("xml", known.xml),
    ...pick("pinnedHost", known.pinnedHost),
    ...pick("preferredHost", known.preferredHost),
  };
}
