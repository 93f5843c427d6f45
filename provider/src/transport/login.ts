import { connect } from "node:net";
import { Client } from "ssh2";
import { ConnectionError, type HostKeyError } from "./errors";
import { checkHostKey, loadKnownHosts } from "./hostkey";
import type { HostAddress } from "./hosts";
import { Link } from "./link";
import type { ConnectionSettings } from "./settings";

/**
 * Logs in to one host.
 * @throws HostKeyError when its key is not the known one
 * @throws ConnectionError when it refuses, or takes longer than the settings allow
 */
export function logIn(host: HostAddress, settings: ConnectionSettings): Promise<Link> {
  const known = loadKnownHosts(settings);
  return new Promise((resolve, reject) => {
    const client = new Client();
    // A socket of our own: it can be unref'd, and destroyed at any point of the handshake.
    const socket = connect({ host: host.host, port: host.port, noDelay: true });
    let link: Link | undefined;
    let badKey: HostKeyError | undefined;
    let agentTrouble = "";

    const fail = (cause: string) => {
      if (link) return link.die(cause);
      clearTimeout(deadline);
      socket.destroy();
      reject(badKey ?? connectError(host, cause + agentTrouble));
    };
    const deadline = setTimeout(
      () => fail(`no login within ${settings.connectTimeoutMs / 1000} s`),
      settings.connectTimeoutMs,
    );
    socket.on("error", (error) => fail(error.message));
    client.on("error", (error) => {
      // ssh2 goes on with the next way to log in after an agent failed, so this alone ends nothing.
      if (error.level === "agent") agentTrouble = ` (the agent ${settings.agent}: ${error.message})`;
      else fail(error.message);
    });
    client.on("close", () => fail("the node closed the connection"));
    client.on("ready", () => {
      clearTimeout(deadline);
      link = new Link(host.address, client, socket);
      resolve(link);
    });
    try {
      client.connect({
        sock: socket,
        username: host.user,
        ...(settings.privateKey && { privateKey: settings.privateKey.reveal() }),
        ...(settings.passphrase && { passphrase: settings.passphrase.reveal() }),
        ...(settings.agent !== undefined && { agent: settings.agent }),
        algorithms: { serverHostKey: known.algorithmsFor(host.host, host.port) as never },
        hostVerifier: (key: Buffer) => {
          badKey = checkHostKey(known, host, key);
          return badKey === undefined;
        },
        readyTimeout: 0, // the deadline above also covers the way to the handshake
        keepaliveInterval: 0,
      });
    } catch (error) {
      fail((error as Error).message);
    }
  });
}

function connectError(host: HostAddress, cause: string): ConnectionError {
  const login = /authentication/i.test(cause);
  return new ConnectionError(host.address, `Unable to log in to ${host.address} as ${host.user}: ${cause}`, {
    beforeSend: true,
    hint: login
      ? `Is the key (seapath:privateKey, seapath:privateKeyFile or the agent) in ~${host.user}/.ssh/authorized_keys there?`
      : `Is the node up? Try \`ssh -p ${host.port} ${host.user}@${host.host} true\`.`,
  });
}
