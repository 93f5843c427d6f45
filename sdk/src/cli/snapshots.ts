/** Verbs for a VM's snapshots. */
import { api } from "pulumi-seapath-provider";
import { UsageError, type OptionSpec } from "./grammar";
import { printed, pythonList } from "./print";
import { JSON_OUTPUT, NAME, type Run, type Verb } from "./verb";

const SNAPSHOT: OptionSpec = {
  name: "snap_name",
  takes: "text",
  placeholder: "NAME",
  required: true,
  help: "the snapshot",
};

/** Parses vm-mgr's `DD/MM/YYYY HH:MM:SS`, in UTC as vm-mgr compares it, or an ISO 8601 date. */
export function readDate(text: string): Date {
  const match = /^(\d{1,2})\/(\d{1,2})\/(\d{4}) (\d{1,2}):(\d{1,2}):(\d{1,2})$/.exec(text.trim());
  const [day, month, year, hour, minute, second] = (match?.slice(1) ?? []).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const date =
    match === null
      ? new Date(/^\d{4}-\d\d-\d\dT/.test(text) ? text : NaN)
      : new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  // A nonexistent date such as 31 February would become another day.
  const same =
    match === null ||
    (date.getUTCDate() === day &&
      date.getUTCMonth() === month - 1 &&
      date.getUTCHours() === hour &&
      date.getUTCMinutes() === minute &&
      date.getUTCSeconds() === second);
  if (Number.isNaN(date.getTime()) || !same)
    throw new UsageError(`argument --date: invalid date: '${text}' (DD/MM/YYYY HH:MM:SS, in UTC)`);
  return date;
}

async function purge({ given, at, json, out, say }: Run): Promise<void> {
  const date = given.find("date");
  const number = given.number("number");
  if (number !== undefined && number < 0) throw new UsageError("argument --number: must not be negative");
  // As vm-mgr's purge, which asks nobody who made a snapshot: but a chain of backups is not broken by the way.
  const include = { includeOthers: true, includeBackups: given.has("include-backups") };
  const which = {
    ...include,
    ...(number === undefined ? {} : { number }),
    ...(date === undefined ? {} : { before: readDate(date) }),
  };
  const { removed, kept, held } = await api.purge(at, given.get("name"), which);
  if (json) out(printed(true, { removed, kept, held }, ""));
  // Not worth a message: a date or a number always leaves some.
  else for (const [name, why] of Object.entries(held)) say(`${given.get("name")}: ${name} stays: ${why}`);
}

const CALLS = { name: "--snap_name", snapshot: "--snap_name", vm: "--name" };

const quiesceOf = (given: Run["given"]) => given.find("quiesce") as "auto" | "required" | "none" | undefined;

export const snapshots: readonly Verb[] = [
  {
    name: "create_snapshot",
    help: "Take a snapshot of all disks of a VM, or of none",
    options: [
      NAME,
      SNAPSHOT,
      {
        name: "quiesce",
        takes: "text",
        choices: ["auto", "required", "none"],
        ours: true,
        help: "freeze the guest's file systems meanwhile: where it has an agent (auto), or not without one",
      },
      { name: "protect", takes: "flag", ours: true, help: "keep it from purge" },
      JSON_OUTPUT,
    ],
    calls: CALLS,
    run: async ({ given, at, json, out }) => {
      const quiesce = quiesceOf(given);
      const options = { protect: given.has("protect"), ...(quiesce === undefined ? {} : { quiesce }) };
      const made = await api.createSnapshot(at, given.get("name"), given.get("snap_name"), options);
      if (json) out(printed(true, made, ""));
    },
  },
  {
    name: "remove_snapshot",
    help: "Remove a snapshot of a VM from every disk, protected or not",
    options: [NAME, SNAPSHOT],
    calls: CALLS,
    run: ({ given, at }) => api.removeSnapshot(at, given.get("name"), given.get("snap_name")),
  },
  {
    name: "list_snapshots",
    help: "Print the snapshots of a VM, the oldest first, as a Python list",
    options: [NAME, JSON_OUTPUT],
    run: async ({ given, at, json, out }) => {
      const found = await api.listSnapshots(at, given.get("name"));
      out(printed(json, found, pythonList(found.map(({ name }) => name))));
    },
  },
  {
    name: "purge",
    help: "Remove the snapshots of a VM, but for protected ones, those that a program holds, and those of backup_restore",
    options: [
      NAME,
      {
        name: "date",
        takes: "text",
        placeholder: "DATE",
        without: ["number"],
        help: "those taken before it: DD/MM/YYYY HH:MM:SS, in UTC",
      },
      { name: "number", takes: "int", placeholder: "N", without: ["date"], help: "the oldest N" },
      {
        name: "include-backups",
        takes: "flag",
        ours: true,
        help: "those of backup_restore as well, from which its next incremental backup counts",
      },
      JSON_OUTPUT,
    ],
    calls: CALLS,
    run: purge,
  },
  {
    name: "rollback",
    help: "Bring all disks of a VM back to a snapshot; it runs afterwards if it ran before",
    options: [NAME, SNAPSHOT],
    calls: CALLS,
    run: async ({ given, at }) => void (await api.rollback(at, given.get("name"), given.get("snap_name"))),
  },
];
