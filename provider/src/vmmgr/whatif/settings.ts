/** The cluster-wide settings that decide where VMs run. */
import { devicesInUse, fencingOf, type Cib, type Fencing, type Simulation } from "../../cluster";

/** A node, as in the CIB and its status before the change. */
export interface NodeState {
  name: string;
  online: boolean;
  standby: boolean;
  maintenance: boolean;
  observer: boolean;
  /** It is a VM. Includes one that the plan creates, which is not online yet. */
  guest: boolean;
}

/** The cluster-wide settings. */
export interface ClusterSettings {
  nodes: NodeState[];
  /**
   * Whether Pacemaker fences nodes, the property that says so, and the primitives for it; the watchdog is called
   * `watchdog`.
   */
  fencing: Fencing & { devices: string[] };
  /** `resource-stickiness` of resources without their own. Absent: 0. */
  stickiness?: string;
  /** `default`: memory and processors are ignored. */
  placementStrategy: string;
  /** `no-quorum-policy`. @default "stop" */
  quorumPolicy: string;
}

/**
 * Reads the settings.
 * @param before the first simulation, whose nodes match the status
 * @param fencing as the cluster itself reports it; for a saved one, from its configuration
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
