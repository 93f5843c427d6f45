/** The CIB elements of a primitive inside a guest node: the primitive, and the one rule that binds it. */
import {
  child,
  children,
  CONSTRAINTS,
  constraintsOn,
  diffElement,
  element,
  nvpairs,
  RESOURCES,
  seconds,
  type Cib,
  type CibChange,
  type ClusterStatus,
  type XmlElement,
} from "../../cluster";
import type { GuestResourceSpec, ObservedGuestResource, Operation } from "./model";

const ruleId = (name: string) => `inside-${name}`;
const OWNER = "pulumi-seapath: ";

/** The parts of an agent's name; undefined if it is invalid. */
export function agentParts(agent: string): { class: string; provider?: string; type: string } | undefined {
  const [, ocf, type, other, service] =
    /^(?:ocf:([\w.-]+):([\w.-]+)|(systemd|lsb|service):([\w@.\\:-]+))$/.exec(agent) ?? [];
  if (ocf !== undefined && type !== undefined) return { class: "ocf", provider: ocf, type };
  return other !== undefined && service !== undefined ? { class: other, type: service } : undefined;
}

const agentOf = ({ attrs }: XmlElement) =>
  [attrs["class"], attrs["provider"], attrs["type"]].filter((each) => each !== undefined).join(":");

function set(
  before: XmlElement | undefined,
  name: string,
  primitive: string,
  wanted: Record<string, string>,
): XmlElement[] {
  const known = child(before, name);
  if (known === undefined && Object.keys(wanted).length === 0) return [];
  const id = known?.attrs["id"] ?? `${primitive}-${name}`;
  const ids = new Map(children(known, "nvpair").map((pair) => [pair.attrs["name"], pair.attrs["id"]]));
  // A name may contain characters that an id may not.
  const fresh = (key: string) => `${id}-${key.replace(/[^\w.-]/g, "_")}`;
  const pairs = Object.entries(wanted).map(([key, value]) =>
    element("nvpair", { id: ids.get(key) ?? fresh(key), name: key, value }),
  );
  return [{ ...element(name, { id }, pairs), attrs: { ...known?.attrs, id } }];
}

function operations(before: XmlElement | undefined, { name, operations: wanted }: GuestResourceSpec): XmlElement {
  const known = children(child(before, "operations"), "op");
  const ops = Object.entries(wanted).map(([operation, { interval = 0, timeout, onFail }]) => {
    const found = known.find((op) => op.attrs["name"] === operation);
    const time = (key: string, value: number | undefined) =>
      value === undefined ? undefined : seconds(found?.attrs[key]) === value ? found?.attrs[key] : `${value}s`;
    return element("op", {
      ...found?.attrs,
      id: found?.attrs["id"] ?? `${name}-${operation}-${interval}s`,
      name: operation,
      interval: time("interval", interval),
      timeout: time("timeout", timeout),
      "on-fail": onFail,
    });
  });
  return element("operations", { ...child(before, "operations")?.attrs }, ops);
}

function primitiveOf(spec: GuestResourceSpec, before: XmlElement | undefined): XmlElement {
  const { name, params, meta, started, owner } = spec;
  const role = { "target-role": started ? "Started" : "Stopped" };
  const attrs = {
    ...before?.attrs,
    id: name,
    ...agentParts(spec.agent),
    description: owner === undefined ? undefined : `${OWNER}${owner}`,
  };
  return element("primitive", attrs, [
    ...set(before, "instance_attributes", name, params),
    ...set(before, "meta_attributes", name, { ...role, ...meta }),
    operations(before, spec),
  ]);
}

/**
 * With a preference for the guest it could run on a hypervisor once the guest has left the CIB; with discovery
 * restricted to the guest it would never start. So only forbid it everywhere else.
 */
