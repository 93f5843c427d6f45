// A stand-in for pulumi-language-nodejs, the part of the Pulumi CLI that starts Node programs. An official install has
// the real one and does not use this; a CLI built from Go modules lacks it. It implements what this project's stacks
// and policy packs need; everything else is UNIMPLEMENTED, as the protocol requires.
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
  // npm installs dynamic providers; there is no plugin to install.
  getRequiredPackages: always(new messages.GetRequiredPackagesResponse()),
  getRequiredPlugins: always(new messages.GetRequiredPluginsResponse()),
  getProgramDependencies: always(new messages.GetProgramDependenciesResponse()),
  getPluginInfo: always(info),
  installDependencies,
  run: runProgram,
  runPlugin: runPolicyPack,
});
console.log(port);

// The CLI ends its plugins itself, but if it is killed, nothing else would end this one.
const parent = process.ppid;
setInterval(() => process.ppid !== parent && process.exit(0), 1000);
// The CLI ends its plugins with SIGINT and waits five seconds. Ctrl-C arrives here as well; the CLI then cancels the
// running program.
process.on("SIGINT", () => void whenIdle().then(() => process.exit(0)));
