/** Clears the failures that Pacemaker counts against a VM. */
import { forgetFailures, type Forgotten } from "../../cluster";
import { reportOf, type Context } from "./context";

/** Clears the failures counted against a VM that is not in the CIB, and waits for those still being recorded. */
export async function forgetVm(context: Context, vm: string): Promise<void> {
  sayLeft(context, vm, await forgetFailures(context.cluster.runner, vm));
}

/** Reports what could not be cleared. */
export function sayLeft(context: Context, vm: string, { left }: Forgotten): void {
  if (left.length === 0) return;
  reportOf(context)(
    `${vm}: Pacemaker still records failures of it (${left.join("; ")}), which count against the next VM of this name until that one is made`,
  );
}
