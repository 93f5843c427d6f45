/** What a cluster is told as a whole, as far as it decides where VMs run. */
import { devicesInUse, fencingOf, type Cib, type Fencing, type Simulation } from "../../cluster";

/** A node, as the CIB and its status have it before the change. */
export interface NodeState {
  name: string;
  online: boolean;
  standby: boolean;
  maintenance: boolean;
  observer: boolean;
  /** It is a VM. One that the plan makes is among them, and is not online yet. */
  guest: boolean;
}

/** What is told of the whole cluster. */
export interface ClusterSettings {
  nodes: NodeState[];
  /** Whether Pacemaker fences nodes, by which property, and by which primitives; the watchdog is called `watchdog`. */
  fencing: Fencing & { devices: string[] };
  /** `resource-stickiness` of resources that say none of their own. Absent: 0. */
  stickiness?: string;
  /** `default`: memory and processors do not count. */
  placementStrategy: string;
  /** `no-quorum-policy`. @default "stop" */
  quorumPolicy: string;
}

/**
 * Reads them.
 * @param before the first simulation, whose nodes are as the status has them
 * @param fencing as the cluster itself says it; of a saved one its configuration does
 */
export function settingsOf(
  cib: Cib,
  before: Simulation,
  observer: string | undefined,
  fencing = fencingOf(cib),
): ClusterSettings {
  const { properties, defaults } = cib;
  const stickiness = defaults["resource-stickiness"];
  return {
    nodes: before.nodes.map(({ name, online, standby, maintenance, type }) => ({
      name,
      online,
      standby,
      maintenance,
      observer: name === observer,
      guest: type === "remote" && !cib.nodes.includes(name),
    })),
    fencing: { ...fencing, devices: devicesInUse(cib) },
    ...(stickiness === undefined ? {} : { stickiness }),
    placementStrategy: properties["placement-strategy"] ?? "default",
    quorumPolicy: properties["no-quorum-policy"] ?? "stop",
  };
}
