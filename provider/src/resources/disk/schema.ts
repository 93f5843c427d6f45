/** The inputs of `seapath.Disk` with defaults. */
import { z } from "zod";
import { isPluggable } from "../../vmmgr";
import { common, count, imageFormat, named, size, text } from "../engine/schema";

const sourceSchema = z
  .strictObject({
    nodePath: text.refine((path) => path.startsWith("/"), "must be an absolute path on the node").optional(),
    path: text.optional(),
    format: imageFormat.optional(),
    image: text.regex(/^[A-Za-z0-9_]+$/, "must be the name of an RBD image of the pool").optional(),
  })
  .refine((source) => [source.nodePath, source.path, source.image].filter((each) => each !== undefined).length === 1, {
    message:
      "must have exactly one of `nodePath` (a file on the node), `path` (a file on this machine) and `image` (another disk)",
  })
  .refine((source) => source.format === undefined || source.image === undefined, {
    path: ["format"],
    message: "is for a file; an image of the pool is raw",
  });

/** The last device letter is z, and the system disk has the first one. */
const MAX_INDEX = 24;

export const diskSchema = z
  .strictObject({
    ...common,
    vm: named,
    index: count("the number of a data disk").max(MAX_INDEX, `must be at most ${MAX_INDEX}`).optional(),
    size: size.optional(),
    source: sourceSchema.optional(),
    adopt: z.boolean(),
    bus: z.enum(["virtio", "scsi", "sata", "usb", "ide"], { error: "must be virtio, scsi, sata, usb or ide" }),
    cache: z.enum(["none", "writeback", "writethrough", "directsync", "unsafe"], {
      error: "must be none, writeback, writethrough, directsync or unsafe",
    }),
    readOnly: z.boolean(),
    serial: text.regex(/^[A-Za-z0-9_.+-]{1,20}$/, "must have at most 20 letters, digits and any of _ . + -").optional(),
    retain: z.boolean(),
    owner: text.optional(),
  })
  .superRefine((disk, context) => {
    const issue = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
    if (disk.size === undefined && disk.source === undefined && !disk.adopt) {
      issue("size", "is missing: give the `size` of a blank disk, or a `source`");
    }
    if (disk.adopt && disk.index === undefined) issue("index", "is missing: a disk to adopt has a number");
    if (disk.readOnly && !isPluggable(disk.bus))
      issue("readOnly", `is not to be had on the bus ${disk.bus}: QEMU's disks there can be written to`);
  });

/** Complete and valid inputs. */
export type DiskInputs = z.infer<typeof diskSchema>;
