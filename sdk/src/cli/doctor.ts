/** `doctor`: finds whatever is wrong with a cluster. */
import { api, type Diagnosis, type Finding } from "pulumi-seapath-provider";
import { printed, terminalOf, wrapped, type Terminal } from "./print";
import { JSON_OUTPUT, type Run, type Verb } from "./verb";

/** Exit code: something must be fixed. */
export const UNFIT = 3;

const INDENT = 2;

/** Formats a finding as lines: its level and id, what was seen, and the remedy after an arrow. */
function lines({ id, level, seen, remedy }: Finding, { columns }: Terminal): string[] {
  const room = columns === undefined ? undefined : columns - INDENT - 2;
  const under = (text: string, sign: string) =>
    wrapped(text, room).map((line, at) => `${" ".repeat(INDENT)}${at === 0 ? sign : "  "}${line}`);
  return [
    `${level}: ${id}`,
    ...wrapped(seen, columns === undefined ? undefined : columns - INDENT).map(
      (line) => `${" ".repeat(INDENT)}${line}`,
    ),
    ...under(remedy, "→ "),
  ];
}

const counted = (count: number, one: string, many: string) => `${count} ${count === 1 ? one : many}`;

/** A diagnosis as text. */
export function diagnosisText({ fit, examined, findings }: Diagnosis, terminal: Terminal): string {
  const faults = findings.filter(({ level }) => level === "fault").length;
  const advice = findings.length - faults;
  const judged = fit ? "fit" : `not fit: ${counted(faults, "fault", "faults")}`;
  const beside = advice === 0 ? "" : `${fit ? "," : " and"} ${counted(advice, "piece of advice", "pieces of advice")}`;
  const looked = examined.length === 0 ? "no node could be examined" : `examined: ${examined.join(", ")}`;
  return [
    ...findings.flatMap((each) => [...lines(each, terminal), ""]),
    `The cluster is ${judged}${beside} (${looked})`,
  ]
    .map((line) => `${line}\n`)
    .join("");
}

async function doctor({ at, json, out }: Run): Promise<number> {
  const diagnosis = await api.diagnose(at);
  out(json ? printed(true, diagnosis, "") : diagnosisText(diagnosis, terminalOf()));
  return diagnosis.fit ? 0 : UNFIT;
}

export const doctoring: readonly Verb[] = [
  {
    name: "doctor",
    help: "Look for whatever is wrong with the cluster, and say what to do; exit code 3 when something has to be mended",
    more:
      "Every node of --hosts is examined, by one program that changes nothing. A fault has to be mended; advice may be left.\n" +
      "What could not be looked at, a node that does not answer among it, is a fault: it is never taken for well.",
    options: [JSON_OUTPUT],
    ours: true,
    run: doctor,
  },
];
