import { ConnectionError } from "../errors";
import { ChannelRefused } from "./exec";
import type { Link } from "./link";
import { quoteArgv } from "../quote";
import { asRoot } from "./sudo";
import { newProcessTag } from "./kill";
import type { Terminal } from "../types";

/**
 * Runs a program on the node in a terminal connected to one of this machine. It ends with the program. If the link
 * breaks, sshd hangs up the terminal, which ends the program.
 * @returns the program's exit code
 */
export function converse(link: Link, argv: readonly string[], terminal: Terminal): Promise<number> {
  const line = link.sudo
    ? quoteArgv(asRoot(argv, newProcessTag(), { sudo: true, requiresTerminal: false }))
    : quoteArgv(argv);
  const { rows, columns } = terminal.size();
  const window = { rows, cols: columns, term: terminal.type, width: 0, height: 0 };
  return new Promise((resolve, reject) => {
    const broken = (cause: string) =>
      new ConnectionError(link.node, `The connection to ${link.node} broke: ${cause}`, { beforeSend: false });
    const unwatch = link.watch((cause) => reject(broken(cause)));
    link.client.exec(line, { pty: window }, (error, stream) => {
      if (error) {
        unwatch();
        const refused = "reason" in error && error.message.startsWith("(SSH) Channel open failure");
        return reject(refused ? new ChannelRefused(error.message) : broken(error.message));
      }
      let exit: number | undefined;
      const onInput = (chunk: Buffer) => void stream.write(chunk);
      const onEnd = () => void stream.end();
      const unsize = terminal.onResize(() => {
        const now = terminal.size();
        stream.setWindow(now.rows, now.columns, 0, 0);
      });
      terminal.input.on("data", onInput).once("end", onEnd);
      stream.on("data", (chunk: Buffer) => void terminal.output.write(chunk));
      stream.stderr.on("data", (chunk: Buffer) => void terminal.output.write(chunk));
      stream.stderr.on("error", (cause: Error) => reject(broken(cause.message)));
      stream.on("error", (cause: Error) => reject(broken(cause.message)));
      stream.on("exit", (code: number | null) => (exit = code ?? undefined));
      stream.once("close", () => {
        unwatch();
        unsize();
        terminal.input.off("data", onInput).off("end", onEnd);
        if (exit === undefined) reject(broken("the program was ended without an exit status"));
        else resolve(exit);
      });
    });
  });
}
