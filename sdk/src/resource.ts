/** What the classes of all kinds share. */
import * as pulumi from "@pulumi/pulumi";
import type { TimeoutsState } from "./outputs";

const MODULE = "seapath";

/** The type of a kind in a state, for policies: `pulumi-nodejs:dynamic/seapath:Vm`. */
export const typeOf = (kind: string) => `pulumi-nodejs:dynamic/${MODULE}:${kind}`;

/** A resource of this package. */
export abstract class SeapathResource extends pulumi.dynamic.Resource {
  /** The cluster of `seapath:clusters` that has it; undefined: the one of `seapath:hosts`. */
  declare readonly cluster: pulumi.Output<string | undefined>;
  /** How long Pacemaker may take for what it is told, in seconds. */
  declare readonly timeouts: pulumi.Output<TimeoutsState>;

  /**
   * @param kind the name of the class, which says whether a value is one, also when another copy of this package made it
   * @param props the inputs, each key named, and `undefined` for each output that is none: so all become outputs
   */
  protected constructor(
    kind: string,
    stub: pulumi.dynamic.ResourceProvider,
    name: string,
    props: pulumi.Inputs,
    options: pulumi.CustomResourceOptions | undefined,
  ) {
    super(stub, name, { cluster: undefined, timeouts: undefined, ...props }, options, MODULE, kind);
  }
}

/** Whether a value is a resource of a kind. */
export const isOfKind = (value: unknown, type: string): boolean =>
  pulumi.Resource.isInstance(value) && (value as { __pulumiType?: unknown }).__pulumiType === type;
