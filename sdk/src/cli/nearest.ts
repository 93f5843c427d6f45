/** Suggestions for unknown words. */

const plain = (text: string) => text.toLowerCase().replace(/[-_]/g, "");

/** Whether two words are one typo apart: a letter extra, missing or different, or two swapped. */
function slips(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false;
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  const [left, right] = [a.slice(at), b.slice(at)];
  const swapped = left.length > 1 && left[0] === right[1] && left[1] === right[0] && left.slice(2) === right.slice(2);
  return swapped || left.slice(1) === right.slice(1) || left === right.slice(1) || left.slice(1) === right;
}

/** The known word that differs only in spelling, or by one typo. Short words are close to everything. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const asked = plain(word);
  return (
    known.find((each) => plain(each) === asked) ??
    (asked.length < 3 ? undefined : known.find((each) => slips(plain(each), asked)))
  );
}

/** `, did you mean '--pinned-host'?`, or nothing. */
export function didYouMean(word: string, known: readonly string[]): string {
  const found = nearest(word, known);
  return found === undefined ? "" : `, did you mean '${found}'?`;
}
