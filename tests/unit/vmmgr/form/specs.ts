/** The layer under test, and VM specs. */
import { createRequire } from "node:module";
import type { VmSpec } from "../../../../provider/dist/vmmgr/form/model.js";

const require = createRequire(import.meta.url);
const load = <T>(file: string) => require(`../../../../provider/dist/vmmgr/${file}.js`) as T;

export const domains = load<typeof import("../../../../provider/dist/vmmgr/form/domain.js")>("form/domain");
export const metadata = load<typeof import("../../../../provider/dist/vmmgr/form/metadata.js")>("form/metadata");
export const names = load<typeof import("../../../../provider/dist/vmmgr/form/names.js")>("form/names");
export const observe = load<typeof import("../../../../provider/dist/vmmgr/form/observe.js")>("form/observe");
export const parked =
  load<typeof import("../../../../provider/dist/vmmgr/form/parked-constraints.js")>("form/parked-constraints");
export const primitives = load<typeof import("../../../../provider/dist/vmmgr/form/primitive.js")>("form/primitive");
export const constraints = load<typeof import("../../../../provider/dist/vmmgr/form/placement.js")>("form/placement");
export const refusals = load<typeof import("../../../../provider/dist/vmmgr/vm/refusals.js")>("vm/refusals");
export const states =
  load<typeof import("../../../../provider/dist/vmmgr/core/cluster-health.js")>("core/cluster-health");
export const revisions = load<typeof import("../../../../provider/dist/vmmgr/form/revision.js")>("form/revision");
export const steps = load<typeof import("../../../../provider/dist/vmmgr/core/steps.js")>("core/steps");
export const sync = load<typeof import("../../../../provider/dist/vmmgr/form/cib-changes.js")>("form/cib-changes");
export const waiting = load<typeof import("../../../../provider/dist/vmmgr/core/wait.js")>("core/wait");
export const errors = load<typeof import("../../../../provider/dist/vmmgr/core/errors.js")>("core/errors");

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

/** A spec without any default value. */
export const fullSpec = (more: Partial<VmSpec> = {}): VmSpec =>
  spec({
    liveMigration: true,
    migrationUser: "libvirtadmin",
    migrationDowntime: 250,
    migrateToTimeout: 77,
    stopTimeout: 45,
    priority: -5,
    diskBus: "scsi",
    started: false,
    metadata: { owner: "grid & <co>", note: 'two\nlines "quoted" é' },
    pacemaker: {
      meta: { "migration-threshold": "3" },
      params: { autoset_utilization_cpu: "false" },
      utilization: { slots: "2" },
    },
    crmConfigCommands: ["location fxcmd fxrun 5: node1", "order fxo fxman fxrun"],
    ...more,
  });
