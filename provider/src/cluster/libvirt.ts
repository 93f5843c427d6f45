/** libvirt on the node that is asked, and on the others, which it reaches by its own SSH. */
import { z } from "zod";
import type { Runner } from "../transport/types";
import { readAs } from "./answers";
import { ProgramError } from "./errors";
import { lacksSchema, needRequests, type Need } from "./lacking";
import { libvirtUri, type GuestAt } from "./place";
import { runLong, runProgram } from "./program";

const toldSchema = z.union([
  z.object({ ok: z.string().nullable() }),
  z.object({ error: z.object({ kind: z.string(), message: z.string() }) }),
]);

/** Tells a running guest that a disk has grown. @param target the disk's device, e.g. `vda` */
export async function growDisk(runner: Runner, at: GuestAt, target: string, bytes: number): Promise<void> {
  const argv = ["virsh", "--connect", libvirtUri(at), "blockresize", at.domain, target, `${bytes}B`];
  await runLong(runner, { argv, timeoutMs: 60_000 });
}

/**
 * The XML of running guests, in the order of the question: undefined for one that does not run there any more, the error for
 * one that cannot be asked.
 */
export async function readDomains(runner: Runner, guests: readonly GuestAt[]): Promise<(string | ProgramError | undefined)[]> {
  if (guests.length === 0) return [];
  const domains = guests.map((at) => ({ domain: at.domain, uri: libvirtUri(at) }));
  const answer = await runProgram(runner, "devices", { verb: "read", domains }, { readOnly: true, timeoutMs: 90_000 });
  return readAs(z.array(toldSchema).length(guests.length), answer, "the devices program").map((told) => {
    if ("ok" in told) return told.ok ?? undefined;
    return new ProgramError(runner.node ?? "the node", "devices", told.error.kind, told.error.message);
  });
}

/**
 * Attaches a device to a running guest, or asks the guest to let go of one, which it may do later or never.
 * @throws ProgramError with `kind` "no-domain" (it does not run there), "exists" (the target is taken), "no-slot" (the guest
 * has no place for one more), "absent" (there is no such device), or "libvirtError" with libvirt's words
 */
export async function changeDevice(runner: Runner, at: GuestAt, verb: "attach" | "detach", xml: string): Promise<void> {
  await runProgram(runner, "devices", { verb, uri: libvirtUri(at), domain: at.domain, xml }, { timeoutMs: 90_000 });
}

/** What a node has against domains, and what it lacks of what they name. */
export interface Judged {
  /** By the XML, the ProgramError (`kind` "libvirtError") with libvirt's words where it does not take it. */
  errors: Map<string, ProgramError | undefined>;
  lacks: Need[];
}

/**
 * Asks libvirt whether it takes domains, by defining each with validation and undefining it: nothing is there afterwards, so it
 * may be asked again on another node.
 * Each XML must carry a name and a uuid of its own: a running domain of that name would become a persistent one.
 * @param needs what of the node they name, which is looked at in the same go
 */
export async function validateDomains(runner: Runner, xmls: readonly string[], needs: readonly Need[] = []): Promise<Judged> {
  const answer = await runProgram(runner, "validate", { xmls, needs: needRequests(needs) }, { readOnly: true, timeoutMs: 120_000 });
  const schema = z.object({ domains: z.array(toldSchema).length(xmls.length), lacks: lacksSchema });
  const { domains, lacks } = readAs(schema, answer, "the validate program");
  const errors = new Map(domains.map((each, index) => [
    xmls[index] ?? "",
    "error" in each ? new ProgramError(runner.node ?? "the node", "validate", each.error.kind, each.error.message) : undefined,
  ]));
  return { errors, lacks: needs.filter((_need, at) => lacks.includes(at)) };
}
