/** `adopt`: prints existing VMs as a Pulumi program. */
import { api } from "pulumi-seapath-provider";
import { programText } from "../program-text";
import type { Run, Verb } from "./verb";

async function adopt({ given, at, out }: Run): Promise<void> {
  const found = await api.describeVms(at, given.all("vm"));
  const missing = [...found].filter(([, inputs]) => inputs === undefined).map(([name]) => name);
  if (missing.length > 0)
    throw new Error(
      `Unable to adopt ${missing.join(", ")}: ${missing.length === 1 ? "the VM does not exist: it is" : "the VMs do not exist: they are"} not on the cluster`,
    );
  out(programText(found as Map<string, Record<string, unknown>>, at.cluster));
}

export const adopting: readonly Verb[] = [
  {
    name: "adopt",
    help: "Write to standard output the TypeScript that takes over VMs that a cluster has already",
    more: "Paste it into a Pulumi program. The first preview with it has nothing to change.",
    options: [],
    positionals: [{ name: "vm", many: true, takes: "vm", help: "the VMs" }],
    ours: true,
    run: adopt,
  },
];
