/** From checked inputs to a vmmgr spec, and from observations back to inputs and state. */
import { SeapathError } from "../../errors";
import {
  canonicalBase,
  domainElement,
  sameDomain,
  readSettingsBy,
  type ObservedVm,
  type Source,
  type VmSpec,
} from "../../vmmgr";
import { readInputsAs, schemaFailures } from "../engine/refused";
import { formatSize, parseSize } from "../units/size";
import { UNSAID } from "../engine/values";
import { withDefaults } from "./defaults";
import { signedVm } from "./kept";
import { vmSchema, type VmInputs } from "./schema";

type Raw = Record<string, unknown>;

/** Inputs as the engine passes them to create and update: checked and complete. */
export function readInputs(raw: Raw): VmInputs {
  const inputs = withDefaults(raw);
  // The engine may include outputs of an earlier state.
  for (const output of OUTPUTS) delete inputs[output];
  return readInputsAs(vmSchema, inputs, "seapath.Vm", `VM "${String(raw["name"])}": what is asked`);
}

/** Inputs as stored in a state: observed values are accepted even if they could not be requested. */
export function storedInputs(raw: Raw): VmInputs {
  const inputs = withDefaults(raw);
  for (const output of OUTPUTS) delete inputs[output];
  return inputs as unknown as VmInputs;
}

/**
 * Validates the observed values of a state.
 * @throws SeapathError that names the invalid part
 */
export function sensible(inputs: VmInputs, observed: ObservedVm, node: string): VmInputs {
  // Drift that the typed form cannot express appears as XML beside it, and an empty value beside its key.
  const { domain, metadata, ...rest } = inputs;
  const asked = { ...rest, metadata: {}, ...(rest.xml === undefined ? { domain } : {}) };
  const wrong = schemaFailures(
    vmSchema,
    { ...asked, adopt: true, metadata: Object.fromEntries(Object.keys(metadata).map((key) => [key, "-"])) },
    "a VM",
  );
  if (wrong.length === 0) return inputs;
  const reasons = wrong.map(({ property, reason }) => `its ${property} ${reason}`).join("; ");
  throw new SeapathError(
    "broken-vm",
    `Unable to read VM "${observed.name}" on ${node}: what the cluster has of it makes no sense: ${reasons}`,
    {
      hint: `Look at \`rbd image-meta list system_${observed.name}\` and \`crm configure show ${observed.name}\`, and put it right there; other VMs are not concerned.`,
    },
  );
}

/** A VM's outputs besides its inputs. */
export const OUTPUTS = ["uuid", "node", "status", "restartRequired"] as const;

/** The vmmgr spec. */
export function specOf(inputs: VmInputs): VmSpec {
  const {
    systemDisk,
    domain,
    source,
    timeouts: _timeouts,
    cluster: _cluster,
    rolling: _rolling,
    xml,
    owner,
    pinnedHost,
    preferredHost,
    ...rest
  } = inputs;
  const size = systemDisk.size === undefined ? undefined : parseSize(systemDisk.size);
  return {
    ...rest,
    ...(source === undefined ? {} : { source: sourceOf(source) }),
    diskBus: systemDisk.bus,
    ...(size === undefined ? {} : { systemSize: size }),
    ...(xml === undefined ? {} : { xml }),
    ...(owner === undefined ? {} : { owner }),
    ...(domain === undefined ? {} : { domain: domain }),
    ...(pinnedHost === undefined ? {} : { pinnedHost }),
    ...(preferredHost === undefined ? {} : { preferredHost }),
  };
}

/** The source of the disks, in vmmgr's form. */
export function sourceOf(source: NonNullable<VmInputs["source"]>): Source {
  const { vm, snapshot, mode, snapshots } = source;
  if (vm !== undefined) {
    return {
      vm,
      ...(snapshot === undefined ? {} : { snapshot }),
      mode: mode ?? "copy",
      ...(snapshots === true ? { snapshots } : {}),
    };
  }
  return source as Source;
}

/**
 * The inputs that would describe the observed VM. What cannot be observed is copied, and equivalent values keep the
 * user's wording, so that only real differences show.
 */
export function observedInputs(before: VmInputs, found: ObservedVm): VmInputs {
  const observed = signedVm(found, before);
  const { pinnedHost: _pinned, preferredHost: _preferred, xml: _xml, domain: _domain, owner: _owner, ...rest } = before;
  return {
    ...rest,
    name: observed.name,
    systemDisk: { bus: observed.diskBus as VmInputs["systemDisk"]["bus"], ...observedSize(before, observed) },
    ...observedDomain(before, observed),
    ...(observed.owner === undefined ? {} : { owner: observed.owner }),
    enabled: observed.enabled,
    started: observed.started ?? before.started,
    ...(observed.pinnedHost === undefined ? {} : { pinnedHost: observed.pinnedHost }),
    ...(observed.preferredHost === undefined ? {} : { preferredHost: observed.preferredHost }),
    ...readSettingsBy(({ name }) => observed[name]),
    metadata: observed.metadata,
    pacemaker: observed.pacemaker,
    crmConfigCommands: observed.crmConfigCommands,
  };
}

function observedSize(before: VmInputs, observed: ObservedVm): { size?: string | number } {
  const { size } = before.systemDisk;
  if (size === undefined) return {};
  return { size: parseSize(size) === observed.systemSize ? size : formatSize(observed.systemSize) };
}

/** The domain in the form that the user chose; what the typed form cannot express appears as XML beside it. */
function observedDomain(before: VmInputs, observed: ObservedVm): Pick<VmInputs, "xml" | "domain"> {
  if (before.domain === undefined) {
    return { xml: before.xml !== undefined && isSame(before.xml, observed) ? before.xml : observed.baseXml };
  }
  const told = sameDomain(domainElement(observed.domain), observed); // a typed domain has no secrets
  return { domain: observed.domain, ...(told ? {} : { xml: observed.baseXml }) };
}

/** Signs may have replaced values in XML of any layout. */
const isSame = (xml: string, { name, baseXml }: ObservedVm) =>
  baseXml !== "" && canonicalBase(xml, name) === canonicalBase(baseXml, name);

/**
 * The contents of Pulumi's state: the inputs under the same keys, the disk's size if none was requested, and the
 * outputs.
 */
export function stateOf(inputs: VmInputs, observed: ObservedVm): Raw {
  const { uuid, status, node = "", restartRequired } = observed;
  const { systemDisk } = inputs;
  const size =
    systemDisk.size === undefined
      ? { systemDisk: { ...systemDisk, size: formatSize(observed.systemSize) }, [UNSAID]: ["systemDisk.size"] }
      : {};
  return { ...inputs, ...size, uuid, status, node, restartRequired };
}
