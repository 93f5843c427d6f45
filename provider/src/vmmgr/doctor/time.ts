/** Whether the nodes' clocks agree, as far as visible from here. */
import type { Examination } from "../../cluster";
import { finding, type Finding } from "./finding";

/** Smaller differences do not matter for failure timeouts and timestamps. Ceph itself wants 0.05 s. */
const TOLERATED_SECONDS = 1;
/** An answer that took this long proves nothing. */
const WIDEST_SECONDS = 10;

interface Clock {
  node: string;
  least: number;
  most: number;
}

/** Nodes whose clocks certainly differ from the median one, and those whose clocks cannot be compared. */
export function timeFindings(examined: readonly Examination[]): Finding[] {
  const clocks = examined.flatMap(({ node, ahead }): Clock[] =>
    ahead === undefined ? [] : [{ node, least: ahead[0], most: ahead[1] }],
  );
  const clear = clocks
    .filter(({ least, most }) => most - least <= WIDEST_SECONDS)
    .sort((a, b) => a.least + a.most - b.least - b.most);
  const unclear = examined.map(({ node }) => node).filter((node) => !clear.some((each) => each.node === node));
  const middle = clear[Math.floor((clear.length - 1) / 2)];
  return [
    ...unclear.map((node) =>
      finding(
        "time-unknown",
        { node },
        `whether ${node} has the same time as the others could not be told: its answer was too long on its way`,
        `Compare \`date\` on ${node} and on another node.`,
      ),
    ),
    ...clear.flatMap((each) => (middle === undefined || each === middle ? [] : apart(each, middle))),
  ];
}

function apart({ node, least, most }: Clock, middle: Clock): Finding[] {
  const [ahead, behind] = [least - middle.most, middle.least - most];
  const surely = Math.max(ahead, behind);
  if (surely <= TOLERATED_SECONDS) return [];
  const words = `the clock of ${node} is ${Math.floor(surely * 10) / 10} s ${ahead > behind ? "ahead of" : "behind"} that of ${middle.node}, or more`;
  return [
    finding(
      "time-skew",
      { node },
      words,
      "Have all nodes take their time from the same source: `chronyc sources`, `timedatectl`.",
    ),
  ];
}
