// `pulumi new` and `pulumi install`: installs a project's packages with npm, or the package manager named in its
// Pulumi.yaml.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { grpc } from "./serve.mjs";

const require = createRequire(import.meta.url);
const { InstallDependenciesResponse } = require("@pulumi/pulumi/proto/language_pb.js");

const MANAGERS = ["npm", "pnpm", "yarn", "bun"];

/** @param {any} call a stream that receives the package manager's output */
export function installDependencies(call) {
  // `destroy` would leave the CLI waiting; this event makes a server stream fail.
  const fail = (/** @type {string} */ details) => void call.emit("error", { code: grpc.status.UNKNOWN, details });
  const manager = String(call.request.getInfo()?.getOptions()?.toJavaScript().packagemanager ?? "npm");
  if (!MANAGERS.includes(manager)) {
    return fail(`"${manager}" is no package manager that is known here; known are ${MANAGERS.join(", ")}`);
  }
  const child = spawn(manager, ["install"], { cwd: call.request.getDirectory(), stdio: ["ignore", "pipe", "pipe"] });
  const pass = (/** @type {"setStdout" | "setStderr"} */ set) => (/** @type {Buffer} */ chunk) => {
    const response = new InstallDependenciesResponse();
    response[set](chunk);
    call.write(response);
  };
  child.stdout.on("data", pass("setStdout"));
  child.stderr.on("data", pass("setStderr"));
  call.on("cancelled", () => child.kill());
  child.on("error", (error) => fail(`${manager} cannot be run: ${error.message}`));
  child.on("close", (code, signal) => {
    if (code === 0) call.end();
    else if (child.pid !== undefined) fail(`\`${manager} install\` ended with ${signal ?? `exit code ${code}`}`);
  });
}
