/**
 * Collects what a run could not check, and problems that it tolerates. `placement-report` prints both at the end, so
 * that neither goes unnoticed.
 */

import { printable } from "pulumi-seapath-provider";

/** A rule that could not check something. */
export interface NotChecked {
  rule: string;
  /** The subject: `web01`, `the cluster`. */
  about: string;
  why: string;
}

const advices = new Set<string>();
const notes = new Map<string, NotChecked>();
/** Messages already printed. Each is printed once, however many rules it affects. */
const said = new Set<string>();

/** Records something that was not checked. With `aloud`, also prints it at once, where the pack's messages go. */
export function notChecked(note: NotChecked, aloud: boolean): void {
  const { rule, about, why } = note;
  notes.set(JSON.stringify([rule, about, why]), note);
  if (aloud) sayOnce(`not checked for ${about}: ${why}`);
}

/**
 * Records a problem that already existed and does not concern the stack. Also prints it where the pack's messages go.
 */
export function advise(rule: string, message: string): void {
  const text = `${rule}: ${message}`;
  advices.add(text);
  sayOnce(`wrong before this change, and not of this stack: ${text}`);
}

function sayOnce(text: string): void {
  if (said.has(text)) return;
  said.add(text);
  console.error(printable(text));
}

/** Returns all advice so far and clears it. */
export function takeAdvice(): string[] {
  const taken = [...advices];
  advices.clear();
  return taken;
}

/**
 * Returns everything that was not checked so far and clears it: a sentence per subject and reason, with the rules
 * affected.
 */
export function takeNotes(): string[] {
  const taken = [...notes.values()];
  notes.clear();
  return wordsOf(taken);
}

function wordsOf(list: readonly NotChecked[]): string[] {
  const together = new Map<string, { about: string; why: string; rules: string[] }>();
  for (const { rule, about, why } of list) {
    const key = JSON.stringify([about, why]);
    const known = together.get(key) ?? { about, why, rules: [] };
    known.rules.push(rule);
    together.set(key, known);
  }
  return [...together.values()].map(({ about, why, rules }) => `not checked: ${rules.join(", ")} for ${about}: ${why}`);
}
