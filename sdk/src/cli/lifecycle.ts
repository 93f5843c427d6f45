/** Verbs for a VM's lifecycle: create, remove, enable, disable, start, stop, add-to-cluster. */
import { api } from "pulumi-seapath-provider";
import {
  COMMON,
  commonInputs,
  DISK_BUS,
  IMAGE_FORMAT,
  IMAGE_ON_NODE,
  imageSource,
  INHERITED,
  NOSTART,
  PROGRESS,
  readGivenFile,
} from "./inputs";
import { NAME, type Run, type Verb } from "./verb";

const force = (run: Run) => ({ force: run.given.has("force") });

async function create(run: Run): Promise<void> {
  const { given, at, say } = run;
  const inputs = {
    ...commonInputs(given),
    name: given.get("name"),
    xml: await readGivenFile(given, "xml"),
    source: await imageSource(given, given.get("image"), say),
    systemDisk: { bus: given.find("disk-bus") },
    enabled: !given.has("disable"),
    started: !given.has("nostart"),
  };
  const disks = [];
  for (const image of given.all("additional-disk")) disks.push(await imageSource(given, image, say));
  await api.create(at, inputs, { ...force(run), disks });
}

/** Options of `clone` that exclude something from the copy. */
const CLEAR = {
  clear_constraint: "placement",
  "clear-pacemaker-meta": "pacemaker.meta",
  "clear-pacemaker-params": "pacemaker.params",
  "clear-pacemaker-utilization": "pacemaker.utilization",
};

async function clone(run: Run): Promise<void> {
  const { given, at } = run;
  const inputs = {
    ...commonInputs(given),
    name: given.get("dst_name"),
    ...(given.has("xml") ? { xml: await readGivenFile(given, "xml") } : {}),
    source: {
      vm: given.get("name"),
      snapshot: given.find("snapshot"),
      mode: given.has("linked") ? "linked" : "copy",
      ...(given.has("with-snapshots") ? { snapshots: true } : {}),
      clear: Object.entries(CLEAR).flatMap(([option, what]) => (given.has(option) ? [what] : [])),
    },
    enabled: !given.has("disable"),
    started: !given.has("nostart"),
  };
  await api.create(at, inputs, force(run));
}

async function addToCluster(run: Run): Promise<void> {
  const { given, at, say } = run;
  const node = given.find("node");
  if (node !== undefined) run.settleNode(node);
  const image = given.find("image");
  const inputs = {
    ...commonInputs(given),
    name: given.find("new-name") ?? given.get("name"),
    ...(image === undefined ? {} : { source: await imageSource(given, image, say) }),
    systemDisk: { bus: given.find("disk-bus") },
    enabled: !given.has("disable"),
    started: !given.has("nostart"),
  };
  await api.addToCluster(at, given.get("name"), inputs, force(run));
}

export const lifecycle: readonly Verb[] = [
  {
    name: "create",
    help: "Make a VM from an image: all of it, or nothing",
    more:
      "FILE is a file of this machine and is sent to the node; `node:/path`, or any path with --image-on-node, is a file\n" +
      "of the node. An absolute path that this machine does not have is taken for the node's.",
    options: [
      NAME,
      {
        name: "image",
        short: "i",
        takes: "file",
        placeholder: "FILE",
        required: true,
        help: "the image of its system disk",
      },
      {
        name: "xml",
        takes: "file",
        placeholder: "FILE",
        required: true,
        help: "libvirt's domain of it, a file of this machine; -: standard input",
      },
      PROGRESS,
      DISK_BUS,
      { name: "additional-disk", takes: "file", placeholder: "FILE", repeated: true, help: "an image of a data disk" },
      NOSTART,
      ...COMMON,
      IMAGE_ON_NODE,
      IMAGE_FORMAT,
    ],
    calls: { disks: "--additional-disk" },
    run: create,
  },
  {
    name: "clone",
    help: "Make a VM of another one: every disk, a uuid and MACs of its own",
    more: "Where nothing is said the new VM has what the other one has: domain, host, settings, metadata, Pacemaker's settings.",
    options: [
      NAME,
      { name: "dst_name", takes: "text", placeholder: "NAME", required: true, help: "the new VM" },
      {
        name: "xml",
        takes: "file",
        placeholder: "FILE",
        help: "libvirt's domain of it, a file of this machine (that of the other one)",
      },
      NOSTART,
      { name: "clear_constraint", takes: "flag", help: "without the other one's pinned or preferred host" },
      { name: "clear-pacemaker-meta", takes: "flag", help: "without its --pacemaker-meta" },
      { name: "clear-pacemaker-params", takes: "flag", help: "without its --pacemaker-params" },
      { name: "clear-pacemaker-utilization", takes: "flag", help: "without its --pacemaker-utilization" },
      ...INHERITED,
      { name: "snapshot", takes: "text", placeholder: "NAME", ours: true, help: "as it was at that snapshot" },
      {
        name: "with-snapshots",
        takes: "flag",
        without: ["linked"],
        ours: true,
        help: "bring its snapshots along, as vm-mgr does",
      },
      {
        name: "linked",
        takes: "flag",
        without: ["with-snapshots"],
        ours: true,
        help: "share what neither writes, in no time; the other one cannot be removed meanwhile",
      },
    ],
    calls: {
      name: "--dst_name",
      "source.vm": "--name",
      "source.snapshot": "--snapshot",
      "source.snapshots": "--with-snapshots",
    },
    run: clone,
  },
  {
    name: "remove",
    help: "Remove a VM with its disks and their snapshots",
    options: [NAME],
    run: ({ given, at }) => api.remove(at, given.get("name")),
  },
  {
    name: "enable",
    help: "Give a VM to Pacemaker, and start it",
    options: [NAME, NOSTART],
    run: ({ given, at }) => api.enable(at, given.get("name"), !given.has("nostart")),
  },
  {
    name: "disable",
    help: "Stop a VM and take it out of Pacemaker; the constraints on it are kept for the next enable",
    options: [NAME],
    run: ({ given, at }) => api.disable(at, given.get("name")),
  },
  {
    name: "start",
    help: "Start a VM that is enabled, and wait until it has",
    options: [NAME],
    run: ({ given, at }) => api.start(at, given.get("name")),
  },
  {
    name: "stop",
    help: "Stop a VM that is enabled, and wait until it has",
    options: [NAME, { name: "force", short: "f", takes: "flag", help: "at once, without its guest" }],
    run: ({ given, at }) => api.stop(at, given.get("name"), given.has("force")),
  },
  {
    name: "add-to-cluster",
    help: "Take a libvirt VM of one node, with one disk, into the cluster",
    more:
      "The VM is shut down, its disk is copied, and when the cluster's VM is whole libvirt's own is undefined; its disk and\n" +
      "its definition stay on the node. When anything fails it is started again as it was.",
    options: [
      { ...NAME, takes: "text", placeholder: "NAME", help: "its name in libvirt" },
      { name: "image", short: "i", takes: "file", placeholder: "FILE", help: "an image in place of its disk" },
      PROGRESS,
      DISK_BUS,
      { name: "new-name", takes: "text", placeholder: "NAME", help: "its name in the cluster (that in libvirt)" },
      NOSTART,
      ...COMMON,
      IMAGE_ON_NODE,
      IMAGE_FORMAT,
      {
        name: "node",
        takes: "text",
        placeholder: "HOST",
        ours: true,
        help: "the node that has it, as --hosts names it (the first that answers)",
      },
    ],
    callsWith: { "new-name": { name: "--new-name" } },
    run: addToCluster,
  },
];
