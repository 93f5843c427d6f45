/** The inputs of `seapath.Snapshot` after their defaults were put in. */
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
  // Nobody gives it. What a refresh finds is `false` when a disk has lost it, and so a difference.
  complete: z.literal(true).or(z.boolean()),
});

/** Inputs that are whole and good. */
export type SnapshotInputs = z.infer<typeof snapshotSchema>;
