/** Rules for a whole stack, and for the cluster as it will be. They run after all steps of a preview or an `up`. */
import type { StackValidationArgs, StackValidationPolicy } from "@pulumi/policy";
import * as pulumi from "@pulumi/pulumi";
import { planOf, presentOf, type Planned, type Where } from "./cluster";
import { isUnknownAt, type Declared } from "./declared";
import { advise } from "./notes";
import { asked, lookOf, policyOf, type About, type Look } from "./rule";
import { clustersOf, resourcesOf, viewOf, type View } from "./view";

/** A rule for a stack on each of its clusters. */
export interface StackRule<Config> extends About {
  /** The inputs it reads, by class name. Unknown ones are reported as not checked. */
  reads: Readonly<Record<string, readonly string[]>>;
  /** More of the same, depending on the configuration. */
  readsBesides?(config: Config): StackRule<Config>["reads"];
  validate(view: View, look: Look<Config>): void | Promise<void>;
}

/** A rule for the cluster as it will be. */
export interface ClusterRule<Config> extends About {
  validate(planned: Planned, view: View, look: Look<Config>): void | Promise<void>;
}

/** Turns a stack rule into a policy. If the cluster does not answer, it checks only what is in the stack. */
export const stackRule = <Config>(rule: StackRule<Config>): StackValidationPolicy =>
  onEachCluster<Config>(
    rule,
    (config) => [rule.reads, rule.readsBesides?.(config) ?? {}],
    (view, look) => rule.validate(view, look),
  );

/** Turns a cluster rule into a policy. If the cluster does not answer, it does not run and says so. */
export const clusterRule = <Config>(rule: ClusterRule<Config>): StackValidationPolicy =>
  onEachCluster<Config>(
    rule,
    () => [],
    async (view, look) => {
      if (view.planned !== undefined) await rule.validate(view.planned, view, look);
    },
  );

function onEachCluster<Config>(
  rule: About,
  readsOf: (config: Config) => readonly StackRule<Config>["reads"][],
  validate: (view: View, look: Look<Config>) => void | Promise<void>,
): StackValidationPolicy {
  return {
    ...policyOf(rule),
    async validateStack(args: StackValidationArgs, violation) {
      const look = lookOf<Config>(rule, args.getConfig(), violation);
      const { config } = look;
      const resources = resourcesOf(args);
      if (resources.length === 0) return;
      for (const each of resources) {
        const paths = readsOf(config).flatMap((reads) => reads[each.kind] ?? []);
        for (const path of ["cluster", ...paths]) if (isUnknownAt(each, path)) look.unknown(each, path);
      }
      for (const cluster of clustersOf(resources, hasStandard())) {
        const where = { cluster, savedCluster: config.savedCluster };
        const planned = await asked(rule.name, cluster, look, () => planOf(where, resources));
        for (const text of planned?.unknown ?? []) look.unsure(text);
        const found = await reportsOf(look, (each) => validate(viewOf(cluster, resources, planned), each));
        const asBefore = planned === undefined ? undefined : await brokenBefore(rule, where, look, found, validate);
        for (const { message, resource } of found) {
          if (resource === undefined && asBefore?.has(message) === true) advise(rule.name, message);
          else look.report(message, resource);
        }
      }
    },
  };
}

type Report = { message: string; resource?: Declared | undefined };

/** Collects a rule's reports without passing them on yet. */
async function reportsOf<Config>(
  look: Look<Config>,
  validate: (look: Look<Config>) => void | Promise<void>,
): Promise<Report[]> {
  const found: Report[] = [];
  await validate({ ...look, report: (message, resource) => void found.push({ message, resource }) });
  return found;
}

/**
 * The rule's reports on the cluster as it is. A report on another program's VMs with the same text was already true
 * before, and changing this stack cannot fix it.
 */
async function brokenBefore<Config>(
  rule: About,
  where: Where,
  look: Look<Config>,
  found: readonly Report[],
  validate: (view: View, look: Look<Config>) => void | Promise<void>,
): Promise<Set<string> | undefined> {
  if (
    look.config.others === "fail" ||
    rule.concernsAll === true ||
    found.every(({ resource }) => resource !== undefined)
  )
    return undefined;
  const present = await asked(rule.name, where.cluster, look, () => presentOf(where));
  if (present === undefined) return undefined;
  const quiet = { ...look, unknown: () => {}, unsure: () => {}, skip: () => {} };
  const before = await reportsOf(quiet, (each) => validate(viewOf(where.cluster, [], present), each));
  return new Set(before.map(({ message }) => message));
}

/** Whether the configuration has an unnamed cluster. */
const hasStandard = (): boolean =>
  new pulumi.Config("seapath").get("hosts") !== undefined || Boolean(process.env["SEAPATH_HOSTS"]);
