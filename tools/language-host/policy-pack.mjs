// Runs a policy pack. Its SDK reads stack, project and config from the environment, but the engine sends them only once
// the pack answers (ConfigureStack). So a small server answers first, starts the pack when it knows its environment,
// and forwards all further calls.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { ownScript, runtimeOptions } from "./program.mjs";
import { grpc, LIMITS, serve } from "./serve.mjs";

const require = createRequire(import.meta.url);
const { RunPluginResponse } = require("@pulumi/pulumi/proto/language_pb.js");
const { AnalyzerHandshakeResponse, AnalyzerStackConfigureResponse } = require("@pulumi/pulumi/proto/analyzer_pb.js");
const { AnalyzerService } = require("@pulumi/pulumi/proto/analyzer_grpc_pb.js");

/**
 * The variables that the SDK's getStack(), isDryRun() and Config read.
 * @param {any} request AnalyzerStackConfigureRequest
 */
function stackEnvironment(request) {
  const facts = {
    ORGANIZATION: request.getOrganization(),
    PROJECT: request.getProject(),
    STACK: request.getStack(),
    DRY_RUN: String(request.getDryRun()),
  };
  return {
    PULUMI_CONFIG: JSON.stringify(Object.fromEntries(request.getConfigMap().toObject())),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigSecretKeysList()),
    ...Object.fromEntries(
      Object.entries(facts).flatMap(([name, value]) => [
        [`PULUMI_NODEJS_${name}`, value],
        [`PULUMI_${name}`, value],
      ]),
    ),
  };
}

/** @param {any} call the stream of RunPlugin: the pack's output and exit code */
export async function runPolicyPack(call) {
  const request = call.request;
  const info = request.getInfo();
  const folder = info?.getProgramDirectory() || request.getProgram();
  if (request.getKind() !== "analyzer") {
    return call.emit("error", {
      code: grpc.status.UNIMPLEMENTED,
      details: `this language host runs no plugins of kind ${request.getKind()}`,
    });
  }
  const given = Object.fromEntries(
    request.getEnvList().map((/** @type {string} */ pair) => {
      const at = pair.indexOf("=");
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );

  /** @param {"Stdout" | "Stderr" | "Exitcode"} kind @param {any} value */
  const tell = (kind, value) => {
    const response = new RunPluginResponse();
    response[`set${kind}`](value);
    if (!call.cancelled) call.write(response);
  };
  const server = new grpc.Server(LIMITS);
  /** @type {import("node:child_process").ChildProcess | undefined} */
  let child;
  /** @type {Promise<any> | undefined} a client of the pack */
  let pack;

  /** @param {Record<string, string>} environment */
  const start = (environment) =>
    (pack ??= new Promise((resolve, reject) => {
      const { nodeArguments, environment: runtime } = runtimeOptions(info);
      const pulumi = ownScript("run-policy-pack", folder);
      const running = spawn(process.execPath, [...nodeArguments, pulumi, ...request.getArgsList(), folder], {
        cwd: folder,
        env: { ...process.env, ...given, ...runtime, ...environment },
        stdio: ["ignore", "pipe", "pipe"],
      });
      child = running;
      running.stderr.on("data", (bytes) => tell("Stderr", bytes));
      createInterface({ input: running.stdout }).once("line", (port) => {
        resolve(new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), LIMITS));
        running.stdout.on("data", (bytes) => tell("Stdout", bytes));
      });
      running.on("error", reject);
      running.on("close", (code) => {
        reject(new Error(`the policy pack in ${folder} ended with exit code ${code}`));
        server.forceShutdown();
        tell("Exitcode", code ?? 1);
        call.end();
      });
    }));

  const handlers = Object.fromEntries(
    Object.entries(AnalyzerService).map(([name, method]) => [name, forward(method, () => start({}))]),
  );
  const port = await serve(
    AnalyzerService,
    {
      ...handlers,
      handshake: (/** @type {any} */ _call, /** @type {any} */ callback) =>
        callback(null, new AnalyzerHandshakeResponse()),
      configureStack: (/** @type {any} */ configure, /** @type {any} */ callback) =>
        start(stackEnvironment(configure.request)).then(
          () => callback(null, new AnalyzerStackConfigureResponse()),
          callback,
        ),
    },
    server,
  );
  call.on("cancelled", () => {
    child?.kill();
    server.forceShutdown();
  });
  tell("Stdout", Buffer.from(`${port}\n`));
}

/** @param {any} method from a service's definition @param {() => Promise<any>} connect */
function forward(method, connect) {
  return (/** @type {any} */ call, /** @type {any} */ callback) =>
    connect().then(
      (client) =>
        client.makeUnaryRequest(
          method.path,
          method.requestSerialize,
          method.responseDeserialize,
          call.request,
          callback,
        ),
      callback,
    );
}
