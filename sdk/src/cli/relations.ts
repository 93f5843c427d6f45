/** Verbs for VMs that run together. */
import { api } from "pulumi-seapath-provider";
import type { OptionSpec, PositionalSpec } from "./grammar";
import { NAME, type Verb } from "./verb";

const STRONG: OptionSpec = {
  name: "strong",
  takes: "flag",
  help: "together or not at all, where otherwise it is together if possible",
};
const OTHERS: PositionalSpec = { name: "resource", many: true, takes: "vm", help: "the VMs where it is to run" };

export const relations: readonly Verb[] = [
  {
    name: "add_colocation",
    help: "Have a VM run where other VMs run; all of them are enabled",
    options: [NAME, STRONG],
    positionals: [OTHERS],
    calls: { vm: "--name", with: "resource" },
    run: ({ given, at }) => api.addColocation(at, given.get("name"), given.all("resource"), given.has("strong")),
  },
  {
    name: "remove_colocation",
    help: "Take a colocation of the same words away",
    options: [NAME, STRONG],
    positionals: [OTHERS],
    ours: true,
    run: ({ given, at }) => api.removeColocation(at, given.get("name"), given.all("resource"), given.has("strong")),
  },
];
