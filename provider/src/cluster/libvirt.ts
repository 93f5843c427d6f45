/** libvirt on the connected node, and on the others, which it reaches by its own SSH. */
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

/** As a user whom the nodes admit, or else over our own link to that node. */
async function change(runner: Runner, at: GuestAt, request: Record<string, unknown>): Promise<void> {
  const asked = { ...request, domain: at.domain };
  try {
    await runProgram(runner, "devices", { ...asked, uris: libvirtUris(at) }, { timeoutMs: 90_000 });
  } catch (error) {
    await byOwnLink(runner, error, at.node, "devices", { ...asked, uris: [LOCAL_URI] }, 90_000);
  }
}

/**
 * The libvirt URI by which a node admits the connected one, or undefined if it admits it as no user.
 * @throws ProgramError if it cannot be asked for another reason
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
 * The XML of running guests, in the order of the request: undefined if a guest no longer runs there, an error if it
 * cannot be read.
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

/** The XML of one guest, over our own link to its node. */
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
 * Attaches a device to a running guest, or asks the guest to release one, which it may do later or never.
 * @throws ProgramError with `kind` "no-domain" (it does not run there), "exists" (the target is taken), "no-slot" (the
 * guest has no slot left), "absent" (there is no such device), or "libvirtError" with libvirt's words
 */
export async function changeDevice(runner: Runner, at: GuestAt, verb: "attach" | "detach", xml: string): Promise<void> {
  await change(runner, at, { verb, xml });
}

/** The machine types of a node's QEMU, by processor architecture: each name, with the one it is an alias of. */
export type Machines = Readonly<Record<string, Readonly<Record<string, string | null>>>>;

/** libvirt rejects a domain, `kind` "libvirtError", or cannot be asked. */
export class NotTaken extends ProgramError {
  /** The machine types of that node; undefined if it cannot tell. */
  readonly machines: Machines | undefined;

  constructor(node: string, kind: string, words: string, machines: Machines | undefined) {
    super(node, "validate", kind, words);
    this.machines = machines;
  }
}

/** A node's objections to domains, and which of their needs it lacks. */
export interface Judged {
  /** By XML, if libvirt rejects it. */
  errors: Map<string, NotTaken | undefined>;
  lacks: Need[];
}

const machinesSchema = z.union([
  z.object({ ok: z.record(z.string(), z.record(z.string(), z.string().nullable())) }),
  // Without them, errors in a domain are still reported.
  z.object({ error: z.unknown() }),
]);

/**
 * Asks libvirt whether it accepts domains, by defining each with validation and undefining it. Nothing remains
 * afterwards, so another node may be asked again. Each XML must have its own name and uuid: a running domain of that
 * name would become persistent.
 * @param needs what they require of the node, checked in the same call
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
