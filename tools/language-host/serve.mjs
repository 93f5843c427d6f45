// gRPC servers on a free port of the loopback address.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
export const grpc = require("@grpc/grpc-js");

/** Pulumi's own limit: a stack with large properties passes gRPC's 4 MiB. */
export const LIMITS = {
  "grpc.max_receive_message_length": 400 * 1024 * 1024,
  "grpc.max_send_message_length": 400 * 1024 * 1024,
};

/** @param {any} service @param {Record<string, Function>} handlers @returns {Promise<number>} the port */
export function serve(service, handlers, server = new grpc.Server(LIMITS)) {
  server.addService(service, handlers);
  return new Promise((resolve, reject) => {
    server.bindAsync(
      "127.0.0.1:0",
      grpc.ServerCredentials.createInsecure(),
      (/** @type {any} */ error, /** @type {number} */ port) => (error ? reject(error) : resolve(port)),
    );
  });
}
