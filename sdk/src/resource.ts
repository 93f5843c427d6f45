/** The common part of all resource classes. */
import * as pulumi from "@pulumi/pulumi";
import type { TimeoutsState } from "./outputs";
import { secretKeys } from "./secret-keys";
import { stubText } from "./stub";

const MODULE = "seapath";

/** The type token of a resource kind in a state, for policies: `pulumi-nodejs:dynamic/seapath:Vm`. */
export const typeOf = (kind: string) => `pulumi-nodejs:dynamic/${MODULE}:${kind}`;

/**
 * Kinds whose replacement is created before the old one is deleted if its name differs: what the old one holds cannot
 * be recreated.
 */
const NEW_ONE_FIRST = ["Snapshot"];

/**
 * A resource of this package. Pulumi's dynamic provider runs the text in `__provider`, as for a
 * `pulumi.dynamic.Resource`.
 */
export abstract class SeapathResource extends pulumi.CustomResource {
  /** The resource's cluster in `seapath:clusters`; undefined for the one of `seapath:hosts`. */
  declare readonly cluster: pulumi.Output<string | undefined>;
  /** How long Pacemaker's operations may take, in seconds. */
  declare readonly timeouts: pulumi.Output<TimeoutsState>;

  /**
   * @param kind the name of the class; identifies its instances, even those that another copy of this package created
   * @param options `deleteBeforeReplace` defaults to true: an object on the cluster has one name, and can exist only
   * once
   * @param props the inputs with every key named, and `undefined` for each pure output, so that all become outputs
   */
  protected constructor(
    kind: string,
    name: string,
    props: pulumi.Inputs,
    options: pulumi.CustomResourceOptions | undefined,
  ) {
    const deleteBeforeReplace = options?.deleteBeforeReplace ?? (NEW_ONE_FIRST.includes(kind) ? undefined : true);
    const order = deleteBeforeReplace === undefined ? {} : { deleteBeforeReplace };
    super(
      typeOf(kind),
      name,
      { __provider: stubText(kind, secretKeys()), cluster: undefined, timeouts: undefined, ...props },
      { ...options, ...order },
    );
  }
}

/** Whether a value is a resource of the given kind. */
export const isOfKind = (value: unknown, type: string): boolean =>
  pulumi.Resource.isInstance(value) && (value as { __pulumiType?: unknown }).__pulumiType === type;
