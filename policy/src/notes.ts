/** What a run could not check, and what it lets pass though it is wrong. Neither is passed over in silence: `placement-report` ends with it. */

import { printable } from "pulumi-seapath-provider";

/** A rule that could not look at something. */
export interface NotChecked {
  rule: string;
  /** What it is about: `web01`, `the cluster`. */
  about: string;
  why: string;
}

const advices = new Set<string>();
const notes = new Map<string, NotChecked>();
/** What was said aloud: once, however many rules it keeps from something. */
const said = new Set<string>();

/** Takes down what is not checked. With `aloud` it is also written where the pack's messages go, at once. */
export function notChecked(note: NotChecked, aloud: boolean): void {
  const { rule, about, why } = note;
  notes.set(JSON.stringify([rule, about, why]), note);
  if (aloud) sayOnce(`not checked for ${about}: ${why}`);
}

/** Takes down what is wrong, was so before, and is about nothing of the stack. It is also written where the pack's messages go. */
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

/** All advice so far, and forgets it. */
export function takeAdvice(): string[] {
  const taken = [...advices];
  advices.clear();
  return taken;
}

/** All that was not checked so far, and forgets it: a sentence for each thing and reason, with the rules that it is about. */
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
