/** What the classes of all kinds share. */
import * as pulumi from "@pulumi/pulumi";
import type { TimeoutsState } from "./outputs";
import { secretKeys } from "./secret-keys";
import { stubText } from "./stub";

const MODULE = "seapath";

/** The type of a kind in a state, for policies: `pulumi-nodejs:dynamic/seapath:Vm`. */
export const typeOf = (kind: string) => `pulumi-nodejs:dynamic/${MODULE}:${kind}`;

/** Of these a new one is made before the old one goes, where it has another name: what the old one holds cannot be had again. */
const NEW_ONE_FIRST = ["Snapshot"];

/** A resource of this package: Pulumi's dynamic provider runs what `__provider` says, as it does for a `pulumi.dynamic.Resource`. */
export abstract class SeapathResource extends pulumi.CustomResource {
  /** The cluster of `seapath:clusters` that has it; undefined: the one of `seapath:hosts`. */
  declare readonly cluster: pulumi.Output<string | undefined>;
  /** How long Pacemaker may take for what it is told, in seconds. */
  declare readonly timeouts: pulumi.Output<TimeoutsState>;

  /**
   * @param kind the name of the class, which says whether a value is one, also when another copy of this package made it
   * @param options `deleteBeforeReplace` is true where nothing is said: what is on the cluster has one name, and is there once
   * @param props the inputs, each key named, and `undefined` for each output that is none: so all become outputs
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

/** Whether a value is a resource of a kind. */
export const isOfKind = (value: unknown, type: string): boolean =>
  pulumi.Resource.isInstance(value) && (value as { __pulumiType?: unknown }).__pulumiType === type;
