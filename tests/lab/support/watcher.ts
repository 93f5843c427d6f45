/** Watches VMs while something is done to them: by virsh on every node and by crm_mon, as another client would. */
import { setTimeout as sleep } from "node:timers/promises";
import { nodes, on, tryOn } from "./cluster.ts";

/** An observation at one moment. */
export interface Sample {
  at: number;
  /** The node where libvirt runs each; no entry for one that runs nowhere. */
  runs: Record<string, string>;
  /** The VMs that Pacemaker has started. */
  started: string[];
}

async function look(vms: readonly string[]): Promise<Sample> {
  const at = Date.now();
  const [status, ...lists] = await Promise.all([
    tryOn("node1", "crm_mon", "-1", "--output-as=xml"),
    ...nodes().map(async (node) => ({
      node,
      names: (await tryOn(node, "virsh", "list", "--name", "--state-running")).text.split("\n"),
    })),
  ]);
  const found = vms.flatMap((vm): [string, string][] =>
    lists.flatMap(({ node, names }) => (names.includes(vm) ? [[vm, node]] : [])),
  );
  const started = vms.filter((vm) =>
    new RegExp(`<resource id="${vm}"[^>]* role="Started"[^>]* active="true"`).test(status.text),
  );
  return { at, runs: Object.fromEntries(found), started };
}

/** Does something, and returns what was observed of the VMs, from before to after it. */
export async function watched<T>(
  vms: readonly string[],
  work: () => Promise<T>,
): Promise<{ result: T; samples: Sample[] }> {
  const samples = [await look(vms)];
  const over = new AbortController();
  const watching = (async () => {
    while (!over.signal.aborted) {
      samples.push(await look(vms));
      await sleep(20);
    }
  })();
  try {
    return { result: await work(), samples };
  } finally {
    over.abort();
    await watching;
    samples.push(await look(vms));
  }
}

/** The VMs in the order in which they were first seen not running. */
export const downInOrder = (vms: readonly string[], samples: readonly Sample[]): string[] => [
  ...new Set(samples.flatMap(({ runs }) => vms.filter((vm) => runs[vm] === undefined))),
];

/** How often a tick guest has booted, according to its own disk. */
export const bootsOf = async (vm: string): Promise<number> =>
  Number(
    await on(
      "node1",
      "sh",
      "-c",
      `rbd export --no-progress system_${vm} - | dd bs=512 skip=1 count=1 status=none | od -An -tu4 -j4 -N4`,
    ),
  );
