/** Examines whether a cluster is fit to run VMs. Nothing is changed. */
import {
  examineNodes,
  isOnline,
  simulate,
  type Cluster,
  type Examination,
  type Inventory,
  type Unexamined,
} from "../../cluster";
import { SeapathError } from "../../errors";
import { hypervisorsOf } from "../core/context";
import { DEFAULTS } from "../form/model";
import { isVm } from "../whatif/declared";
import { constraintFindings } from "./constraints";
import { finding, type Diagnosis, type Finding } from "./finding";
import { moveFindings, sshFindings } from "./links";
import { clusterFindings, verifyFindings } from "./machines";
import { distinct, lackFindings, migrationUsers, needsOfVms } from "./needs";
import { forgottenFindings, haveFindings, processorFindings, unexaminedFinding } from "./nodes";
import { healthFindings, roomFindings } from "./storage";
import { timeFindings } from "./time";
import { failureFindings, placeFindings } from "./vms";

export { FINDINGS, type Diagnosis, type Finding, type FindingId, type Level } from "./finding";

/** The VMs' agent, which every hypervisor must have, even if there is no VM yet. */
const VM_AGENT = { provider: "seapath", type: "VirtualDomain" };
/** Without them, the tools' commands run for each image. */
const MODULES = ["rados", "rbd", "libvirt"];
/** The user that SEAPATH's own set-up uses between nodes. */
const SEAPATH_USER = "libvirtadmin";

/**
 * Examines a cluster: reads its whole state once, then runs one program on each node in parallel with the scheduler.
 * Anything that cannot be examined becomes a finding.
 */
export async function diagnose(cluster: Cluster): Promise<Diagnosis> {
  const inventory = await attempted(() => cluster.inventory());
  const found = "error" in inventory ? await examineAlone(cluster) : await examineAll(cluster, inventory.ok);
  const { examined, findings } = found;
  const all =
    "error" in inventory ? [unread("cluster-unreadable", "the cluster", inventory.error), ...findings] : findings;
  const faults = all.filter(({ level }) => level === "fault");
  return {
    fit: faults.length === 0,
    examined: examined.map(({ node }) => node).sort(),
    findings: [...faults, ...all.filter(({ level }) => level === "advice")],
  };
}

/** An answer, or the error instead; only errors that point to a problem of the cluster. */
async function attempted<T>(act: () => Promise<T>): Promise<{ ok: T } | { error: SeapathError }> {
  try {
    return { ok: await act() };
  } catch (error) {
    if (!(error instanceof SeapathError)) throw error;
    return { error };
  }
}

const unread = (id: "cluster-unreadable" | "scheduler-unreadable", what: string, error: SeapathError): Finding =>
  finding(
    id,
    {},
    `${what} could not be looked at: ${error.message}`,
    error.hint ?? "Put that right, and ask again: what is wrong beside it is not known.",
  );

interface Found {
  examined: Examination[];
  findings: Finding[];
}

/** Each node once, however many of the settings' addresses lead to it. */
function told(answers: readonly (Examination | Unexamined)[]): { examined: Examination[]; unexamined: Unexamined[] } {
  const examined = answers.filter((each) => "node" in each);
  return {
    examined: [...new Map(examined.map((each) => [each.node, each])).values()],
    unexamined: answers.filter((each) => "error" in each),
  };
}

/** Examines the nodes alone if the cluster's state is unknown. */
async function examineAlone(cluster: Cluster): Promise<Found> {
  const request = {
    nodes: [],
    hypervisors: [],
    users: [],
    providers: [VM_AGENT.provider],
    modules: MODULES,
    needs: [],
  };
  const { examined, unexamined } = told(await examineNodes(cluster.runner, request));
  const agents = new Map([[VM_AGENT.provider, [VM_AGENT.type]]]);
  const nodes = examined.map(({ node }) => node);
  return {
    examined,
    findings: [
      ...unexamined.map(unexaminedFinding),
      ...haveFindings(examined, nodes, agents),
      ...healthFindings(examined),
      ...timeFindings(examined),
    ],
  };
}

async function examineAll(cluster: Cluster, inventory: Inventory): Promise<Found> {
  const { cib, status } = inventory;
  const online = (names: readonly string[]) => names.filter((name) => isOnline(status, name));
  const hypervisors = hypervisorsOf(inventory);
  const users = migrationUsers(cib, DEFAULTS.migrationUser);
  const stored = needsOfVms(inventory);
  const agents = agentsOf(inventory);
  const [answers, simulated] = await Promise.all([
    examineNodes(cluster.runner, {
      nodes: online(cib.nodes),
      hypervisors: online(hypervisors),
      users: [...new Set([...users.keys(), DEFAULTS.migrationUser, SEAPATH_USER])],
      providers: [...agents.keys()],
      modules: MODULES,
      needs: distinct(stored.vms),
    }),
    attempted(() => simulate(cluster.runner, { changes: [], lose: [] })),
  ]);
  const { examined, unexamined } = told(answers);
  const hosts = examined.filter(({ node }) => hypervisors.includes(node));
  return {
    examined,
    findings: [
      ...unexamined.map(unexaminedFinding),
      ...forgottenFindings(online(cib.nodes), examined, unexamined),
      ...clusterFindings(inventory),
      ...("error" in simulated
        ? [unread("scheduler-unreadable", "what Pacemaker's scheduler says", simulated.error)]
        : [...verifyFindings(simulated.ok), ...placeFindings(inventory, simulated.ok)]),
      ...failureFindings(inventory),
      ...constraintFindings(inventory),
      ...stored.findings,
      ...healthFindings(examined),
      ...roomFindings(inventory),
      ...haveFindings(examined, hypervisors, agents),
      ...lackFindings(examined, hypervisors, stored.vms),
      ...timeFindings(examined),
      ...sshFindings(examined),
      ...moveFindings(hosts, users),
      ...processorFindings(hosts),
    ],
  };
}

/** The agents that VMs use, by provider. */
function agentsOf({ cib }: Inventory): Map<string, string[]> {
  const found = new Map([[VM_AGENT.provider, [VM_AGENT.type]]]);
  for (const primitive of cib.primitives.values()) {
    const { class: kind, provider, type } = primitive.attrs;
    if (!isVm(primitive) || kind !== "ocf" || provider === undefined || type === undefined) continue;
    found.set(provider, [...new Set([...(found.get(provider) ?? []), type])]);
  }
  return found;
}
