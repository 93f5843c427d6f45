/** The inputs of `seapath.Snapshot` with defaults. */
import { z } from "zod";
import { SAFETY } from "../../vmmgr";
import { common, count, named, text } from "../engine/schema";

export const snapshotSchema = z.strictObject({
  ...common,
  vm: named,
  name: named.refine((name) => name !== SAFETY, `must not be "${SAFETY}", which a rollback uses`),
  quiesce: z.enum(["auto", "required", "none"], { error: 'must be "auto", "required" or "none"' }),
  protect: z.boolean(),
  adopt: z.boolean(),
  freezeTimeout: count("seconds", 1).max(
    300,
    "must be at most 300 (seconds): services in the guest do not wait for longer",
  ),
  owner: text,
  // Not for users. A refresh finds `false` if a disk has lost the snapshot, which shows as a difference.
  complete: z.literal(true).or(z.boolean()),
});

/** Complete and valid inputs. */
export type SnapshotInputs = z.infer<typeof snapshotSchema>;
