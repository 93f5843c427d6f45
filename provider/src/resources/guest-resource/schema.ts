/** The inputs of `seapath.GuestResource` with defaults. */
import { z } from "zod";
import { agentParts } from "../../vmmgr";
import { common, count, named, scalarMap, text } from "../engine/schema";

const AGENT = 'must be an agent such as "systemd:nginx", "ocf:heartbeat:apache", "lsb:ntp" or "service:cron"';

const operation = z.strictObject({
  timeout: count("seconds", 1).optional(),
  interval: count("seconds").optional(),
  onFail: z
    .enum(["ignore", "block", "stop", "restart", "standby", "fence", "restart-container", "demote"], {
      error:
        "must be a word of Pacemaker's on-fail: ignore, block, stop, restart, standby, fence, restart-container or demote",
    })
    .optional(),
});

/** CIB attributes that have an input of their own. */
const RESERVED: Record<string, string> = { "target-role": "started" };

export const guestResourceSchema = z.strictObject({
  ...common,
  name: text.regex(
    /^[A-Za-z_][A-Za-z0-9_.-]*$/,
    "must be an id of the CIB: a letter first, then letters, digits, and . _ -",
  ),
  guest: named,
  agent: text.refine((agent) => agentParts(agent) !== undefined, AGENT),
  params: scalarMap,
  meta: scalarMap.superRefine((map, context) => {
    for (const [name, input] of Object.entries(RESERVED)) {
      if (name in map) context.addIssue({ code: "custom", path: [name], message: `is set by \`${input}\`; use that` });
    }
  }),
  operations: z.record(z.string().regex(/^[a-z][a-z_-]*$/, "must be an operation, such as monitor"), operation),
  started: z.boolean(),
  owner: text.optional(),
});

/** Complete and valid inputs. */
export type GuestResourceInputs = z.infer<typeof guestResourceSchema>;

/** The default operations of a primitive. */
export const OPERATIONS = {
  start: { timeout: 60 },
  stop: { timeout: 60 },
  monitor: { interval: 10, timeout: 20 },
} as const;
