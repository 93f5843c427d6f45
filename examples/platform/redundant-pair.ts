import * as pulumi from "@pulumi/pulumi";
import * as seapath from "pulumi-seapath";
import type { PlatformVm } from "./vms";

export interface RedundantPairArgs {
  /** The VM that starts first if both start. */
  first: PlatformVm;
  second: PlatformVm;
  /** Whether one VM stops rather than share a node with the other. */
  strictlyApart: boolean;
  /** Seconds from a VM's start until it does its work. @default 0 */
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
    // The policies require that VMs with the same `redundancy` are kept apart; without the colocation they complain.
    // The value is a name on the cluster, which no other stack's pair has.
    const redundancy = first.name;
    const member = (number: number, args: PlatformVm) =>
      new seapath.Vm(
        `${name}${number}`,
        {
          ...args,
          // With `strictlyApart`, an up restarts the VM that the colocation names first, and the other once that one
          // protects again.
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
    // Applies after a power cut, when both start at once. Otherwise neither waits for the other.
    new seapath.Order(`${name}boot`, { first: one.name, then: [other.name], kind: "optional" }, within);
    this.registerOutputs();
  }
}
