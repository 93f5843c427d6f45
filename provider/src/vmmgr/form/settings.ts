/**
 * The settings of a VM that are one value each. A setting is one entry: reading and writing of metadata and primitive, the schema of the
 * inputs, defaults, inheritance by clones and the options of the command line are made of it.
 */
import { USER_NAME } from "../../cluster";

/** Where in the primitive a setting stands. */
type Place = { meta: string } | { param: string } | { timeoutOf: "stop" | "migrate_to" };

interface Setting {
  /** Of vm-mgr; its type is that of the setting. */
  default: string | number | boolean;
  /** The key in the metadata of the system image. It is absent while the setting has its default. */
  key: string;
  place: Place;
  /** Of a number. Absent: any whole number. */
  unit?: "seconds" | "milliseconds";
  /** Of a number with a unit. @default 0 */
  least?: number;
  /** Of a text: what it has to be. */
  form?: { pattern: RegExp; what: string };
  /** The option of the command line. A flag for `true` and `false`. */
  option: string;
  placeholder?: string;
  /** The help of the option. */
  help: string;
}

export const SETTINGS = {
  liveMigration: {
    default: false,
    key: "_live_migration",
    place: { meta: "allow-migrate" },
    option: "enable-live-migration",
    help: "move it without a stop",
  },
  migrationUser: {
    default: "root",
    key: "_migration_user",
    place: { param: "migration_user" },
    form: { pattern: USER_NAME, what: "the name of a user on the nodes" },
    option: "migration-user",
    placeholder: "USER",
    help: "as whom libvirt goes from node to node (whom they let each other in as, else root)",
  },
  migrationDowntime: {
    default: 0,
    key: "_migration_downtime",
    place: { param: "migration_downtime" },
    unit: "milliseconds",
    option: "migration-downtime",
    placeholder: "MS",
    help: "that a live migration may stop the guest; 0 leaves it to libvirt (0)",
  },
  migrateToTimeout: {
    default: 120,
    key: "_migrate_to_timeout",
    place: { timeoutOf: "migrate_to" },
    unit: "seconds",
    least: 1,
    option: "migrate-to-timeout",
    placeholder: "SECONDS",
    help: "that a live migration may take (120)",
  },
  stopTimeout: {
    default: 30,
    key: "_stop_timeout",
    place: { timeoutOf: "stop" },
    unit: "seconds",
    least: 1,
    option: "stop-timeout",
    placeholder: "SECONDS",
    help: "that its guest has to stop (30)",
  },
  priority: {
    default: 0,
    key: "_priority",
    place: { meta: "priority" },
    option: "priority",
    placeholder: "N",
    help: "the higher one stays when not all can run (0)",
  },
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof SETTINGS;

type Widened<T> = T extends boolean ? boolean : T extends number ? number : string;

/** A value of each setting. */
export type SettingValues = { -readonly [Name in SettingName]: Widened<(typeof SETTINGS)[Name]["default"]> };

/** A setting with its name. */
export type NamedSetting = Setting & { name: SettingName };

export const settingList: readonly NamedSetting[] = (Object.keys(SETTINGS) as SettingName[]).map((name) => ({
  name,
  ...SETTINGS[name],
}));

/** vm-mgr's own values where nothing is said. */
export const settingDefaults = Object.fromEntries(
  settingList.map(({ name, default: value }) => [name, value]),
) as unknown as SettingValues;

/** A value of each setting, read by `read`; what it does not know has its default. */
export const readSettingsBy = (read: (setting: NamedSetting) => string | number | boolean | undefined): SettingValues =>
  Object.fromEntries(
    settingList.map((setting) => [setting.name, read(setting) ?? setting.default]),
  ) as unknown as SettingValues;

/** The settings that a part of the primitive holds, by their name there: meta attributes, parameters, time-outs. */
export const inputsAt = (part: "meta" | "param" | "timeoutOf"): Record<string, SettingName> =>
  Object.fromEntries(
    settingList.flatMap(({ name, place }) => {
      const key = (place as Partial<Record<typeof part, string>>)[part];
      return key === undefined ? [] : [[key, name] as const];
    }),
  );

/** What that part of the primitive has to say. */
export const valuesAt = (values: SettingValues, part: "meta" | "param" | "timeoutOf"): Record<string, string> =>
  Object.fromEntries(Object.entries(inputsAt(part)).map(([key, name]) => [key, String(values[name])]));