function ruleOf({ name, guest }: GuestResourceSpec): XmlElement {
  const id = ruleId(name);
  const expression = element("expression", { id: `${id}-node`, attribute: "#uname", operation: "ne", value: guest });
  return element("rsc_location", { id, rsc: name }, [
    element("rule", { id: `${id}-rule`, score: "-INFINITY" }, [expression]),
  ]);
}

const rulesFor = (cib: Cib, name: string) => cib.constraints.find((each) => each.attrs["id"] === ruleId(name));

/** The changes that make the CIB match the spec, whatever its state. */
export function resourceChanges(cib: Cib, spec: GuestResourceSpec): CibChange[] {
  const primitive = cib.primitives.get(spec.name);
  return [
    ...diffElement(RESOURCES, primitive, primitiveOf(spec, primitive)),
    ...diffElement(CONSTRAINTS, rulesFor(cib, spec.name), ruleOf(spec)),
  ];
}

/** The changes that remove it from the CIB, with every constraint that names it. */
export function resourceRemoval(cib: Cib, name: string): CibChange[] {
  const primitive = cib.primitives.get(name);
  return [
    ...constraintsOn(cib, name).flatMap((each) => diffElement(CONSTRAINTS, each, undefined)),
    ...(primitive === undefined ? [] : diffElement(RESOURCES, primitive, undefined)),
  ];
}

/** The foreign constraints on it. */
export const foreignTo = (cib: Cib, name: string): string[] =>
  constraintsOn(cib, name)
    .map((each) => each.attrs["id"] ?? "")
    .filter((id) => id !== ruleId(name));

/** The program that created it with this package, as recorded in the CIB. */
export function ownerOf(primitive: XmlElement): string | undefined {
  const text = primitive.attrs["description"] ?? "";
  return text.startsWith(OWNER) ? text.slice(OWNER.length) : undefined;
}

/** Stands for the guest of a primitive whose rule is missing or altered. */
const UNBOUND = "unbound";

/** The guest that it is bound to. */
function boundTo(cib: Cib, name: string): string {
  const rules = children(rulesFor(cib, name), "rule");
  const expression = rules[0]?.children[0];
  const whole = rules.length === 1 && rules[0]?.children.length === 1 && rules[0].attrs["score"] === "-INFINITY";
  if (!whole || expression?.attrs["attribute"] !== "#uname" || expression.attrs["operation"] !== "ne") return UNBOUND;
  return expression.attrs["value"] ?? UNBOUND;
}

/** The guest that a primitive is bound to by our rule; undefined for other primitives. */
export const guestOf = (cib: Cib, name: string): string | undefined =>
  rulesFor(cib, name) === undefined ? undefined : boundTo(cib, name);

/** The resource as it is, or undefined if there is none. */
export function findGuestResource(cib: Cib, status: ClusterStatus, name: string): ObservedGuestResource | undefined {
  const primitive = cib.primitives.get(name);
  if (primitive === undefined) return undefined;
  const { "target-role": role, ...meta } = nvpairs(primitive, "meta_attributes");
  const ops = children(child(primitive, "operations"), "op").map(({ attrs }): [string, Operation] => {
    // Other tools may have used milliseconds.
    const [interval, timeout] = [attrs["interval"], attrs["timeout"]]
      .map((time) => seconds(time))
      .map((time) => time && Math.ceil(time));
    const onFail = attrs["on-fail"];
    return [
      attrs["name"] ?? "",
      {
        ...(interval === undefined || interval === 0 ? {} : { interval }),
        ...(timeout === undefined ? {} : { timeout }),
        ...(onFail === undefined ? {} : { onFail }),
      },
    ];
  });
  const owner = ownerOf(primitive);
  return {
    name,
    guest: boundTo(cib, name),
    agent: agentOf(primitive),
    params: nvpairs(primitive, "instance_attributes"),
    meta,
    operations: Object.fromEntries(ops),
    started: role !== "Stopped",
    status: status.resources.get(name)?.role ?? "Stopped",
    ...(owner === undefined ? {} : { owner }),
  };
}
