import type { StackValidationPolicy } from "@pulumi/policy";
import { planMarkdown, planText } from "pulumi-seapath/plan";
import { configOf, schemaOf } from "../config";
import { takeNotes } from "../notes";
import { clusterRule } from "../stack-rule";

interface Config {
  format: "text" | "markdown";
}

const name = "placement-report";

const config = schemaOf({ format: { type: "string", enum: ["text", "markdown"], default: "text", description: "Tables for a terminal, or for a merge request." } }, "warn");

const report = clusterRule<Config>({
  name,
  displayName: "Where all VMs will run",
  description: "Where each VM will run, now, after this change and after the failure of each node, and what was not checked.",
  level: "advisory",
  severity: "low",
  remediationSteps: "It is the report, and no violation: nothing is to be done.",
  config,
  validate(planned, { where }, { config: { format }, report: say }) {
    say(`Where VMs will run on ${where}:\n\n${format === "markdown" ? planMarkdown(planned) : planText(planned)}`);
  },
});

/** Where all land. It comes last, so that it also has what the rules before it could not check. */
export const placementReport: StackValidationPolicy = {
  ...report,
  async validateStack(args, violation) {
    await report.validateStack(args, violation);
    const notes = takeNotes();
    if (notes.length === 0) return;
    const { format } = configOf<Config>(config, args.getConfig());
    violation(["Not everything was checked:", "", ...notes.map((note) => (format === "markdown" ? `- ${note}` : note))].join("\n"));
  },
};
