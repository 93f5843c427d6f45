/** The declared settings of each VM after a plan, whoever declares them: where it may run, and its priority. */
import { nvpairs, type Cib, type XmlElement } from "../../cluster";
import { readPlacement, vmConstraints } from "../form/placement";
import { keepsOff, locationsByPrimitive } from "../guest/keepoff";
import type { VmSpec } from "../form/model";
import { readScore } from "../relation/element";
import type { Guest } from "./guests";
import { isToRun } from "./outcome";
import type { Plan } from "./model";

/** A VM as Pacemaker will get it. */
export interface Declared {
  vm: string;
  /** The only node it may run on. */
  pinnedHost?: string;
  /** The node it runs on if possible. */
  preferredHost?: string;
  /** The nodes that bans and rules keep it off, including guest nodes, but not those that a pin excludes. */
  bannedFrom: string[];
  liveMigration: boolean;
  /** Its own `resource-stickiness`; absent: the cluster's. */
  stickiness?: string;
  /** 1000000 is Pacemaker's INFINITY. */
  priority: number;
  /** The plan creates or changes it; otherwise it is foreign. */
  planned: boolean;
  /** Pacemaker manages it. */
  enabled: boolean;
  /** It should run: Pacemaker manages it, and does not keep it stopped. */
  started: boolean;
  /** The user's keys. */
  metadata: Readonly<Record<string, string>>;
}

/** Information beyond the CIB and the plan. */
export interface Beside {
  guests: readonly Guest[];
  observer: string | undefined;
  /** The users' metadata, by VM. */
  metadata: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Pacemaker's own number for INFINITY, which JSON can represent. */
const INFINITE = 1_000_000;

/** Every VM of the cluster and of the plan, except those that the plan removes. */
export function declaredOf(cib: Cib, plan: Plan, { guests, observer, metadata }: Beside): Declared[] {
  const planned = new Map(plan.vms.map((spec) => [spec.name, spec]));
  const locations = locationsByPrimitive(cib);
  const banned = (constraints: readonly XmlElement[]) => [
    ...cib.nodes.filter((node) => constraints.some((each) => keepsOff(each, node, "cluster"))),
    ...guests.map(({ guest }) => guest).filter((guest) => constraints.some((each) => keepsOff(each, guest))),
  ];
  const enabled = [...cib.primitives]
    .filter(([, primitive]) => isVm(primitive))
    .map(([vm, primitive]): Declared => {
      const own = locations.get(vm) ?? [];
      const meta = nvpairs(primitive, "meta_attributes");
      const stickiness = meta["resource-stickiness"];
      return {
        vm,
        ...placementOf(cib, vm, own),
        bannedFrom: banned(own),
        liveMigration: meta["allow-migrate"] === "true",
        ...(stickiness === undefined ? {} : { stickiness }),
        priority: Math.max(-INFINITE, Math.min(readScore(meta["priority"]), INFINITE)),
        planned: planned.has(vm),
        enabled: true,
        started: isToRun(cib, vm),
        metadata: planned.get(vm)?.metadata ?? metadata[vm] ?? {},
      };
    });
  const disabled = plan.vms.filter(({ name }) => !cib.primitives.has(name));
  return [...enabled, ...disabled.map((spec) => declaredBy(spec, banned(vmConstraints(spec, observer))))];
}

/** The primitives that are VMs. */
export const isVm = ({ attrs }: XmlElement) => attrs["type"] === "VirtualDomain";

/** Placements by vm-mgr's ids; if there are none, equivalent foreign constraints on one node. */
function placementOf(cib: Cib, vm: string, own: readonly XmlElement[]): Pick<Declared, "pinnedHost" | "preferredHost"> {
  const read = readPlacement({ ...cib, constraints: [...own] }, vm);
  const strong = own.filter(({ attrs }) => attrs["node"] !== undefined && readScore(attrs["score"]) === Infinity);
  const isPin = ({ attrs }: XmlElement) => attrs["resource-discovery"] === "exclusive";
  const pinnedHost = read.pinnedHost ?? strong.find(isPin)?.attrs["node"];
  const preferredHost =
    read.preferredHost ?? strong.find((each) => !isPin(each) && each.attrs["node"] !== pinnedHost)?.attrs["node"];
  return {
    ...(pinnedHost === undefined ? {} : { pinnedHost }),
    ...(preferredHost === undefined ? {} : { preferredHost }),
  };
}

function declaredBy(spec: VmSpec, bannedFrom: string[]): Declared {
  const { name, pinnedHost, preferredHost, liveMigration, priority } = spec;
  const stickiness = spec.pacemaker.meta["resource-stickiness"];
  return {
    vm: name,
    ...(pinnedHost === undefined ? {} : { pinnedHost }),
    ...(preferredHost === undefined ? {} : { preferredHost }),
    bannedFrom,
    liveMigration,
    ...(stickiness === undefined ? {} : { stickiness }),
    priority,
    planned: true,
    enabled: false,
    started: false,
    metadata: spec.metadata,
  };
}
