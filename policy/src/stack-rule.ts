/** Rules of a whole stack, and of the cluster as it will be. They run when all steps of a preview or of an `up` are done. */
import type { StackValidationArgs, StackValidationPolicy } from "@pulumi/policy";
import * as pulumi from "@pulumi/pulumi";
import { planOf, type Planned } from "./cluster";
import { isUnknownAt } from "./declared";
import { asked, lookOf, policyOf, type About, type Look } from "./rule";
import { clustersOf, resourcesOf, viewOf, type View } from "./view";

/** A rule of a stack on each of its clusters. */
export interface StackRule<Config> extends About {
  /** By the names of their classes, the inputs that it looks at. Of those that are not known yet it is said that they were not checked. */
  reads: Readonly<Record<string, readonly string[]>>;
  /** The same, where the configuration says that more is looked at. */
  readsBesides?(config: Config): StackRule<Config>["reads"];
  validate(view: View, look: Look<Config>): void | Promise<void>;
}

/** A rule of the cluster as it will be. */
export interface ClusterRule<Config> extends About {
  validate(planned: Planned, view: View, look: Look<Config>): void | Promise<void>;
}

/** Makes a policy of a rule of a stack. Where the cluster does not answer it looks at what the stack alone has. */
export const stackRule = <Config>(rule: StackRule<Config>): StackValidationPolicy =>
  onEachCluster<Config>(rule, (config) => [rule.reads, rule.readsBesides?.(config) ?? {}], (view, look) => rule.validate(view, look));

/** Makes a policy of a rule of the cluster as it will be. Where the cluster does not answer it does not run, and that is said. */
export const clusterRule = <Config>(rule: ClusterRule<Config>): StackValidationPolicy =>
  onEachCluster<Config>(rule, () => [], async (view, look) => {
    if (view.planned !== undefined) await rule.validate(view.planned, view, look);
  });

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
        await validate(viewOf(cluster, resources, planned), look);
      }
    },
  };
}

/** Whether the configuration has a cluster that needs no name. */
const hasStandard = (): boolean => new pulumi.Config("seapath").get("hosts") !== undefined || Boolean(process.env["SEAPATH_HOSTS"]);
