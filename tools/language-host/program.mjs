// Runs a Pulumi program with `@pulumi/pulumi/cmd/run` of the program's own @pulumi/pulumi.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(import.meta.url);
const { RunResponse } = require("@pulumi/pulumi/proto/language_pb.js");

/** The exit code of cmd/run for an error that has already been shown. */
const ERROR_WAS_SHOWN = 32;

/** The running programs. @type {Set<Promise<void>>} */
const running = new Set();
export const whenIdle = () => Promise.all(running);

/**
 * A script of the @pulumi/pulumi that a program in `folder` resolves to.
 * @param {string} script
 * @param {string} folder
 */
export function ownScript(script, folder) {
  return createRequire(join(folder, "index.js")).resolve(`@pulumi/pulumi/cmd/${script}`);
}

/** `nodeargs`, `typescript`, `tsconfig` under `runtime.options` of Pulumi.yaml.
 * @param {any} info */
export function runtimeOptions(info) {
  const options = info?.getOptions()?.toJavaScript() ?? {};
  return {
    nodeArguments: String(options.nodeargs ?? "")
      .split(/\s+/)
      .filter(Boolean),
    environment: {
      PULUMI_NODEJS_TYPESCRIPT: String(options.typescript ?? true),
      ...(options.tsconfig ? { PULUMI_NODEJS_TSCONFIG_PATH: String(options.tsconfig) } : {}),
    },
  };
}

/** @param {any} map @returns {Record<string, string>} */
const object = (map) => Object.fromEntries(map.toObject().map((/** @type {[string, string]} */ pair) => pair));

/** @param {any} call @param {(error: Error | null, response?: any) => void} callback */
export function runProgram(call, callback) {
  const request = call.request;
  const info = request.getInfo();
  const folder = info?.getProgramDirectory() || request.getPwd();
  const { nodeArguments, environment } = runtimeOptions(info);
  let script;
  try {
    script = ownScript("run", folder);
  } catch {
    return callback(new Error(`@pulumi/pulumi is not installed for ${folder}: run npm install there`));
  }
  const flags = {
    monitor: request.getMonitorAddress(),
    engine: process.argv.at(-1), // the CLI passes it to language hosts
    organization: request.getOrganization(),
    project: request.getProject(),
    stack: request.getStack(),
    pwd: request.getPwd(),
    parallel: request.getParallel(),
    "root-directory": info?.getRootDirectory(),
  };
  const child = spawn(
    process.execPath,
    [
      ...nodeArguments,
      script,
      ...Object.entries(flags)
        .filter(([, value]) => value)
        .map(([name, value]) => `--${name}=${value}`),
      ...(request.getDryrun() ? ["--dry-run"] : []),
      info?.getEntryPoint() || request.getProgram() || ".",
      ...request.getArgsList(),
    ],
    {
      cwd: folder,
      stdio: ["ignore", "inherit", "inherit"],
      env: {
        ...process.env,
        ...environment,
        PULUMI_CONFIG: JSON.stringify(object(request.getConfigMap())),
        PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
      },
    },
  );
  const ended = new Promise((/** @type {(value: void) => void} */ resolve) => child.once("close", () => resolve()));
  running.add(ended);
  void ended.then(() => running.delete(ended));
  call.on("cancelled", () => child.kill());
  child.on("error", (error) => callback(error));
  child.on("close", (code, signal) => {
    const response = new RunResponse();
    if (code === ERROR_WAS_SHOWN) response.setBail(true);
    else if (code !== 0) response.setError(`the program ended with ${signal ?? `exit code ${code}`}`);
    callback(null, response);
  });
}
