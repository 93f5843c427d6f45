/** libvirt's domains on one node: read, stop, set aside and restore them. */
import { z } from "zod";
import { ownFolder, type Runner } from "../transport/types";
import { byOwnLink } from "./own-link";
import { LOCAL_URI, libvirtUris, type GuestPlace } from "./place";
import { readAs } from "./answers";
import { runProgram } from "./program";

/** A domain in the libvirt of one node. */
export interface DomainFacts {
  /** Its definition for the next start, without passwords. */
  xml: string;
  /** It is running. */
  active: boolean;
  /** Free bytes in the folder for domains set aside. */
  room: number;
  /** What libvirt stores for it besides its definition, which prevents undefining it. */
  holds: string[];
}

const factsSchema = z
  .object({ xml: z.string(), active: z.boolean(), room: z.number(), holds: z.array(z.string()) })
  .nullable();

/** The folder on a node with the definitions of domains set aside. */
export const asideOf = (runner: Runner): string => ownFolder(runner, "set-aside");

/** The domain with that name on the connected node, or undefined. */
export async function findDomain(runner: Runner, name: string): Promise<DomainFacts | undefined> {
  const answer = await runProgram(
    runner,
    "domains",
    { op: "describe", name, aside: asideOf(runner) },
    { readOnly: true },
  );
  return readAs(factsSchema, answer, "the domains program") ?? undefined;
}

/** Stops a guest immediately, like pulling its plug. Does nothing if it is not running. */
export async function destroyDomain(runner: Runner, name: string, at: GuestPlace): Promise<void> {
  try {
    await runProgram(runner, "domains", { op: "destroy", name, uris: libvirtUris(at) });
  } catch (error) {
    await byOwnLink(runner, error, at.node, "domains", { op: "destroy", name, uris: [LOCAL_URI] }, 90_000);
  }
}

/**
 * Presses the power button of a guest on the connected node.
 * @returns whether it shut down in that time
 */
export async function shutDownDomain(runner: Runner, name: string, seconds: number): Promise<boolean> {
  const request = { op: "shutdown", name, seconds };
  return (await runProgram(runner, "domains", request, { timeoutMs: (seconds + 60) * 1000 })) as boolean;
}

/** Starts a domain on the connected node, unless it is running. */
export async function startDomain(runner: Runner, name: string): Promise<void> {
  await runProgram(runner, "domains", { op: "start", name });
}

/** A domain on the connected node: another domain may have its name by now, but not its uuid. */
export interface DomainId {
  name: string;
  uuid: string;
}

/**
 * Undefines a domain on the connected node and keeps its definition in a file there. Its disks and all its other files
 * stay.
 * @returns the file
 * @throws ProgramError if libvirt would have to delete something for that
 */
export async function setDomainAside(runner: Runner, { name, uuid }: DomainId): Promise<string> {
  return (await runProgram(runner, "domains", { op: "setAside", name, uuid, aside: asideOf(runner) })) as string;
}

/** Defines a domain that was set aside again, unless it is defined. */
export async function putDomainBack(runner: Runner, { name, uuid }: DomainId): Promise<void> {
  await runProgram(runner, "domains", { op: "putBack", name, uuid, aside: asideOf(runner) });
}
