/** All verbs, in the order of the help. */
import { adopting } from "./adopt";
import { completing } from "./completion";
import { consoles } from "./console";
import { doctoring } from "./doctor";
import { guarding } from "./guard";
import { guests } from "./guests";
import { lifecycle } from "./lifecycle";
import { looking } from "./looking";
import { metadata } from "./metadata";
import { planning } from "./plan/verb";
import { relations } from "./relations";
import { snapshots } from "./snapshots";
import { uploading } from "./uploads";
import type { Verb } from "./verb";

export const VERBS: readonly Verb[] = [
  ...lifecycle,
  ...looking,
  ...doctoring,
  ...snapshots,
  ...metadata,
  ...relations,
  ...guests,
  ...consoles,
  ...adopting,
  ...planning,
  ...uploading,
  ...guarding,
  ...completing,
];
