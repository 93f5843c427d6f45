/** Constraints that name a missing node or resource. Pacemaker silently ignores them. */
import type { Inventory, XmlElement } from "../../cluster";
import { guestNodes } from "../guest/settings";
import { referencesOf } from "../form/parked-constraints";
import { finding, listed, type Finding } from "./finding";

/** The nodes that a location constraint names, directly or in the expressions of its rules. */
function nodesOf(constraint: XmlElement): string[] {
  const own = constraint.attrs["node"];
  return [
    ...(own === undefined ? [] : [own]),
    ...constraint.children.filter(({ name }) => name === "rule").flatMap(unames),
  ];
}

function unames(rule: XmlElement): string[] {
  return rule.children.flatMap((each) => {
    if (each.name === "rule") return unames(each);
    const { attribute, operation, value } = each.attrs;
    return each.name === "expression" && attribute === "#uname" && operation === "eq" && value !== undefined
      ? [value]
      : [];
  });
}

/** Whether it only keeps something off: without its target, it is a mere leftover. */
function isBan({ attrs, children }: XmlElement): boolean {
  const scores = [
    attrs["score"],
    ...children.map((each) => (each.name === "rule" ? each.attrs["score"] : undefined)),
  ].filter((score) => score !== undefined);
  return scores.length > 0 && scores.every((score) => score.startsWith("-"));
}

/** Every constraint with missing targets, each with their names. */
export function constraintFindings({ cib, status, images }: Inventory): Finding[] {
  // A guest node whose VM is disabled is absent, and returns with it.
  const away = [...images.values()].flatMap(({ metadata }) => metadata?.["_remote_node"] ?? []);
  const guests = [...guestNodes(cib).values()].map(({ name }) => name).concat(away);
  // Pacemaker's node names are case-insensitive. A remote node is a primitive.
  const nodes = new Set(
    [...cib.nodes, ...guests, ...status.nodes.map(({ name }) => name), ...cib.primitives.keys()].map((name) =>
      name.toLowerCase(),
    ),
  );
  const ids = new Set([...cib.ids, ...guests]);
  return cib.constraints.flatMap((constraint) => {
    const id = constraint.attrs["id"] ?? "";
    const lost = nodesOf(constraint)
      .filter((name) => !nodes.has(name.toLowerCase()))
      .map((name) => `node "${name}"`);
    const gone = referencesOf(constraint)
      .filter((name) => !ids.has(name))
      .map((name) => `resource "${name}"`);
    const names = [...new Set([...lost, ...gone])];
    if (names.length === 0) return [];
    const whose = constraint.attrs["rsc"];
    return [
      finding(
        gone.length === 0 && isBan(constraint) ? "ban-names-nothing" : "constraint-names-nothing",
        { constraint: id, ...(whose !== undefined && cib.primitives.has(whose) ? { vm: whose } : {}) },
        `constraint "${id}" names ${listed(names)}, which the cluster does not have: Pacemaker passes over it`,
        `Run \`crm configure delete ${id}\`, or name what there is.`,
      ),
    ];
  });
}
