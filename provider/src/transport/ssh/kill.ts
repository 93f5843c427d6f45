import { randomBytes } from "node:crypto";
import type { Link } from "./link";
import { quoteArgv } from "../quote";
import { rootShell } from "./sudo";

/** Kills the processes that carry the mark. A program may have forked meanwhile, so it searches until it finds none. */
const SCRIPT = `
for pass in 1 2 3 4 5; do
  found=$(grep -lzxF -e "$1" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3)
  [ -n "$found" ] || exit 0
  kill -KILL $found 2>/dev/null
done
exit 1`;

/**
 * A unique mark of one run, to find its processes later: an assignment before the command line, so a variable in their
 * environment. sshd can pass a signal on, but not to root's programs, and cannot report their pids. Closing a program's
 * channel does not stop it.
 */
export function newProcessTag(): string {
  return `SEAPATH_RUN=${randomBytes(12).toString("hex")}`;
}

/** Ends all processes with this mark on the node. The program's channel shows whether it worked. */
export function killTagged(link: Link, mark: string): void {
  const tryAgain = (tries: number) => {
    if (tries > 0 && link.deathCause === undefined) setTimeout(() => attempt(tries), 200).unref();
  };
  // sshd may refuse a channel while all are taken. This bypasses the limiter on purpose: its queue may be waiting for
  // this very program.
  const attempt = (tries: number) => {
    try {
      link.client.exec(quoteArgv(rootShell(SCRIPT, ["kill", mark], link)), (error, stream) => {
        if (error) return tryAgain(tries - 1);
        stream.on("error", () => {});
        stream.stderr.on("error", () => {}).resume();
        stream.resume().end();
      });
    } catch {
      // The link is gone, and so is the waiting caller.
    }
  };
  attempt(10);
}
