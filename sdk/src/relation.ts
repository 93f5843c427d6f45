/** The common part of the classes for relations between VMs. */
import * as pulumi from "@pulumi/pulumi";
import { SeapathResource } from "./resource";
import type { CommonArgs } from "./types";

/** A relation between VMs, stored as Pacemaker constraints. */
export abstract class Relation extends SeapathResource {
  /** Whether existing constraints with the same ids may be taken over. */
  declare readonly adopt: pulumi.Output<boolean>;
  /**
   * The owner: project, stack and logical name. Recorded with the constraints, so that a later run recognizes its own.
   */
  declare readonly owner: pulumi.Output<string>;
  /** The ids of the constraints in the CIB. */
  declare readonly constraintIds: pulumi.Output<string[]>;
  /** The status at the last read: `Active`, or `Waiting for …` while a VM it names is not enabled. */
  declare readonly status: pulumi.Output<string>;
  /** The node each VM ran on at the last read; empty for a VM that was not running. */
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

/** Inputs that every relation has. */
export interface RelationArgs extends CommonArgs {
  /**
   * Takes over existing constraints with the same ids, made with vm-mgr or crm. Without `adopt`, they are an error.
   * @default false
   */
  adopt?: pulumi.Input<boolean>;
}
