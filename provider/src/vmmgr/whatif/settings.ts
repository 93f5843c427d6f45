/** What a cluster is told as a whole, as far as it decides where VMs run. */
import { nvpairs, type Cib, type Simulation } from "../../cluster";

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
  /** Whether Pacemaker fences nodes, and by which primitives; the watchdog is called `watchdog`. */
  fencing: { enabled: boolean; devices: string[] };
  /** `resource-stickiness` of resources that say none of their own. Absent: 0. */
  stickiness?: string;
  /** `default`: memory and processors do not count. */
  placementStrategy: string;
  /** `no-quorum-policy`. @default "stop" */
  quorumPolicy: string;
}

const isOn = (value: string | undefined) => ["true", "on", "yes", "y", "1"].includes(value?.toLowerCase() ?? "");

/** Reads them. @param before the first simulation, whose nodes are as the status has them */
export function settingsOf(cib: Cib, before: Simulation, observer: string | undefined): ClusterSettings {
  const { properties, defaults } = cib;
  const stickiness = defaults["resource-stickiness"];
  const devices = [...cib.primitives].filter(([, { attrs }]) => attrs["class"] === "stonith").map(([id]) => id);
  const watchdog = isOn(properties["have-watchdog"]) && !/^0?$/.test(properties["stonith-watchdog-timeout"] ?? "0");
  return {
    nodes: before.nodes.map(({ name, online, standby, maintenance, type }) => ({
      name, online, standby, maintenance, observer: name === observer, guest: type === "remote" && !cib.nodes.includes(name),
    })),
    fencing: {
      enabled: isOn(properties["stonith-enabled"] ?? properties["stonith_enabled"] ?? "true"),
      devices: [...devices.filter((id) => isInUse(cib, id)), ...(watchdog ? ["watchdog"] : [])],
    },
    ...(stickiness === undefined ? {} : { stickiness }),
    placementStrategy: properties["placement-strategy"] ?? "default",
    quorumPolicy: properties["no-quorum-policy"] ?? "stop",
  };
}

/** One that is switched off fences nobody. */
const isInUse = (cib: Cib, id: string) => nvpairs(cib.primitives.get(id), "meta_attributes")["target-role"] !== "Stopped";
