/** libvirt on the node that is asked. */
import type { Runner } from "../transport/types";
import { runProgram } from "./program";

/**
 * Asks libvirt whether it takes a domain, by defining it with validation and undefining it.
 * The XML must carry a name and a uuid of its own: a running domain of that name would become a persistent one.
 * @throws ProgramError (`kind` "libvirtError") with libvirt's words when it does not
 */
export async function validateDomain(runner: Runner, xml: string): Promise<void> {
  await runProgram(runner, "validate", { xml });
}
