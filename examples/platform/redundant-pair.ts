import * as pulumi from "@pulumi/pulumi";
import * as seapath from "pulumi-seapath";
import type { PlatformVm } from "./vms";

export interface RedundantPairArgs {
  /** The one that starts first when both do. */
  first: PlatformVm;
  second: PlatformVm;
  /** Whether one of them rather stops than share a node with the other. */
  strictlyApart: boolean;
  /** Seconds from the start of one until it does its work. @default 0 */
  readyAfter?: number;
}

/** Two VMs that stand in for each other: `<name>1` and `<name>2`, on different nodes wherever they run and move. */
export class RedundantPair extends pulumi.ComponentResource {
  readonly vms: [seapath.Vm, seapath.Vm];

  constructor(
    name: string,
    { first, second, strictlyApart, readyAfter = 0 }: RedundantPairArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("platform:RedundantPair", name, {}, options);
    const within = { parent: this };
    // The policies want VMs of one `redundancy` kept apart: whoever takes the colocation out of here will hear of it. It is a
    // name on the cluster, which another stack's pair does not have.
    const redundancy = first.name;
    const member = (number: number, args: PlatformVm) =>
      new seapath.Vm(
        `${name}${number}`,
        {
          ...args,
          // With `strictlyApart` an up restarts the one that the colocation names first, and the other when that one protects again.
          restart: "whenRequired",
          rolling: { readyAfter },
          metadata: { ...args.metadata, redundancy },
        },
        within,
      );
    this.vms = [member(1, first), member(2, second)];
    const [one, other] = this.vms;
    new seapath.Colocation(
      `${name}apart`,
      { vm: one.name, with: [other.name], apart: true, strong: strictlyApart },
      within,
    );
    // After a power cut both start at once. Otherwise neither waits for the other.
    new seapath.Order(`${name}boot`, { first: one.name, then: [other.name], kind: "optional" }, within);
    this.registerOutputs();
  }
}
