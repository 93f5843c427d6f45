import { randomBytes } from "node:crypto";
import type { Link } from "./link";
import { quoteArgv } from "../quote";
import { rootShell } from "./sudo";

/**
 * Ends what carries the mark. A program may have had children meanwhile, so it looks until it finds none.
 */
const SCRIPT = `
for pass in 1 2 3 4 5; do
  found=$(grep -lzxF -e "$1" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3)
  [ -n "$found" ] || exit 0
  kill -KILL $found 2>/dev/null
done
exit 1`;

/**
 * A name for one run, by which its processes are found again: an assignment in front of the command line, that is, a
 * variable in their environment. sshd can pass a signal on, but not to root's programs, nor can it say what their pids
 * are; and a program whose channel is merely closed runs on.
 */
export function newProcessTag(): string {
  return `SEAPATH_RUN=${randomBytes(12).toString("hex")}`;
}

/** Ends all processes with this mark on the node. Whether it worked is seen from the channel of the program. */
export function killTagged(link: Link, mark: string): void {
  const tryAgain = (tries: number) => {
    if (tries > 0 && link.deathCause === undefined) setTimeout(() => attempt(tries), 200).unref();
  };
  // A channel may be refused while all are taken. The limiter is passed by on purpose: its queue may be what waits for
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
      // The link is gone, and with it the one who waits.
    }
  };
  attempt(10);
}
