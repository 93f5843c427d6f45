/** The machines of a cluster, its quorum, its fencing, and the state of its nodes. */
import { devicesInUse, fencingNow, type Inventory, type Simulations } from "../../cluster";
import { isOdd } from "../form/summary";
import { finding, type Finding } from "./finding";

/** With fewer than this, losing one costs the quorum. */
const LEAST_MACHINES = 3;

/** Findings about the cluster as a whole. */
export function clusterFindings(inventory: Inventory): Finding[] {
  const { cib, status, observer, observerUnknown, node } = inventory;
  const named = cib.nodes.map((each) => (each === observer ? `${each} (the observer)` : each)).join(", ");
  const found: Finding[] = [];
  if (!isOdd(cib.nodes.length)) {
    found.push(
      finding(
        "machines-even",
        {},
        `the cluster has ${cib.nodes.length} machines, an even number: ${named}`,
        "Add a hypervisor, or a machine as an observer: parted into halves, neither has a quorum.",
      ),
    );
  } else if (cib.nodes.length < LEAST_MACHINES) {
    found.push(
      finding(
        "machines-few",
        {},
        `the cluster has one machine: ${named}`,
        "Add two others, one of which may be an observer: nothing takes over when this one fails.",
      ),
    );
  }
  if (!status.withQuorum) {
    const offline = status.nodes.filter(({ online }) => !online).map(({ name }) => name);
    found.push(
      finding(
        "no-quorum",
        {},
        `the cluster has no quorum${offline.length > 0 ? ` (offline: ${offline.join(", ")})` : ""}, so Pacemaker does nothing that it is told`,
        "Bring back nodes until more than half are online.",
      ),
    );
  }
  if (cib.properties["no-quorum-policy"] === "ignore") {
    found.push(
      finding(
        "quorum-ignored",
        {},
        "`no-quorum-policy` is ignore: parted from each other, nodes start the same VMs on the same disks",
        "Run `crm configure property no-quorum-policy=stop`.",
      ),
    );
  }
  if (observerUnknown !== undefined) {
    found.push(
      finding(
        "observer-unknown",
        { node },
        `${observerUnknown}, so nobody knows which node is the observer`,
        `Put the file on ${node} right.`,
      ),
    );
  }
  if (status.maintenance) {
    found.push(
      finding(
        "cluster-in-maintenance",
        {},
        "the cluster is in maintenance, so Pacemaker starts and stops nothing",
        "Run `crm configure property maintenance-mode=false` when it is over.",
      ),
    );
  }
  return [
    ...found,
    ...fencingFindings(inventory),
    ...status.nodes.filter(({ name }) => cib.nodes.includes(name)).flatMap(stateFindings),
  ];
}

function fencingFindings(inventory: Inventory): Finding[] {
  const { cib } = inventory;
  const { enabled, property } = fencingNow(inventory);
  if (!enabled) {
    return [
      finding(
        "fencing-off",
        {},
        `fencing is off (\`${property}\` is ${cib.properties[property] ?? "false"}): of a node that hangs nobody knows whether its VMs still run`,
        `Add a fencing device and set \`${property}=true\`, or accept it, as SEAPATH's own set-up does.`,
      ),
    ];
  }
  if (devicesInUse(cib).length > 0) return [];
  return [
    finding(
      "fencing-without-device",
      {},
      `fencing is on (\`${property}\`) and no device does it, so Pacemaker starts nothing, or cannot recover what a node had`,
      `Add a device, or run \`crm configure property ${property}=false\`, as SEAPATH has it.`,
    ),
  ];
}

function stateFindings({
  name,
  online,
  unclean,
  standby,
  maintenance,
}: Inventory["status"]["nodes"][number]): Finding[] {
  const about = { node: name };
  if (unclean)
    return [
      finding(
        "node-unclean",
        about,
        `Pacemaker does not know what ${name} does, and has yet to fence it`,
        `Look at ${name}; where there is no fencing, \`stonith_admin --confirm ${name}\` says that it is off, once it surely is.`,
      ),
    ];
  if (!online)
    return [
      finding(
        "node-offline",
        about,
        `${name} is offline`,
        `Start ${name}, or Pacemaker on it: \`crm cluster start\` there.`,
      ),
    ];
  if (maintenance)
    return [
      finding(
        "node-in-maintenance",
        about,
        `${name} is in maintenance: Pacemaker starts and stops nothing there`,
        `Run \`crm node ready ${name}\` when it is over.`,
      ),
    ];
  return standby
    ? [
        finding(
          "node-in-standby",
          about,
          `${name} is in standby: no VM runs there`,
          `Run \`crm node online ${name}\` when it is to run VMs again.`,
        ),
      ]
    : [];
}

/** The objections of `crm_verify` to the configuration. */
export function verifyFindings({ verified: { valid, words } }: Simulations): Finding[] {
  if (valid) return [];
  const said = words
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .join("; ");
  return [
    finding(
      "configuration-invalid",
      {},
      `Pacemaker does not take the configuration, and starts nothing; crm_verify says: ${said}`,
      "Run `crm_verify --live-check -V` on a node, and put right what it names.",
    ),
  ];
}
