// Tests start Pulumi some five hundred times. Each process loads a TypeScript compiler, npm's dependency resolver,
// telemetry, V8's inspector and Pulumi's own automation. That is most of its startup, and most processes never use
// them. With `node --require` of this file, each is loaded at its first use. Stack traces are not mapped back to
// TypeScript either, because the source maps are larger than the code. Only the tests do this: everyone else gets
// Pulumi as it is.
"use strict";
const Module = require("node:module");

/** The deferred modules, each with the importing file of @pulumi/pulumi: other importers get the module at once. */
const PUT_OFF = [
  { request: /^(?:@npmcli\/arborist|normalize-package-data)$/, from: /[\\/]runtime[\\/]closure[\\/]codePaths\.js$/ },
  { request: /^\.\.\/\.\.\/typescript-shim$/, from: /[\\/]runtime[\\/]closure[\\/]parseFunction\.js$/ },
  { request: /^\.\/v8Hooks$/, from: /[\\/]runtime[\\/]closure[\\/]v8\.js$/ },
  { request: /^\.\/automation$/, from: /[\\/]pulumi[\\/]index\.js$/ },
  // It takes these by name at once, and calls them when there is something to trace.
  { request: /^@opentelemetry\//, from: /[\\/]cmd[\\/]run[\\/](?:tracing|instrumentation)\.js$/, named: true },
];
const isOfPulumi = /[\\/]@pulumi[\\/]pulumi[\\/]/;

/** Modules that only prepare for something that may happen: reading a trace, serializing a function. */
const NOT_PREPARED = new Map([
  ["source-map-support/register", {}],
  ["../../runtime/closure/v8Hooks", { isInitializedAsync: () => Promise.resolve() }],
]);

const load = Module._load;

/** A module that is loaded at the first access to a property. The compiled import reads `__esModule` before any use. */
const late = (loaded) =>
  new Proxy(
    {},
    {
      get: (_, name) => (name === "__esModule" ? true : valueOf(loaded(), name)),
      has: (_, name) => name in loaded(),
    },
  );
const valueOf = (module, name) => (name === "default" && !module.__esModule ? module : module[name]);

/** The same, but even the accessed names stay unloaded until they are called. */
const lateNames = (loaded) =>
  new Proxy(
    {},
    {
      get: (_, name) => (name === "__esModule" ? true : lateFunction(() => loaded()[name])),
    },
  );

const lateFunction = (loaded) =>
  new Proxy(function () {}, {
    apply: (_, self, args) => Reflect.apply(loaded(), self, args),
    construct: (_, args) => Reflect.construct(loaded(), args),
    get: (_, name) => loaded()[name],
  });

Module._load = function (request, parent, isMain) {
  const from = parent?.filename ?? "";
  if (!isOfPulumi.test(from)) return load.call(this, request, parent, isMain);
  if (NOT_PREPARED.has(request)) return NOT_PREPARED.get(request);
  const found = PUT_OFF.find((each) => each.request.test(request) && each.from.test(from));
  if (found === undefined) return load.call(this, request, parent, isMain);
  const loaded = () => load.call(Module, request, parent, false);
  return found.named === true ? lateNames(loaded) : late(loaded);
};
