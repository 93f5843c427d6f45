// A Pulumi program that takes its resources from its configuration: `vms` maps each name to its inputs. `$kind` is the
// class (default: a VM), `$retain` sets `retainOnDelete`, `$after` names resources that it depends on. `$call` names a
// function instead of a class; its result is the stack's output `answer_<name>`. Anywhere in the inputs, the text
// `$ref:<name>.<output>` stands for that output of a resource above, which a preview may not know, `$vm:<name>` for the
// resource itself, and `$secret:<text>` for a secret. `$options` are additional options. `$unchecked` creates a
// resource of the same type whose provider rejects nothing and creates nothing: policies then see what another release
// of the provider would accept.
import * as pulumi from "@pulumi/pulumi";
import * as seapath from "pulumi-seapath";

type Args = Record<string, unknown> & {
  $kind?: string;
  $retain?: boolean;
  $after?: string[];
  $call?: string;
  $unchecked?: boolean;
  $options?: pulumi.CustomResourceOptions;
};
type Call = (args: object, options?: object) => unknown;
type Class = new (name: string, args: object, options?: pulumi.CustomResourceOptions) => pulumi.CustomResource;

const classes = seapath as unknown as Record<string, Class>;
const functions = seapath as unknown as Record<string, Call>;
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
  if (typeof value === "string" && value.startsWith("$secret:")) return pulumi.secret(value.slice("$secret:".length));
  if (typeof value === "string" && value.startsWith("$vm:")) return resource(value.slice("$vm:".length));
  const [, name, output] = /^\$ref:([^.]*)\.(.*)$/.exec(typeof value === "string" ? value : "") ?? [];
  return name === undefined || output === undefined ? value : resource(name)[output];
}

class Unchecked extends pulumi.dynamic.Resource {
  constructor(kind: string, name: string, args: object) {
    super({ create: (inputs: object) => Promise.resolve({ id: name, outs: inputs }) }, name, args, {}, "seapath", kind);
  }
}

for (const [name, given] of Object.entries(new pulumi.Config().requireObject<Record<string, Args>>("vms"))) {
  const {
    $kind = "Vm",
    $retain: retainOnDelete = false,
    $after = [],
    $call,
    $unchecked = false,
    $options = {},
    ...args
  } = given;
  if ($call !== undefined) {
    const dependsOn = $after.map((each) => resource(each) as unknown as pulumi.CustomResource);
    const options = dependsOn.length > 0 ? [{ dependsOn }] : [];
    module.exports[`answer_${name}`] = pulumi.output(functions[$call]?.(resolved(args) as object, ...options));
    continue;
  }
  if ($unchecked) {
    made[name] = new Unchecked($kind, name, resolved(args) as object);
    continue;
  }
  const kind = classes[$kind];
  if (kind === undefined) throw new Error(`there is no class ${$kind}`);
  const dependsOn = $after.map((each) => resource(each) as unknown as pulumi.Resource);
  made[name] = new kind(name, resolved(args) as object, { retainOnDelete, dependsOn, ...$options });
}
const vms = Object.entries(made).filter(([, each]) => seapath.Vm.isInstance(each));
export const nodes = pulumi.output(Object.fromEntries(vms.map(([name, vm]) => [name, (vm as seapath.Vm).node])));
