/**
 * Commands for `crm configure`: from the user, or from a VM's metadata, which anyone with write access to the pool can
 * set.
 */
import { SeapathError } from "../../errors";
import { words } from "../../words";

/**
 * The verbs that change the CIB and do nothing else: crmsh applies them to a copy. The others write and read files, run
 * programs, or discard what exists (`save`, `load`, `filter`, `edit`, `graph`, `erase`). The node program has the same
 * list.
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

/** Why a line is not an allowed command; undefined if it is one. */
export function crmProblem(line: string): string | undefined {
  const [verb = ""] = line.trim().split(/\s+/);
  if (/[\r\n]/.test(line)) return "must be one line, the words of one `crm configure`";
  if (verb === "") return "must not be empty";
  return VERBS.has(verb)
    ? undefined
    : `must begin with what changes the CIB and nothing else (location, property, primitive, …); "${verb}" does not`;
}

/** The words that identify the command; those after them may be parameters, including a password. */
const shortened = (line: string) => {
  const words = line.trim().split(/\s+/);
  return `${words.slice(0, 2).join(" ").slice(0, 200)}${words.length > 2 ? " …" : ""}`;
};

/** A command that is not allowed. */
export class CrmRefused extends SeapathError {
  constructor(line: string, problem: string) {
    super("crm-refused", `\`crm configure ${shortened(line)}\` is not run: it ${problem}`, {
      hint: `Look at \`${words().input("crmConfigCommands")}\`, and at \`_crm_config_cmd\` in the metadata of the VM's system image.`,
    });
  }
}
