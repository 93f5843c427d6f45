/** The inputs of `seapath.Vm` with defaults: what is allowed, in words for the user. */
import { z } from "zod";
import { words } from "../../words";
import { crmProblem, inputsAt, settingList, type NamedSetting, type SettingValues } from "../../vmmgr";
import { common, count, imageFormat, metadataValue, named, scalarMap, size, text } from "../engine/schema";

const reserved = (names: Record<string, string>) =>
  scalarMap.superRefine((map, context) => {
    for (const [name, property] of Object.entries(names)) {
      if (name in map)
        context.addIssue({
          code: "custom",
          path: [name],
          message: `is set by \`${words().input(property)}\`; use that`,
        });
    }
  });

/** What a clone may drop from the source VM. */
export const CLEARABLE = [
  "placement",
  "settings",
  "metadata",
  "pacemaker.meta",
  "pacemaker.params",
  "pacemaker.utilization",
] as const;

const sourceSchema = z
  .strictObject({
    nodePath: text.refine((path) => path.startsWith("/"), "must be an absolute path on the node").optional(),
    path: text.optional(),
    format: imageFormat.optional(),
    vm: named.optional(),
    snapshot: named.optional(),
    mode: z.enum(["copy", "linked"], { error: 'must be "copy" or "linked"' }).optional(),
    snapshots: z.boolean({ error: "must be true or false" }).optional(),
    clear: z.array(z.enum(CLEARABLE, { error: `must be some of ${CLEARABLE.join(", ")}` })).optional(),
    /** What was inherited at creation, filled in by the check: later changes of the source VM do not matter. */
    inherited: z.record(z.string(), z.unknown()).optional(),
    /**
     * Which inputs the program has given, filled in by the check if the source VM does not exist yet. A create removes
     * it.
     */
    said: z.array(text).optional(),
  })
  .superRefine((source, context) => {
    const given = [source.nodePath, source.path, source.vm].filter((each) => each !== undefined);
    if (given.length !== 1) {
      const message =
        "must have exactly one of `nodePath` (a file on the node), `path` (a file on this machine) and `vm` (another VM)";
      context.addIssue({ code: "custom", message });
    }
    if (source.vm !== undefined) {
      if (source.format !== undefined)
        context.addIssue({ code: "custom", path: ["format"], message: "is for a file; the disks of a VM are raw" });
      if (source.snapshots === true && source.mode === "linked") {
        const message =
          'must not stand beside `mode: "linked"`: a linked clone shares one snapshot of the other VM, and Ceph gives it none of its others';
        context.addIssue({ code: "custom", path: ["snapshots"], message });
      }
      return;
    }
    for (const key of ["snapshot", "mode", "snapshots", "clear", "inherited", "said"] as const) {
      if (source[key] !== undefined)
        context.addIssue({ code: "custom", path: [key], message: "is for a clone: it needs `vm`" });
    }
  });

const interfaceSchema = z.strictObject({
  bridge: text,
  mac: z
    .string()
    .regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/, 'must be a MAC address such as "52:54:00:12:34:56"')
    .refine((mac) => (parseInt(mac.slice(0, 2), 16) & 1) === 0, "must not be a multicast address"),
  model: text,
  virtualport: z.literal("openvswitch", { error: 'must be "openvswitch", or left out for a Linux bridge' }).optional(),
  vlan: count("a VLAN tag", 1).max(4094, "must be at most 4094").optional(),
});

const domainSchema = z.strictObject({
  type: z.enum(["kvm", "qemu"], { error: 'must be "kvm" or "qemu"' }),
  memory: count("MiB", 1),
  vcpus: count("virtual CPUs", 1),
  machine: text,
  firmware: z.enum(["bios", "efi"], { error: 'must be "bios" or "efi"' }),
  interfaces: z.array(interfaceSchema),
  serialConsole: z.boolean(),
  guestAgent: z.boolean(),
});

/** What a setting may be, by its entry in the table. */
function settingSchema({ default: usual, unit, least = 0, form }: NamedSetting): z.ZodType {
  if (typeof usual === "boolean") return z.boolean();
  if (typeof usual === "string") return form === undefined ? text : text.regex(form.pattern, `must be ${form.what}`);
  if (unit !== undefined) return count(unit, least);
  return z.number({ error: "must be a whole number" }).int("must be a whole number");
}

const settingSchemas = Object.fromEntries(
  settingList.map((setting) => [setting.name, settingSchema(setting)]),
) as unknown as { [Name in keyof SettingValues]: z.ZodType<SettingValues[Name]> };

export const vmSchema = z
  .strictObject({
    ...common,
    name: named,
    source: sourceSchema.optional(),
    adopt: z.boolean(),
    owner: text.optional(),
    systemDisk: z.strictObject({
      size: size.optional(),
      bus: z.enum(["virtio", "scsi", "sata", "usb", "ide"], { error: "must be virtio, scsi, sata, usb or ide" }),
    }),
    xml: text.optional(),
    domain: domainSchema.optional(),
    enabled: z.boolean(),
    started: z.boolean(),
    restart: z.enum(["never", "whenRequired"], { error: 'must be "never" or "whenRequired"' }),
    rolling: z
      .strictObject({
        outage: z.enum(["refused", "allowed"], { error: 'must be "refused" or "allowed"' }).optional(),
        readyAfter: count("seconds").optional(),
      })
      .optional(),
    pinnedHost: text.optional(),
    preferredHost: text.optional(),
    ...settingSchemas,
    metadata: z.record(named, metadataValue),
    pacemaker: z.strictObject({
      meta: reserved({
        "target-role": "started",
        ...inputsAt("meta"),
      }),
      params: reserved({
        ...inputsAt("param"),
        config: "name",
        hypervisor: "name",
        seapath: "name",
        force_stop: "stopTimeout",
        migration_transport: "liveMigration",
      }),
      utilization: scalarMap,
    }),
    crmConfigCommands: z.array(
      text.refine((line) => crmProblem(line) === undefined, { error: ({ input }) => crmProblem(String(input)) ?? "" }),
    ),
  })
  .superRefine((vm, context) => {
    if (vm.pinnedHost !== undefined && vm.preferredHost !== undefined) {
      const message = "must not stand beside `pinnedHost`: a pinned VM runs there only";
      context.addIssue({ code: "custom", path: ["preferredHost"], message });
    }
    // A clone of a VM that does not exist yet inherits its domain later.
    const later =
      vm.source?.vm !== undefined &&
      vm.source.inherited === undefined &&
      vm.domain === undefined &&
      vm.xml === undefined;
    if (!later && (vm.xml === undefined) === (vm.domain === undefined)) {
      const message =
        vm.xml === undefined ? "is missing: give `domain`, or libvirt's own as `xml`" : "must not stand beside `xml`";
      context.addIssue({ code: "custom", path: ["domain"], message });
    }
    if (vm.source === undefined && !vm.adopt) {
      const message =
        "is missing: give `nodePath` or `path`, the image that the system disk is made of, or `vm`, another VM";
      context.addIssue({ code: "custom", path: ["source"], message });
    }
    vm.domain?.interfaces.forEach((each, index) => {
      if (each.vlan === undefined || each.virtualport === "openvswitch") return;
      const message = 'needs `virtualport: "openvswitch"`: libvirt puts no VLAN on a Linux bridge';
      context.addIssue({ code: "custom", path: ["domain", "interfaces", index, "vlan"], message });
    });
  });

/** Complete and valid inputs. */
export type VmInputs = z.infer<typeof vmSchema>;
