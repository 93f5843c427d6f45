/** What of a plan is new or made anew: the simulation knows only where things run, before and after. */

/** What a preview makes, by the names of its VMs. */
export interface Changes {
  /** VMs that are new. */
  created: ReadonlySet<string>;
  /** VMs that go, and are made again. */
  replaced: ReadonlySet<string>;
}

/** Nothing is known of what a preview makes. */
export const NO_CHANGES: Changes = { created: new Set(), replaced: new Set() };

const AGAIN = ["replace", "create-replacement", "import-replacement"];
const NEW = ["create"];

interface Step {
  op?: unknown;
  urn?: unknown;
  newState?: { inputs?: Readonly<Record<string, unknown>> } | null;
}

/** Which VMs of a cluster a preview makes. @param preview what the plan was made of, and so is of the right form */
export function changesOf(preview: unknown, cluster: string | undefined): Changes {
  const { steps = [] } = (preview ?? {}) as { steps?: readonly Step[] };
  const vms = (ops: readonly string[]) =>
    steps.flatMap(({ op, urn, newState }) => {
      const { name, cluster: at, adopt } = newState?.inputs ?? {};
      const isVm = String(urn).split("::").at(-2)?.endsWith("seapath:Vm") === true;
      // What is adopted is new to Pulumi alone.
      return isVm && typeof name === "string" && at === cluster && adopt !== true && ops.includes(String(op))
        ? [name]
        : [];
    });
  return { created: new Set(vms(NEW)), replaced: new Set(vms(AGAIN)) };
}
