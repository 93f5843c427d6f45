/** libvirt's domains on one node: looked at, ended, set aside and put back. */
import { z } from "zod";
import { ownFolder, type Runner } from "../transport/types";
import { byOwnLink } from "./own-link";
import { LOCAL_URI, libvirtUris, type GuestPlace } from "./place";
import { readAs } from "./answers";
import { runProgram } from "./program";

/** A domain as libvirt on one node has it. */
export interface DomainFacts {
  /** What it is when it is started next, without passwords. */
  xml: string;
  /** It runs. */
  active: boolean;
  /** Bytes that are free where it would be set aside. */
  room: number;
  /** What libvirt keeps of it beside its definition: it is not undefined as long as that is there. */
  holds: string[];
}

const factsSchema = z
  .object({ xml: z.string(), active: z.boolean(), room: z.number(), holds: z.array(z.string()) })
  .nullable();

/** Where on a node the definitions lie of domains that were set aside. */
export const asideOf = (runner: Runner): string => ownFolder(runner, "set-aside");

/** The domain of a name on the node that is asked, or undefined. */
export async function findDomain(runner: Runner, name: string): Promise<DomainFacts | undefined> {
  const answer = await runProgram(
    runner,
    "domains",
    { op: "describe", name, aside: asideOf(runner) },
    { readOnly: true },
  );
  return readAs(factsSchema, answer, "the domains program") ?? undefined;
}

/** Ends a guest at once, as pulling its plug would. Nothing happens where it does not run. */
export async function destroyDomain(runner: Runner, name: string, at: GuestPlace): Promise<void> {
  try {
    await runProgram(runner, "domains", { op: "destroy", name, uris: libvirtUris(at) });
  } catch (error) {
    await byOwnLink(runner, error, at.node, "domains", { op: "destroy", name, uris: [LOCAL_URI] }, 90_000);
  }
}

/**
 * Presses the power button of a guest of the node that is asked.
 * @returns whether it has ended in that time
 */
export async function shutDownDomain(runner: Runner, name: string, seconds: number): Promise<boolean> {
  const request = { op: "shutdown", name, seconds };
  return (await runProgram(runner, "domains", request, { timeoutMs: (seconds + 60) * 1000 })) as boolean;
}

/** Starts a domain of the node that is asked, unless it runs. */
export async function startDomain(runner: Runner, name: string): Promise<void> {
  await runProgram(runner, "domains", { op: "start", name });
}

/** A domain of the node that is asked: its name may be another's by now, its uuid is not. */
export interface DomainId {
  name: string;
  uuid: string;
}

/**
 * Undefines a domain of the node that is asked, and keeps its definition there in a file. Its disks stay, and all other files
 * of its own.
 * @returns the file
 * @throws ProgramError when libvirt would have to delete something for that
 */
export async function setDomainAside(runner: Runner, { name, uuid }: DomainId): Promise<string> {
  return (await runProgram(runner, "domains", { op: "setAside", name, uuid, aside: asideOf(runner) })) as string;
}

/** Defines again what was set aside, unless it is defined. */
export async function putDomainBack(runner: Runner, { name, uuid }: DomainId): Promise<void> {
  await runProgram(runner, "domains", { op: "putBack", name, uuid, aside: asideOf(runner) });
}
