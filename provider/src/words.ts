/**
 * The wording of messages for their reader: input names and next steps. A process addresses one kind of reader: authors
 * of Pulumi programs, unless the command line sets its own wording.
 */
export interface Words {
  /**
   * The name of an input.
   * @param property its path: `source.path`, `metadata.owner`
   * @param noun what it is an input of, as errors name that: `VM`, `disk`, `colocation`
   */
  input(property: string, noun?: string): string;
  /** An input with its value: `` `format: "vmdk"` ``. */
  given(property: string, value: string | number | boolean): string;
  /** Follows "or": the alternative if something already exists. @param noun what exists */
  takeOver(noun: "VM" | "snapshot" | "constraint"): string;
  /** A sentence without its full stop: what to do if a data disk of that number already exists. */
  otherDisk: string;
  /** How to give a VM another disk. */
  giveDisk: string;
  /** The inputs that define a VM's domain. */
  domain: string;
  /** Follows "and": how to repeat the request. */
  again: string;
  /** A clause: the next request finishes the rest. */
  goesOn: string;
  /** A sentence: what happens to the leftovers of a change. */
  heals: string;
  /** A sentence: what to do if something is gone. */
  gone: string;
  /** A sentence: where to find the guests' key. */
  guestKey: string;
}

/** The wording for programs. */
export const PROGRAM: Words = {
  input: (property) => property,
  given: (property, value) => `\`${property.split(".").at(-1)}: ${JSON.stringify(value)}\``,
  takeOver: () => "take it over with `adopt: true`",
  otherDisk: "Leave `index` out for the next one, or take that disk over with `adopt: true`",
  giveDisk: "seapath.Disk",
  domain: "`xml` or `domain`",
  again: "run `pulumi up` again",
  goesOn: "the next `pulumi up` goes on",
  heals: "`pulumi up` heals what was left, `pulumi destroy` removes it.",
  gone: "Run `pulumi refresh`; the next `pulumi up` makes it anew.",
  guestKey: "The secret output `authkey` of seapath.RemoteKey is that key in base64.",
};

let spoken = PROGRAM;

/** The current wording. Look it up when a message is built, never earlier. */
export const words = (): Words => spoken;

/** Sets the wording of this process. */
export function speak(to: Words): void {
  spoken = to;
}
