/** The settings of one of several clusters: `seapath:clusters` maps names to settings. */
import { SeapathError, UnknownCluster } from "../../errors";
import { SettingsError } from "../errors";
import { ENVIRONMENT_VARIABLES } from "./settings";

type Get = (key: string) => string | undefined;

/** A cluster's own settings; all others are shared. */
type Own = Record<string, string>;

/** Alternatives: a cluster that sets one does not inherit the other from the shared settings. */
const PAIRS = [
  ["privateKey", "privateKeyFile"],
  ["knownHosts", "knownHostsFile"],
] as const;

const SETTING = "clusters";

/**
 * The names of the clusters of a configuration; the cluster of `seapath:hosts` has none.
 * @throws SettingsError if `seapath:clusters` is not an object of objects
 */
export const clusterNames = (get: Get): string[] => Object.keys(readClusters(get(SETTING)));

/**
 * The configuration and the environment as one cluster sees them: its own settings first, then the shared ones beside
 * `seapath:clusters`. The hosts are always its own.
 * @throws UnknownCluster if the configuration has no cluster of that name
 */
export function settingsOfCluster(
  name: string,
  get: Get,
  env: NodeJS.ProcessEnv,
): { get: Get; env: NodeJS.ProcessEnv } {
  const clusters = readClusters(get(SETTING));
  const own = Object.hasOwn(clusters, name) ? clusters[name] : undefined;
  if (own === undefined) throw new UnknownCluster(name, Object.keys(clusters));
  const hidden = ["hosts" as const, ...PAIRS.flatMap((pair) => (pair.some((key) => key in own) ? pair : []))];
  const shared = { ...env };
  for (const key of hidden) delete shared[ENVIRONMENT_VARIABLES[key]];
  return { get: (key) => own[key] ?? ((hidden as string[]).includes(key) ? undefined : get(key)), env: shared };
}

/** Adds the cluster's name to errors about its settings. */
export function inCluster<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    const problem = error.message.replace(/^The setting \S+ /, "");
    const hint =
      error.setting === "hosts"
        ? `Run \`pulumi config set --path 'seapath:clusters.${name}.hosts' node1,node2,node3\`.`
        : error.hint;
    throw new SettingsError(`${SETTING}.${name}.${error.setting}`, problem, hint);
  }
}

function readClusters(text: string | undefined): Record<string, Own> {
  if (text === undefined || text.trim() === "") return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw wrong("is no JSON");
  }
  if (!isObject(value)) throw wrong("is no object");
  return Object.fromEntries(Object.entries(value).map(([name, settings]) => [name, readOwn(name, settings)]));
}

function readOwn(name: string, settings: unknown): Own {
  if (!isObject(settings)) throw wrong(`has ${JSON.stringify(name)}, which is no object of settings`);
  return Object.fromEntries(
    Object.entries(settings).map(([key, value]) => {
      if (!(key in ENVIRONMENT_VARIABLES))
        throw new SettingsError(
          `${SETTING}.${name}.${key}`,
          "is none",
          `A cluster has ${Object.keys(ENVIRONMENT_VARIABLES).join(", ")}.`,
        );
      const text: unknown = Array.isArray(value) ? value.join(",") : value;
      if (typeof text === "string") return [key, text];
      if (typeof text === "number" || typeof text === "boolean") return [key, String(text)];
      throw new SettingsError(`${SETTING}.${name}.${key}`, "is neither a text nor a list");
    }),
  );
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const wrong = (problem: string): SeapathError =>
  new SettingsError(
    SETTING,
    problem,
    "Give each cluster its settings: `pulumi config set --path 'seapath:clusters.north.hosts' node1,node2,node3`.",
  );
