// A stand-in for pulumi-language-nodejs, the part of the Pulumi CLI that starts Node programs. An official install has
// the real one, and then this is not used; a CLI built from Go modules comes without. It answers what this project's
// stacks and policy packs ask for; anything else is UNIMPLEMENTED, as the protocol has it.
import { createRequire } from "node:module";
import { installDependencies } from "./install.mjs";
import { runProgram, whenIdle } from "./program.mjs";
import { runPolicyPack } from "./policy-pack.mjs";
import { serve } from "./serve.mjs";

const require = createRequire(import.meta.url);
const messages = require("@pulumi/pulumi/proto/language_pb.js");
const { LanguageRuntimeService } = require("@pulumi/pulumi/proto/language_grpc_pb.js");
const { PluginInfo } = require("@pulumi/pulumi/proto/plugin_pb.js");
const { version } = require("@pulumi/pulumi/package.json");

/** @param {unknown} answer */
const always = (answer) => (/** @type {any} */ _call, /** @type {any} */ callback) => callback(null, answer);

const info = new PluginInfo();
info.setVersion(version);

const port = await serve(LanguageRuntimeService, {
  handshake: always(new messages.LanguageHandshakeResponse()),
  // Dynamic providers are npm's business: there is no plugin to install.
  getRequiredPackages: always(new messages.GetRequiredPackagesResponse()),
  getRequiredPlugins: always(new messages.GetRequiredPluginsResponse()),
  getProgramDependencies: always(new messages.GetProgramDependenciesResponse()),
  getPluginInfo: always(info),
  installDependencies,
  run: runProgram,
  runPlugin: runPolicyPack,
});
console.log(port);

// The CLI ends its plugins itself; should it be killed, nobody would end this one.
const parent = process.ppid;
setInterval(() => process.ppid !== parent && process.exit(0), 1000);
// The CLI asks its plugins to end by SIGINT, and waits five seconds for it; Ctrl-C arrives here as well, and then a
// program that still runs is for the CLI to cancel.
process.on("SIGINT", () => void whenIdle().then(() => process.exit(0)));
