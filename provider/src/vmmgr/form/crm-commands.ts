/** Commands for `crm configure`: a user's, or those that a VM's metadata hold, which anybody who can write to the pool has written. */
import { SeapathError } from "../../errors";
import { words } from "../../words";

/**
 * What changes the CIB and does nothing else: crmsh makes it on a copy. The others write and read files, run programs, or end what
 * there is (`save`, `load`, `filter`, `edit`, `graph`, `erase`). The node program has the same list.
 */
const VERBS = new Set([
  "node",
  "primitive",
  "group",
  "clone",
  "ms",
  "master",
  "promotable",
  "bundle",
  "rsc_template",
  "location",
  "colocation",
  "order",
  "rsc_ticket",
  "property",
  "rsc_defaults",
  "op_defaults",
  "fencing_topology",
  "role",
  "user",
  "acl_target",
  "acl_group",
  "tag",
  "alert",
  "monitor",
  "modgroup",
  "set",
  "rename",
  "delete",
  "xml",
]);

/** Why a line is no command that is run, or undefined. */
export function crmProblem(line: string): string | undefined {
  const [verb = ""] = line.trim().split(/\s+/);
  if (/[\r\n]/.test(line)) return "must be one line, the words of one `crm configure`";
  if (verb === "") return "must not be empty";
  return VERBS.has(verb)
    ? undefined
    : `must begin with what changes the CIB and nothing else (location, property, primitive, …); "${verb}" does not`;
}

/** The words that say which command it is; those behind them may be parameters, and a password among them. */
const shortened = (line: string) => {
  const words = line.trim().split(/\s+/);
  return `${words.slice(0, 2).join(" ").slice(0, 200)}${words.length > 2 ? " …" : ""}`;
};

/** A command is not one that is run. */
export class CrmRefused extends SeapathError {
  constructor(line: string, problem: string) {
    super("crm-refused", `\`crm configure ${shortened(line)}\` is not run: it ${problem}`, {
      hint: `Look at \`${words().input("crmConfigCommands")}\`, and at \`_crm_config_cmd\` in the metadata of the VM's system image.`,
    });
  }
}
