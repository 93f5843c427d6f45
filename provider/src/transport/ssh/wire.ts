import { connect } from "node:net";
import type { Duplex } from "node:stream";
import type { Client } from "ssh2";

/** What one SSH connection runs over: a socket, or a channel through a jump host. */
export interface Wire {
  readonly stream: Duplex;
  /** How many bytes came in over it. */
  readonly bytesRead: number;
  /** While it is ref'd, the program stays alive for it. */
  ref(): void;
  unref(): void;
  /** Ends it and all that it goes through. */
  destroy(): void;
}

/** A socket of our own and not ssh2's: it can be unref'd, and destroyed at any point of the handshake. */
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
 * A channel that a jump host has connected to the next host. What goes over it is encrypted for that next host: the
 * jump host sees nothing of it.
 */
export function through(jump: { client: Client; wire: Wire }, to: { host: string; port: number }): Promise<Wire> {
  return new Promise((resolve, reject) => {
    jump.client.forwardOut("127.0.0.1", 0, to.host, to.port, (error, stream) => {
      if (error) return reject(error);
      let bytesRead = 0;
      stream.stderr.on("error", () => {}); // the stream's own error is heard by who uses it
      stream.on("data", (chunk: Buffer) => (bytesRead += chunk.length));
      // Nobody reads it before the handshake begins, and what the host says first must not be lost.
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
