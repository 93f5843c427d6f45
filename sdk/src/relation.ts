/** What the classes of relations between VMs share. */
import * as pulumi from "@pulumi/pulumi";
import { SeapathResource } from "./resource";
import type { CommonArgs } from "./types";

/** A relation between VMs, as constraints of Pacemaker's. */
export abstract class Relation extends SeapathResource {
  /** Whether constraints of the same ids may be taken over. */
  declare readonly adopt: pulumi.Output<boolean>;
  /** Whose it is: project, stack and logical name. It is kept with the constraints, so that a later run knows its own. */
  declare readonly owner: pulumi.Output<string>;
  /** The ids of the constraints in the CIB. */
  declare readonly constraintIds: pulumi.Output<string[]>;
  /** `Active`, or `Waiting for …` while a VM that it names is not enabled, when it was last looked at. */
  declare readonly status: pulumi.Output<string>;
  /** The node on which each of the VMs ran when it was last looked at; empty while it runs nowhere. */
  declare readonly nodes: pulumi.Output<Record<string, string>>;

  protected constructor(
    kind: string,
    name: string,
    props: pulumi.Inputs,
    options: pulumi.CustomResourceOptions | undefined,
  ) {
    const owner = `${pulumi.getProject()}/${pulumi.getStack()}/${name}`;
    const outputs = { constraintIds: undefined, status: undefined, nodes: undefined };
    super(kind, name, { adopt: undefined, ...props, owner, ...outputs }, options);
  }
}

/** What the inputs of every relation have. */
export interface RelationArgs extends CommonArgs {
  /** Takes over constraints of the same ids that vm-mgr or crm have made. Without it they are refused. @default false */
  adopt?: pulumi.Input<boolean>;
}
