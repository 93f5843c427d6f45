/** Progress of long work. */

const QUIET_MS = 3_000;

/** Passes on progress every few seconds: work that takes less says nothing, and no log is filled. */
export function nowAndThen(say: (percent: number) => void): (percent: number) => void {
  let last = Date.now();
  return (percent) => {
    if (Date.now() - last < QUIET_MS) return;
    last = Date.now();
    say(percent);
  };
}
