import { connect } from "node:net";
import type { Duplex } from "node:stream";
import type { Client } from "ssh2";

/** The transport of one SSH connection: a socket, or a channel through a jump host. */
export interface Wire {
  readonly stream: Duplex;
  /** The number of bytes received. */
  readonly bytesRead: number;
  /** While it is ref'd, it keeps the process alive. */
  ref(): void;
  unref(): void;
  /** Destroys it and everything it runs through. */
  destroy(): void;
}

/** Our own socket, not ssh2's: it can be unref'd, and destroyed at any point of the handshake. */
export function dial(to: { host: string; port: number }): Wire {
  const socket = connect({ host: to.host, port: to.port, noDelay: true });
  return {
    stream: socket,
    get bytesRead() {
      return socket.bytesRead;
    },
    ref: () => socket.ref(),
    unref: () => socket.unref(),
    destroy: () => socket.destroy(),
  };
}

/**
 * A channel from a jump host to the next host. Its traffic is encrypted for the next host; the jump host cannot read
 * it.
 */
export function through(jump: { client: Client; wire: Wire }, to: { host: string; port: number }): Promise<Wire> {
  return new Promise((resolve, reject) => {
    jump.client.forwardOut("127.0.0.1", 0, to.host, to.port, (error, stream) => {
      if (error) return reject(error);
      let bytesRead = 0;
      stream.stderr.on("error", () => {}); // the user of the stream handles its own errors
      stream.on("data", (chunk: Buffer) => (bytesRead += chunk.length));
      // The handshake reads it later, and the host's first bytes must not be lost.
      stream.pause();
      resolve({
        stream,
        get bytesRead() {
          return bytesRead;
        },
        ref: () => jump.wire.ref(),
        unref: () => jump.wire.unref(),
        destroy: () => (stream.destroy(), jump.wire.destroy()),
      });
    });
  });
}
