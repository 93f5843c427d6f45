/** The default of `migrationUser`, and whether live migration can work at all. */
import { betweenNodes, DEFAULTS, migrationNotice, USER_NAME, type Cluster } from "../../vmmgr";
import { SeapathError } from "../../errors";
import { isUnknown } from "../engine/unknowns";
import type { Raw } from "../engine/values";

/**
 * The user for live migration if the program does not name one: the user as which the nodes admit each other. A user
 * that the program names is checked when it is new. For a VM that does not migrate, nothing is checked.
 * @param said the inputs before defaults are filled in
 */
async function migrationOf(
  cluster: () => Cluster,
  olds: Raw,
  said: Raw,
): Promise<{ user?: string; notice?: string | undefined }> {
  const { liveMigration, pinnedHost, migrationUser: given } = said;
  if (liveMigration !== true) return {};
  const before = olds["name"] === said["name"] && olds["liveMigration"] === true ? olds["migrationUser"] : undefined;
  const silent = given === undefined || given === null;
  if (!silent && (typeof given !== "string" || isUnknown(given) || !USER_NAME.test(given) || before === given))
    return {};
  // If the cluster cannot be asked, the earlier finding stays.
  const found = silent && typeof before === "string" ? { user: before } : {};
  // A pinned VM does not migrate, except in the move that the pin itself may cause, which uses the earlier user.
  if (pinnedHost !== undefined && pinnedHost !== null) return found;
  if ((await reached(cluster)) === undefined) return found;
  const first = silent ? DEFAULTS.migrationUser : given;
  try {
    const between = await betweenNodes(cluster(), first);
    const user = silent ? (between.user ?? first) : given;
    return { user, notice: migrationNotice(between, user) };
  } catch (error) {
    if (!(error instanceof SeapathError)) throw error;
    return { ...found, notice: `whether live migration can work could not be looked at: ${error.message}` };
  }
}

/**
 * Inputs with the user for live migration; `warn` is called if it cannot work. For VMs of programs and of the command
 * line.
 * @param said the inputs before defaults are filled in
 * @param inputs to add the result to
 */
export async function withMigration(
  cluster: () => Cluster,
  olds: Raw,
  said: Raw,
  inputs: Raw,
  warn: (text: string) => void,
): Promise<Raw> {
  const { user, notice } = await migrationOf(cluster, olds, said);
  if (notice !== undefined) warn(`VM "${String(inputs["name"])}": ${notice}`);
  return user === undefined ? inputs : { ...inputs, migrationUser: user };
}

/** The cluster if it can be asked; if not, the later checks, which ask the same, report the reason. */
const reached = (cluster: () => Cluster): Promise<unknown> =>
  Promise.resolve()
    .then(() => cluster().recentInventory())
    .catch(() => undefined);
