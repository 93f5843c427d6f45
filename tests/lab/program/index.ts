// A Pulumi program whose resources are its configuration: `vms` is an object of the inputs of each. `$kind` is the class
// (a VM where nothing is said), `$retain` sets `retainOnDelete`, `$after` names resources that it depends on. The text
// `$ref:<name>.<output>` anywhere in the inputs stands for that output of a resource above, which a preview may not know.
import * as pulumi from "@pulumi/pulumi";
import * as seapath from "pulumi-seapath";

type Args = Record<string, unknown> & { $kind?: string; $retain?: boolean; $after?: string[] };
type Class = new (name: string, args: object, options?: pulumi.CustomResourceOptions) => pulumi.CustomResource;

const classes = seapath as unknown as Record<string, Class>;
const made: Record<string, pulumi.CustomResource> = {};

function resource(name: string): Record<string, unknown> {
  const found = made[name];
  if (found === undefined) throw new Error(`no resource "${name}" stands above`);
  return found as unknown as Record<string, unknown>;
}

function resolved(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(resolved);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, resolved(each)]));
  }
  const [, name, output] = /^\$ref:([^.]*)\.(.*)$/.exec(typeof value === "string" ? value : "") ?? [];
  return name === undefined || output === undefined ? value : resource(name)[output];
}

for (const [name, given] of Object.entries(new pulumi.Config().requireObject<Record<string, Args>>("vms"))) {
  const { $kind = "Vm", $retain: retainOnDelete = false, $after = [], ...args } = given;
  const kind = classes[$kind];
  if (kind === undefined) throw new Error(`there is no class ${$kind}`);
  const dependsOn = $after.map((each) => resource(each) as unknown as pulumi.Resource);
  made[name] = new kind(name, resolved(args) as object, { retainOnDelete, dependsOn });
}
const vms = Object.entries(made).filter(([, each]) => seapath.Vm.isInstance(each));
export const nodes = pulumi.output(Object.fromEntries(vms.map(([name, vm]) => [name, (vm as seapath.Vm).node])));
