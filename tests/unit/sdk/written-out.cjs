// A kind's stub as an object of functions that Pulumi serializes. The text contains the parameters' names.
"use strict";

module.exports = {
  vm: {
    configure: async (request) => require("pulumi-seapath/provider").configure(request),
    check: async (olds, news) => require("pulumi-seapath/provider").providers.Vm.check(olds, news),
    diff: async (id, olds, news) => require("pulumi-seapath/provider").providers.Vm.diff(id, olds, news),
    create: async (inputs) => require("pulumi-seapath/provider").providers.Vm.create(inputs),
    read: async (id, props) => require("pulumi-seapath/provider").providers.Vm.read(id, props),
    update: async (id, olds, news) => require("pulumi-seapath/provider").providers.Vm.update(id, olds, news),
    delete: async (id, props) => require("pulumi-seapath/provider").providers.Vm.delete(id, props),
  },
  of: (kind) => ({
    configure: async (request) => require("pulumi-seapath/provider").configure(request),
    check: async (olds, news) => require("pulumi-seapath/provider").providers[kind].check(olds, news),
    diff: async (id, olds, news) => require("pulumi-seapath/provider").providers[kind].diff(id, olds, news),
    create: async (inputs) => require("pulumi-seapath/provider").providers[kind].create(inputs),
    read: async (id, props) => require("pulumi-seapath/provider").providers[kind].read(id, props),
    update: async (id, olds, news) => require("pulumi-seapath/provider").providers[kind].update(id, olds, news),
    delete: async (id, props) => require("pulumi-seapath/provider").providers[kind].delete(id, props),
  }),
};
