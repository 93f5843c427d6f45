/** `seapath plan`: where VMs will run once a preview is done. */
import { readFileSync } from "node:fs";
import { api } from "pulumi-seapath-provider";
import { UsageError } from "../grammar";
import { terminalOf } from "../print";
import type { Run, Verb } from "../verb";
import { changesOf } from "./changes";
import { orUnreachable, shownOf, writePlan } from "./files";
import { planMermaid } from "./mermaid";
import { readPreview } from "./preview";
import { writePrivate } from "./private";
import type { Planned } from "./rows";
import { planSvg } from "./svg";
import { planMarkdown, planText } from "./text";

const FORMS = ["json", "markdown", "mermaid", "svg"] as const;

async function plan({ at, given, out }: Run): Promise<void> {
  const forms = FORMS.filter((form) => given.has(form));
  if (forms.length > 1) throw new UsageError(`argument --${forms[1]}: not allowed with argument --${forms[0]}`);
  const savedFile = given.find("cib");
  const options = {
    ...(savedFile === undefined ? {} : { saved: api.readSaved(readFileSync(savedFile, "utf8")) }),
    standby: given.all("standby"),
    failback: given.has("failback"),
  };
  const preview = given.has("no-preview") ? undefined : await readPreview(given.find("preview"), given.find("stack"));
  const file = given.find("save");
  const planned = await api.plan(at, preview, { ...options, keep: file !== undefined });
  if (file !== undefined) writePrivate(file, `${JSON.stringify(planned.saved, undefined, 2)}\n`);
  const folder = given.find("out");
  const pictured = { made: new Date(), changes: changesOf(preview, at.cluster) };
  if (folder !== undefined) writePlan(folder, planned, pictured);
  if (forms[0] === "json") out(`${JSON.stringify(shownOf(planned))}\n`);
  else if (forms[0] === "markdown") out(planMarkdown(planned));
  else if (forms[0] === "mermaid") out(planMermaid(planned, pictured.changes));
  else if (forms[0] === "svg") out(planSvg(planned, pictured));
  else printText(planned, out);
}

function printText(planned: Planned, out: Run["out"]): void {
  const terminal = terminalOf();
  const text = planText(planned, terminal);
  // The colors are ours, so bypass the filter for foreign text. The text has already passed it.
  if (terminal.color) process.stdout.write(text);
  else out(text);
}

export const planning: readonly Verb[] = [
  {
    name: "plan",
    help: "Print where VMs will run once a preview is done, and after the loss of each node",
    more:
      "Pacemaker's own scheduler says it, on a copy of what the cluster is told: nothing is changed. Without --preview,\n" +
      '`pulumi preview --json` is run in this folder, of --stack where one is named. What depends on the order in which VMs are made is called "one of".',
    ours: true,
    options: [
      {
        name: "preview",
        takes: "file",
        ours: true,
        without: ["no-preview"],
        help: "what `pulumi preview --json` printed; - reads standard input",
      },
      {
        name: "no-preview",
        takes: "flag",
        ours: true,
        help: "nothing is planned: the cluster as it is, and after each loss",
      },
      {
        name: "standby",
        takes: "list",
        placeholder: "NODE",
        ours: true,
        help: "nodes that go into standby with it: where their VMs go",
      },
      { name: "failback", takes: "flag", ours: true, help: "after each loss also what happens when the node returns" },
      { name: "save", takes: "file", ours: true, help: "write down the cluster as it was seen, for --cib elsewhere" },
      {
        name: "cib",
        takes: "file",
        ours: true,
        help: "a cluster that --save wrote down, or a CIB, in place of the cluster",
      },
      { name: "out", takes: "file", ours: true, help: "a folder: the plan is written there in each form as well" },
      { name: "json", takes: "flag", ours: true, help: "print JSON" },
      { name: "markdown", takes: "flag", ours: true, help: "print Markdown" },
      { name: "mermaid", takes: "flag", ours: true, help: "print a drawing of the same for GitHub and GitLab" },
      { name: "svg", takes: "flag", ours: true, help: "print a picture of the nodes with their VMs" },
    ],
    run: (run) => orUnreachable(() => plan(run)),
  },
];
