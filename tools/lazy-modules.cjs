// Tests start Pulumi some five hundred times. Each of its processes loads a TypeScript compiler, npm's dependency resolver,
// telemetry, V8's inspector and its own automation, most of all that it does until it is ready, and most never use them: with
// `node --require` of this file they are loaded when something of them is first used. Nor are stack traces led back to
// TypeScript, for which maps are read that are larger than the code. Only tests run so: everybody else has Pulumi as it is.
"use strict";
const Module = require("node:module");

/** What is put off, and in which file of @pulumi/pulumi: anybody else gets the module at once. */
const PUT_OFF = [
  { request: /^(?:@npmcli\/arborist|normalize-package-data)$/, from: /[\\/]runtime[\\/]closure[\\/]codePaths\.js$/ },
  { request: /^\.\.\/\.\.\/typescript-shim$/, from: /[\\/]runtime[\\/]closure[\\/]parseFunction\.js$/ },
  { request: /^\.\/v8Hooks$/, from: /[\\/]runtime[\\/]closure[\\/]v8\.js$/ },
  { request: /^\.\/automation$/, from: /[\\/]pulumi[\\/]index\.js$/ },
  // What it takes of these is taken by name at once, and called when there is something to trace.
  { request: /^@opentelemetry\//, from: /[\\/]cmd[\\/]run[\\/](?:tracing|instrumentation)\.js$/, named: true },
];
const isOfPulumi = /[\\/]@pulumi[\\/]pulumi[\\/]/;

/** What only prepares for something that may come: a trace to be read, a function to be serialized. */
const NOT_PREPARED = new Map([
  ["source-map-support/register", {}],
  ["../../runtime/closure/v8Hooks", { isInitializedAsync: () => Promise.resolve() }],
]);

const load = Module._load;

/** A module that is loaded when something of it is asked for. `__esModule` is asked by the compiled import, before anything is used. */
const late = (loaded) =>
  new Proxy(
    {},
    {
      get: (_, name) => (name === "__esModule" ? true : valueOf(loaded(), name)),
      has: (_, name) => name in loaded(),
    },
  );
const valueOf = (module, name) => (name === "default" && !module.__esModule ? module : module[name]);

/** The same, where also the names that are asked for are left alone until they are called. */
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
