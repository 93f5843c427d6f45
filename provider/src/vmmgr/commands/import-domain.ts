/**
 * Imports a libvirt VM of one node into the cluster. It is shut down, because a disk in use cannot be copied
 * consistently; undefined once it is copied; and started again if anything fails. Its own disk is never touched.
 */
import {
  asideOf,
  child,
  children,
  findDomain,
  NotFound,
  parseXml,
  putDomainBack,
  renderPretty,
  setDomainAside,
  shutDownDomain,
  startDomain,
  type ImageFormat,
  type XmlElement,
} from "../../cluster";
import { deadlineOf, reportOf, type Context } from "../core/context";
import { createVm } from "../vm/create";
import { refuseEarly } from "../vm/early-refusals";
import { ChangeFailed, Refused } from "../core/errors";
import { replaceVm, specOfObserved } from "../vm/lifecycle";
import type { ObservedVm, VmSpec } from "../form/model";
import { domainUuid } from "../form/domain";
import { removeVm } from "../vm/remove";
import { runSteps, type Step } from "../core/steps";
import { updateVm } from "../vm/update";

/** The parts of a libvirt VM that the cluster's VM takes over. */
export interface ImportedDomain {
  /** Its definition without the imported disk. */
  xml: string;
  uuid: string;
  /** The file or device on the node with its disk; absent for anything else, e.g. a network disk. */
  disk?: string;
  /** The format of the disk's file according to libvirt; absent if it is not supported. */
  format?: ImageFormat;
  /** It is running. */
  active: boolean;
}

/** libvirt's format names, and ours. */
const FORMATS: Record<string, ImageFormat> = {
  raw: "raw",
  qcow2: "qcow2",
  vmdk: "vmdk",
  vdi: "vdi",
  vpc: "vhd",
  vhdx: "vhdx",
};

const isDisk = (node: XmlElement) => node.name === "disk" && (node.attrs["device"] ?? "disk") === "disk";

/** The definition of a libvirt VM without its one disk, and that disk. @param domain its name, for the errors */
export function importDomainXml(text: string, domain: string, node: string): Omit<ImportedDomain, "active"> {
  const root = parseXml(text, `the domain "${domain}"`);
  const disks = children(child(root, "devices"), "disk").filter(isDisk);
  const refuse = (reason: string) => new Refused("take in", domain, node, [{ property: "its disks", reason }]);
  const [disk, ...others] = disks;
  if (disk === undefined) throw refuse("it has none, and can be taken in with exactly one");
  if (others.length > 0)
    throw refuse(
      `it has more than one disk (${disks.length}), and can be taken in with exactly one; give the others to it afterwards`,
    );
  const source = child(disk, "source");
  const path = source?.attrs["file"] ?? source?.attrs["dev"];
  const without = root.children.map((each) =>
    each.name === "devices" ? { ...each, children: each.children.filter((device) => device !== disk) } : each,
  );
  const format = FORMATS[child(disk, "driver")?.attrs["type"] ?? ""];
  return {
    xml: renderPretty({ ...root, children: without }),
    uuid: domainUuid(root) ?? "",
    ...(format === undefined ? {} : { format }),
    ...(path === undefined ? {} : { disk: path }),
  };
}

/**
 * Space to leave free besides a definition that is set aside: its passwords are not counted, and a file takes whole
 * blocks.
 */
const LEFT_BYTES = 256 * 1024;

/** The libvirt VM of a name on the queried node. @throws NotFound, Refused */
export async function findImportedDomain(
  { cluster }: Context,
  domain: string,
): Promise<ImportedDomain & { node: string }> {
  const { node } = await cluster.inventory();
  const facts = await findDomain(cluster.runner, domain);
  if (facts === undefined) {
    const message = `Unable to take in VM "${domain}" on ${node}: it does not exist in libvirt there`;
    throw new NotFound(message, "Name the node that has it with --node; `virsh list --all` there shows its domains.");
  }
  if (facts.holds.length > 0) {
    const reason = `libvirt keeps ${facts.holds.join(" and ")} of it, which would be lost; end that there first (virsh managedsave-remove, snapshot-delete, checkpoint-delete)`;
    throw new Refused("take in", domain, node, [{ property: "its domain", reason }]);
  }
  if (facts.room < facts.xml.length + LEFT_BYTES) {
    const folder = asideOf(cluster.runner);
    const reason = `it is kept in ${folder} of that node, where ${Math.floor(facts.room / 1024)} KiB are free; make room there, or have seapath:nodeFolder name another folder`;
    throw new Refused("take in", domain, node, [{ property: "its domain", reason }]);
  }
  return { ...importDomainXml(facts.xml, domain, node), active: facts.active, node };
}

/**
 * Imports a libvirt VM of the queried node into the cluster.
 * @param domain its name in libvirt
 * @param spec the VM to create, with its XML and its source
 * @param force replaces a VM of that name in the cluster
 * @throws Refused before anything was done; ChangeFailed after everything was restored
 */
export async function importDomain(context: Context, domain: string, spec: VmSpec, force = false): Promise<ObservedVm> {
  const { cluster } = context;
  const report = reportOf(context);
  const found = await findImportedDomain(context, domain);
  await refuseEarly(context, spec, force, found.active ? found.disk : undefined);
  const what = `Unable to take in VM "${domain}" on ${found.node}`;
  const id = { name: domain, uuid: found.uuid };
  let made: ObservedVm | undefined;
  const steps: Step[] = [
    {
      name: "shutting it down",
      act: async () => {
        if (!found.active) return;
        report(`${domain}: shutting it down on ${found.node}`);
        if (await shutDownDomain(cluster.runner, domain, Math.min(deadlineOf(context), spec.stopTimeout + 30))) return;
        throw new Error("its guest does not listen to the power button; shut it down by other means, and try again");
      },
      undo: async () => {
        if (found.active) await startDomain(cluster.runner, domain);
      },
    },
    {
      name: "making the cluster's VM of it",
      act: async () => (made = await (force ? replaceVm : createVm)(context, { ...spec, enabled: false })),
      undo: async () => {
        if (made !== undefined) await removeVm(context, spec.name);
      },
    },
    {
      name: "undefining it in libvirt",
      act: async () => {
        const file = await setDomainAside(cluster.runner, id);
        report(
          `${domain}: libvirt on ${found.node} has it no more; its definition is kept there in ${file}, ${found.disk === undefined ? "its disk" : `its disk ${found.disk}`} as it was`,
        );
      },
      undo: () => putDomainBack(cluster.runner, id),
    },
  ];
  if (spec.enabled) {
    steps.push({
      name: "giving it to Pacemaker",
      act: async () => {
        if (made === undefined) return;
        made = await updateVm(context, { ...specOfObserved(made), enabled: true, started: spec.started });
      },
      noUndo: "it goes with the VM",
    });
  }
  await runSteps(what, steps);
  if (made === undefined)
    throw new ChangeFailed(what, "looking at it again", new Error("it is gone; someone removed it meanwhile"), []);
  return made;
}
