/** The layer under test, and VMs to ask for. */
import { createRequire } from "node:module";
import type { VmSpec } from "../../../provider/dist/vmmgr/model.js";

const require = createRequire(import.meta.url);
const load = <T>(file: string) => require(`../../../provider/dist/vmmgr/${file}.js`) as T;

export const domains = load<typeof import("../../../provider/dist/vmmgr/domain.js")>("domain");
export const metadata = load<typeof import("../../../provider/dist/vmmgr/metadata.js")>("metadata");
export const names = load<typeof import("../../../provider/dist/vmmgr/names.js")>("names");
export const observe = load<typeof import("../../../provider/dist/vmmgr/observe.js")>("observe");
export const parked = load<typeof import("../../../provider/dist/vmmgr/parked.js")>("parked");
export const primitives = load<typeof import("../../../provider/dist/vmmgr/primitive.js")>("primitive");
export const constraints = load<typeof import("../../../provider/dist/vmmgr/constraints.js")>("constraints");
export const refusals = load<typeof import("../../../provider/dist/vmmgr/refusals.js")>("refusals");
export const states = load<typeof import("../../../provider/dist/vmmgr/state.js")>("state");
export const revisions = load<typeof import("../../../provider/dist/vmmgr/revision.js")>("revision");
export const steps = load<typeof import("../../../provider/dist/vmmgr/steps.js")>("steps");
export const sync = load<typeof import("../../../provider/dist/vmmgr/sync.js")>("sync");
export const waiting = load<typeof import("../../../provider/dist/vmmgr/wait.js")>("wait");
export const errors = load<typeof import("../../../provider/dist/vmmgr/errors.js")>("errors");

/** A spec with vm-mgr's defaults, like the lab's fxrun. */
export const spec = (more: Partial<VmSpec> = {}): VmSpec => ({
  name: "fxrun",
  source: { nodePath: "/var/lib/seapath/images/tick.qcow2" },
  diskBus: "virtio",
  xml: "<domain type='qemu'><memory>1</memory><devices/></domain>",
  enabled: true,
  started: true,
  liveMigration: false,
  migrationUser: "root",
  migrationDowntime: 0,
  migrateToTimeout: 120,
  stopTimeout: 30,
  priority: 0,
  metadata: {},
  pacemaker: { meta: {}, params: {}, utilization: {} },
  crmConfigCommands: [],
  ...more,
});

/** A spec in which nothing is as by default. */
export const fullSpec = (more: Partial<VmSpec> = {}): VmSpec => spec({
  liveMigration: true,
  migrationUser: "libvirtadmin",
  migrationDowntime: 250,
  migrateToTimeout: 77,
  stopTimeout: 45,
  priority: -5,
  diskBus: "scsi",
  started: false,
  metadata: { owner: "grid & <co>", note: "two\nlines \"quoted\" é" },
  pacemaker: { meta: { "migration-threshold": "3" }, params: { autoset_utilization_cpu: "false" }, utilization: { slots: "2" } },
  crmConfigCommands: ["location fxcmd fxrun 5: node1", "order fxo fxman fxrun"],
  ...more,
});
