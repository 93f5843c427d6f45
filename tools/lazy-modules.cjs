// Tests start Pulumi some five hundred times. Each of its processes loads a TypeScript compiler and npm's dependency
// resolver, half of all that it does until it is ready, and most never use them: with `node --require` of this file they are
// loaded when something of them is first used. Only tests run so: everybody else has Pulumi as it is.
"use strict";
const Module = require("node:module");

/** What is put off, and in which file of @pulumi/pulumi: anybody else gets the module at once. */
const PUT_OFF = [
  { request: "@npmcli/arborist", from: /[\\/]@pulumi[\\/]pulumi[\\/]runtime[\\/]closure[\\/]codePaths\.js$/ },
  { request: "../../typescript-shim", from: /[\\/]@pulumi[\\/]pulumi[\\/]runtime[\\/]closure[\\/]parseFunction\.js$/ },
];

const load = Module._load;
Module._load = function (request, parent, isMain) {
  const late = PUT_OFF.find((each) => each.request === request && each.from.test(parent?.filename ?? ""));
  if (late === undefined) return load.call(this, request, parent, isMain);
  // `__esModule` is asked by the compiled import, before anything is used: it keeps what is put off in one piece.
  return new Proxy({}, {
    get: (_, name) => (name === "__esModule" ? true : load.call(Module, request, parent, false)[name]),
    has: (_, name) => name in load.call(Module, request, parent, false),
  });
};
