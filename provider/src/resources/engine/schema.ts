/** Building blocks of several kinds' schemas. */
import { z } from "zod";
import { emptyValue, IMAGE_FORMATS, nameProblem } from "../../vmmgr";
import { parseSize } from "../units/size";

export const text = z.string().min(1, "must not be empty");

/** An integer number of some unit. */
export const count = (unit: string, least = 0) =>
  z
    .number({ error: `must be a whole number (${unit})` })
    .int(`must be a whole number (${unit})`)
    .min(least, `must be at least ${least} (${unit})`);

/** A value of a VM's metadata. */
export const metadataValue = z.string().min(1, emptyValue);

/** A name that vm-mgr accepts: for VMs, metadata keys, snapshots and remote nodes alike. */
export const named = text.superRefine((value, context) => {
  const problem = nameProblem(value);
  if (problem !== undefined) context.addIssue({ code: "custom", message: problem });
});

// Pacemaker 2.1 prints a line break in an attribute as the two characters \n: that would be permanent drift.
export const scalarMap = z.record(text, z.string().regex(/^[^\r\n\t]*$/, "must be one line, without tabs"));

export const size = z
  .union([z.string(), z.number()])
  .refine((value) => parseSize(value) !== undefined, {
    message: 'must be a size such as "20GiB", or a number of bytes',
  })
  .refine((value) => (parseSize(value) ?? 512) % 512 === 0, { message: "must be a multiple of 512 bytes" });

/** The format of an image file that does not declare it itself. */
export const imageFormat = z.enum(IMAGE_FORMATS, { error: `must be one of ${IMAGE_FORMATS.join(", ")}` });

const timeout = count("seconds", 1);

/** Common inputs of all kinds: the cluster, and how long Pacemaker may take. */
export const common = {
  cluster: text.optional(),
  timeouts: z.strictObject({ create: timeout, update: timeout, delete: timeout }),
};
