/**
 * The only code that enters a state: seven lines a kind that call the installed package (docs/decisions/0001). Pulumi
 * serializes these functions by value, so they refer to nothing outside themselves, and a test holds their text still.
 */
import type { dynamic } from "@pulumi/pulumi";

/** The stub of `seapath.Vm`. */
export const vmStub: dynamic.ResourceProvider = {
  configure: async (request) => require("pulumi-seapath/provider").configure(request),
  check: async (olds, news) => require("pulumi-seapath/provider").providers.Vm.check(olds, news),
  diff: async (id, olds, news) => require("pulumi-seapath/provider").providers.Vm.diff(id, olds, news),
  create: async (inputs) => require("pulumi-seapath/provider").providers.Vm.create(inputs),
  read: async (id, props) => require("pulumi-seapath/provider").providers.Vm.read(id, props),
  update: async (id, olds, news) => require("pulumi-seapath/provider").providers.Vm.update(id, olds, news),
  delete: async (id, props) => require("pulumi-seapath/provider").providers.Vm.delete(id, props),
};

/**
 * The stub of any other kind. It captures one word, the kind's name; that of `Vm` captures nothing, and keeps the text
 * that it had before there were others.
 */
export const stubOf = (kind: string): dynamic.ResourceProvider => ({
  configure: async (request) => require("pulumi-seapath/provider").configure(request),
  check: async (olds, news) => require("pulumi-seapath/provider").providers[kind].check(olds, news),
  diff: async (id, olds, news) => require("pulumi-seapath/provider").providers[kind].diff(id, olds, news),
  create: async (inputs) => require("pulumi-seapath/provider").providers[kind].create(inputs),
  read: async (id, props) => require("pulumi-seapath/provider").providers[kind].read(id, props),
  update: async (id, olds, news) => require("pulumi-seapath/provider").providers[kind].update(id, olds, news),
  delete: async (id, props) => require("pulumi-seapath/provider").providers[kind].delete(id, props),
});
