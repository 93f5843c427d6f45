/** libvirt's domains on one node: looked at, ended, set aside and put back. */
import { z } from "zod";
import type { Runner } from "../transport/types";
import { readAs } from "./answers";
import { runProgram } from "./program";

/** A domain as libvirt on one node has it. */
export interface DomainFacts {
  /** What it is when it is started next, without passwords. */
  xml: string;
  /** It runs. */
  active: boolean;
}

/** Where a guest runs: the node that is asked, or another one, which libvirt reaches by its own SSH. */
export interface DomainPlace {
  node: string;
  asked: string;
  user: string;
}

/** libvirt's address of a node as the one that is asked sees it. */
export const libvirtUri = (at: DomainPlace): string =>
  at.node === at.asked ? "qemu:///system" : `qemu+ssh://${at.user}@${at.node}/system?no_tty=1`;

const factsSchema = z.object({ xml: z.string(), active: z.boolean() }).nullable();

/** The domain of a name on the node that is asked, or undefined. */
export async function findDomain(runner: Runner, name: string): Promise<DomainFacts | undefined> {
  const answer = await runProgram(runner, "domains", { op: "describe", name }, { readOnly: true });
  return readAs(factsSchema, answer, "the domains program") ?? undefined;
}

/** Ends a guest at once, as pulling its plug would. Nothing happens where it does not run. */
export async function destroyDomain(runner: Runner, name: string, at: DomainPlace): Promise<void> {
  await runProgram(runner, "domains", { op: "destroy", name, uri: libvirtUri(at) });
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

/**
 * Undefines a domain of the node that is asked, and keeps its definition there in a file. Its disks stay.
 * @returns the file
 */
export async function setDomainAside(runner: Runner, name: string): Promise<string> {
  return (await runProgram(runner, "domains", { op: "setAside", name })) as string;
}

/** Defines again what was set aside, unless it is defined. */
export async function putDomainBack(runner: Runner, name: string): Promise<void> {
  await runProgram(runner, "domains", { op: "putBack", name });
}
