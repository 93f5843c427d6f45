/** Progress of long operations. */

const QUIET_MS = 3_000;

/** Passes on progress every few seconds: shorter operations report nothing, and logs stay small. */
export function nowAndThen(say: (percent: number) => void): (percent: number) => void {
  let last = Date.now();
  return (percent) => {
    if (Date.now() - last < QUIET_MS) return;
    last = Date.now();
    say(percent);
  };
}
