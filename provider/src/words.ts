/**
 * What a message says in the words of its reader: inputs, and what to do next. A process speaks to one kind of reader: to who
 * writes a Pulumi program, until the command line says that it is asked by somebody else.
 */
export interface Words {
  /**
   * What an input is called.
   * @param property its path: `source.path`, `metadata.owner`
   * @param noun of what it is an input, as errors name that: `VM`, `disk`, `colocation`
   */
  input(property: string, noun?: string): string;
  /** An input with a value, as one says it: `` `format: "vmdk"` ``. */
  given(property: string, value: string | number | boolean): string;
  /** After "or": what else can be done about something that is there already. @param noun what it is */
  takeOver(noun: "VM" | "snapshot" | "constraint"): string;
  /** A sentence, without its full stop: what to do where a data disk of that number is there already. */
  otherDisk: string;
  /** How a VM is given another disk. */
  giveDisk: string;
  /** Where the domain of a VM is said. */
  domain: string;
  /** After "and": what was asked is asked once more. */
  again: string;
  /** A clause: what is not done yet is done when it is asked once more. */
  goesOn: string;
  /** A sentence: what becomes of what a change has left behind. */
  heals: string;
  /** A sentence: what to do when something is gone. */
  gone: string;
  /** A sentence: where the guests' key is to be had. */
  guestKey: string;
}

/** Those of a program. */
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

/** The words that hold. They are asked for when a message is made, never before. */
export const words = (): Words => spoken;

/** Has this process speak so from now on. */
export function speak(to: Words): void {
  spoken = to;
}
