/** libvirt on the node that is asked, and on the others, which it reaches by its own SSH. */
import { z } from "zod";
import type { Runner } from "../transport/types";
import { readAs } from "./answers";
import { ProgramError } from "./errors";
import { byOwnLink, isClosed } from "./own-link";
import { lacksSchema, needRequests, type Need } from "./lacking";
import { LOCAL_URI, libvirtUris, type GuestAt } from "./place";
import { runProgram } from "./program";

const toldSchema = z.union([
  z.object({ ok: z.string().nullable() }),
  z.object({ error: z.object({ kind: z.string(), message: z.string() }) }),
]);

/** Tells a running guest that a disk has grown. @param target the disk's device, e.g. `vda` */
export async function growDisk(runner: Runner, at: GuestAt, target: string, bytes: number): Promise<void> {
  await change(runner, at, { verb: "resize", target, bytes });
}

/** As a user whom the nodes let in, or else by a link of ours to that node. */
async function change(runner: Runner, at: GuestAt, request: Record<string, unknown>): Promise<void> {
  const asked = { ...request, domain: at.domain };
  try {
    await runProgram(runner, "devices", { ...asked, uris: libvirtUris(at) }, { timeoutMs: 90_000 });
  } catch (error) {
    await byOwnLink(runner, error, at.node, "devices", { ...asked, uris: [LOCAL_URI] }, 90_000);
  }
}

/**
 * libvirt's address of a node by which it lets the one that is asked in, or undefined where it does as nobody.
 * @throws ProgramError where it cannot be asked for another reason
 */
export async function openWay(runner: Runner, at: GuestAt): Promise<string | undefined> {
  try {
    return (await runProgram(
      runner,
      "devices",
      { verb: "way", uris: libvirtUris(at) },
      { readOnly: true, timeoutMs: 90_000 },
    )) as string;
  } catch (error) {
    if (isClosed(error)) return undefined;
    throw error;
  }
}

/**
 * The XML of running guests, in the order of the question: undefined for one that does not run there any more, the error for
 * one that cannot be asked.
 */
export async function readDomains(
  runner: Runner,
  guests: readonly GuestAt[],
): Promise<(string | ProgramError | undefined)[]> {
  if (guests.length === 0) return [];
  const domains = guests.map((at) => ({ domain: at.domain, uris: libvirtUris(at) }));
  const answer = await runProgram(runner, "devices", { verb: "read", domains }, { readOnly: true, timeoutMs: 90_000 });
  return Promise.all(
    readAs(z.array(toldSchema).length(guests.length), answer, "the devices program").map(async (told, index) => {
      if ("ok" in told) return told.ok ?? undefined;
      const error = new ProgramError(runner.node ?? "the node", "devices", told.error.kind, told.error.message);
      const at = guests[index];
      return at !== undefined && isClosed(error) ? readThere(runner, at, error) : error;
    }),
  );
}

/** The XML of one guest, by a link of ours to its node. */
async function readThere(
  runner: Runner,
  at: GuestAt,
  closed: ProgramError,
): Promise<string | ProgramError | undefined> {
  try {
    const answer = await byOwnLink(
      runner,
      closed,
      at.node,
      "devices",
      { verb: "read", domains: [{ domain: at.domain, uris: [LOCAL_URI] }] },
      90_000,
    );
    const [told] = readAs(z.tuple([toldSchema]), answer, "the devices program");
    return "ok" in told
      ? (told.ok ?? undefined)
      : new ProgramError(at.node, "devices", told.error.kind, told.error.message);
  } catch (error) {
    if (error instanceof ProgramError) return error;
    throw error;
  }
}

/**
 * Attaches a device to a running guest, or asks the guest to let go of one, which it may do later or never.
 * @throws ProgramError with `kind` "no-domain" (it does not run there), "exists" (the target is taken), "no-slot" (the guest
 * has no place for one more), "absent" (there is no such device), or "libvirtError" with libvirt's words
 */
export async function changeDevice(runner: Runner, at: GuestAt, verb: "attach" | "detach", xml: string): Promise<void> {
  await change(runner, at, { verb, xml });
}

/** The machines that a node's QEMU has, by the processor's architecture: each by its name, with what it is short for. */
export type Machines = Readonly<Record<string, Readonly<Record<string, string | null>>>>;

/** libvirt does not take a domain, `kind` "libvirtError", or cannot be asked. */
export class NotTaken extends ProgramError {
  /** What that node has; undefined where it cannot tell. */
  readonly machines: Machines | undefined;

  constructor(node: string, kind: string, words: string, machines: Machines | undefined) {
    super(node, "validate", kind, words);
    this.machines = machines;
  }
}

/** What a node has against domains, and what it lacks of what they name. */
export interface Judged {
  /** By the XML, where libvirt does not take it. */
  errors: Map<string, NotTaken | undefined>;
  lacks: Need[];
}

const machinesSchema = z.union([
  z.object({ ok: z.record(z.string(), z.record(z.string(), z.string().nullable())) }),
  // What is wrong with a domain stands without them.
  z.object({ error: z.unknown() }),
]);

/**
 * Asks libvirt whether it takes domains, by defining each with validation and undefining it: nothing is there afterwards, so it
 * may be asked again on another node.
 * Each XML must carry a name and a uuid of its own: a running domain of that name would become a persistent one.
 * @param needs what of the node they name, which is looked at in the same go
 */
export async function validateDomains(
  runner: Runner,
  xmls: readonly string[],
  needs: readonly Need[] = [],
): Promise<Judged> {
  const answer = await runProgram(
    runner,
    "validate",
    { xmls, needs: needRequests(needs) },
    { readOnly: true, timeoutMs: 120_000 },
  );
  const schema = z.object({
    domains: z.array(toldSchema).length(xmls.length),
    lacks: lacksSchema,
    machines: machinesSchema.optional(),
  });
  const { domains, lacks, machines } = readAs(schema, answer, "the validate program");
  const has = machines !== undefined && "ok" in machines ? machines.ok : undefined;
  const errors = new Map(
    domains.map((each, index) => [
      xmls[index] ?? "",
      "error" in each ? new NotTaken(runner.node ?? "the node", each.error.kind, each.error.message, has) : undefined,
    ]),
  );
  return { errors, lacks: needs.filter((_need, at) => lacks.includes(at)) };
}
