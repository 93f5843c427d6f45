import type { StackValidationPolicy } from "@pulumi/policy";
import { planMarkdown, planText } from "pulumi-seapath/plan";
import { printable } from "pulumi-seapath-provider";
import { configOf, schemaOf } from "../config";
import { takeAdvice, takeNotes } from "../notes";
import { clusterRule } from "../stack-rule";

interface Config {
  format: "text" | "markdown";
}

const name = "placement-report";

const config = schemaOf(
  {
    format: {
      type: "string",
      enum: ["text", "markdown"],
      default: "text",
      description: "Tables for a terminal, or for a merge request.",
    },
  },
  "warn",
);

const report = clusterRule<Config>({
  name,
  displayName: "Where all VMs will run",
  description:
    "Where each VM will run, now, after this change and after the failure of each node, what was wrong before and is not of this stack, and what was not checked.",
  level: "advisory",
  severity: "low",
  remediationSteps: "It is the report, and no violation: nothing is to be done.",
  config,
  validate(planned, { where }, { config: { format }, report: say }) {
    say(`Where VMs will run on ${where}:\n\n${format === "markdown" ? planMarkdown(planned) : planText(planned)}`);
  },
});

/** Where every VM ends up. Runs last, so that it includes what the rules before it could not check. */
export const placementReport: StackValidationPolicy = {
  ...report,
  async validateStack(args, violation) {
    await report.validateStack(args, violation);
    const { format } = configOf<Config>(config, args.getConfig());
    const list = (title: string, lines: readonly string[]) => {
      if (lines.length > 0)
        violation(
          printable([`${title}:`, "", ...lines.map((line) => (format === "markdown" ? `- ${line}` : line))].join("\n")),
        );
    };
    list("Wrong before this change, and not of this stack", takeAdvice());
    list("Not everything was checked", takeNotes());
  },
};
