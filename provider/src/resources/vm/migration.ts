/** `migrationUser` where the program does not say, and whether live migration can work at all. */
import { betweenNodes, DEFAULTS, migrationNotice, USER_NAME, type Cluster } from "../../vmmgr";
import { SeapathError } from "../../errors";
import { isUnknown } from "../engine/unknowns";
import type { Raw } from "../engine/values";

/**
 * Whom live migration goes as, where the program does not say: whom the nodes let each other in as. What it says is looked
 * at when it is new. Nothing is asked for a VM that does not migrate.
 * @param said the inputs before defaults are put in
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
  // A cluster that cannot be asked says nothing new: what was found before stays.
  const found = silent && typeof before === "string" ? { user: before } : {};
  // It does not migrate while it is pinned, but for the move that the pin itself may be, which goes as before.
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
 * Inputs with whom live migration goes as; `warn` hears where it cannot work. For a program's VM and for the command line's.
 * @param said the inputs before defaults are put in
 * @param inputs those that the answer is put into
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

/** The cluster, where it can be asked: what is in the way of that is said by the checks behind this one, which ask the same. */
const reached = (cluster: () => Cluster): Promise<unknown> =>
  Promise.resolve()
    .then(() => cluster().recentInventory())
    .catch(() => undefined);
