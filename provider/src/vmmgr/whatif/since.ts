/** Whether a cluster still matches the one that a plan was made for. */
import { createHash } from "node:crypto";
import { canonicalXml, type Cib, type XmlElement } from "../../cluster";
import { SeapathError } from "../../errors";

/** The cluster state of a plan, in `SEAPATH_PLANNED` as `<epoch>:<digest>`. */
export interface PlannedOf {
  /** `admin_epoch.epoch`. */
  epoch: string;
  /** Of everything that decides where VMs run; without it any change counts. */
  digest?: string;
}

/** Properties that Pacemaker and its tools write on their own, and that decide nothing. */
const BY_ITSELF = ["last-lrm-refresh", "dc-version", "cluster-infrastructure", "cluster-name", "have-watchdog"];

/**
 * Digest of everything in a CIB that decides where VMs run, as twelve hexadecimal digits: primitives, constraints,
 * nodes and their standby, properties and defaults. Utilization is left out: the resource agent writes it at each
 * monitor, which creates a new epoch.
 */
export function digestOf(cib: Cib): string {
  const byId = (nodes: Iterable<XmlElement>) => [...nodes].map(canonicalXml).sort();
  const told = Object.entries({ ...cib.defaults, ...cib.properties })
    .filter(([name]) => !BY_ITSELF.includes(name))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const primitives = [...cib.primitives.values()].map((each) => ({
    ...each,
    children: each.children.filter(({ name }) => name !== "utilization"),
  }));
  const all = [byId(primitives), byId(cib.constraints), [...cib.nodes].sort(), [...cib.standby].sort(), told];
  return createHash("sha256").update(JSON.stringify(all)).digest("hex").slice(0, 12);
}

/** The entry for a plan in `SEAPATH_PLANNED`. @param cluster one of `seapath:clusters` */
export const plannedText = ({ epoch, digest }: PlannedOf, cluster?: string): string =>
  `${cluster === undefined ? "" : `${cluster}=`}${epoch}${digest === undefined ? "" : `:${digest}`}`;

/** The value of `SEAPATH_PLANNED` or `seapath:planned` is not output of `seapath plan`. */
export class NotPlanned extends SeapathError {
  constructor(entry: string, problem: string) {
    super("settings", `The setting seapath:planned has "${entry}", ${problem}`, {
      hint: "Give it, or SEAPATH_PLANNED, what `npx seapath plan` prints: `0.42:1f0c9a7d2b3e`, or `north=0.42:1f0c9a7d2b3e` of a cluster of seapath:clusters; several are separated by commas.",
    });
  }
}

/**
 * Reads the cluster states of plans, by cluster; the one of `seapath:hosts` has no name.
 * @param clusters the names of `seapath:clusters`
 * @throws NotPlanned
 */
export function parsePlanned(text: string, clusters: readonly string[]): Map<string | undefined, PlannedOf> {
  const found = new Map<string | undefined, PlannedOf>();
  for (const entry of text.split(",").map((each) => each.trim())) {
    const [, name, epoch, digest] = /^(?:([^=]+)=)?(\d+\.\d+)(?::([0-9a-f]{12}))?$/.exec(entry) ?? [];
    if (epoch === undefined) throw new NotPlanned(entry, "which is no version of a configuration");
    if (name !== undefined && !clusters.includes(name))
      throw new NotPlanned(entry, `and there is no cluster "${name}" in seapath:clusters`);
    if (found.has(name)) throw new NotPlanned(entry, "a second version for one cluster");
    found.set(name, { epoch, ...(digest === undefined ? {} : { digest }) });
  }
  return found;
}

/** How a cluster differs from the one that was planned for, as a sentence; undefined if nothing relevant differs. */
export function changedSince(cib: Cib, planned: PlannedOf, cluster?: string): string | undefined {
  if (planned.epoch === cib.epoch || planned.digest === digestOf(cib)) return undefined;
  const which = cluster === undefined ? "The cluster" : `The cluster "${cluster}"`;
  return `${which} has changed since the plan: that was made of configuration ${planned.epoch}, and now it is ${cib.epoch}. VMs may come to run elsewhere than the plan says; run \`npx seapath plan\` again`;
}
