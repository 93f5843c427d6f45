/** Which VMs of a plan are new or replaced. The simulation only knows where things run, before and after. */

/** The VMs that a preview creates or replaces, by name. */
export interface Changes {
  /** New VMs. */
  created: ReadonlySet<string>;
  /** VMs that are deleted and created again. */
  replaced: ReadonlySet<string>;
}

/** Nothing is known about the preview's changes. */
export const NO_CHANGES: Changes = { created: new Set(), replaced: new Set() };

const AGAIN = ["replace", "create-replacement", "import-replacement"];
const NEW = ["create"];

interface Step {
  op?: unknown;
  urn?: unknown;
  newState?: { inputs?: Readonly<Record<string, unknown>> } | null;
}

/**
 * Finds the VMs of a cluster that a preview creates or replaces.
 * @param preview the preview that the plan was made from, so its form is valid
 */
export function changesOf(preview: unknown, cluster: string | undefined): Changes {
  const { steps = [] } = (preview ?? {}) as { steps?: readonly Step[] };
  const vms = (ops: readonly string[]) =>
    steps.flatMap(({ op, urn, newState }) => {
      const { name, cluster: at, adopt } = newState?.inputs ?? {};
      const isVm = String(urn).split("::").at(-2)?.endsWith("seapath:Vm") === true;
      // An adopted VM is new only to Pulumi.
      return isVm && typeof name === "string" && at === cluster && adopt !== true && ops.includes(String(op))
        ? [name]
        : [];
    });
  return { created: new Set(vms(NEW)), replaced: new Set(vms(AGAIN)) };
}
