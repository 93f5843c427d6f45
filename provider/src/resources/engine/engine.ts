/**
 * A provider as Pulumi's host of dynamic providers is to call it, so that a person reads each thing once. That host prints an
 * error of a check, a diff, a read or a delete together with its stack, and then hands it to the engine, which prints it
 * again. And the engine puts a property's value in front of what a check has against it: an `xml` as a whole, a secret
 * in clear, and `{<nil>}` for all that is nested.
 */
import type { dynamic } from "@pulumi/pulumi";
import { ConnectionError } from "../../vmmgr";
import { Causes } from "./causes";
import type { Raw } from "./values";

type Provider = dynamic.ResourceProvider<Raw, Raw>;

/** A mistake in this package and not in what it was asked: its stack is all that there is to go by. */
const isMistake = ({ cause }: { cause?: unknown }): boolean =>
  [TypeError, RangeError, ReferenceError, SyntaxError].some((kind) => cause instanceof kind);

/** What a check refuses, of the resource as a whole: only so does the engine leave out the value. */
const ofResource = ({ property, reason }: dynamic.CheckFailure): dynamic.CheckFailure => ({
  property: "",
  reason: property === "" ? reason : `property ${property}: ${reason}`,
});

/** What the host is about to print, and how often: the engine prints it anyway. */
const pending = new Map<string, number>();
let listening = false;

/** Lets the host's own print of an error pass unseen, by the very text of it. */
function saidOnce(error: Error): Error {
  error.stack = error.toString();
  const text = `${error.toString()}: ${error.stack}`;
  pending.set(text, (pending.get(text) ?? 0) + 1);
  if (!listening) {
    const print = console.error;
    console.error = (...words: unknown[]) => {
      const left = words.length === 1 ? pending.get(words[0] as string) : undefined;
      if (left === undefined) return print(...words);
      if (left === 1) pending.delete(words[0] as string);
      else pending.set(words[0] as string, left - 1);
    };
    listening = true;
  }
  return error;
}

const causes = new Causes();

/** Runs a call. An error of it is said once, and shortly where another resource has said why. */
async function saying<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof Error && error.cause instanceof ConnectionError) error.message = causes.words(error.cause);
    throw error;
  }
}

async function quietly<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await saying(act);
  } catch (error) {
    throw error instanceof Error && !isMistake(error) ? saidOnce(error) : error;
  }
}

/** @param provider whose errors are made for people already, see `shown` */
export function forEngine({ check, diff, create, read, update, delete: remove, ...rest }: Provider): Provider {
  return {
    ...rest,
    create: (inputs) => saying(() => create(inputs)),
    ...(update && { update: (id, olds, news) => saying(() => update(id, olds, news)) }),
    ...(check && {
      check: async (olds, news) => {
        try {
          const { failures = [], ...answer } = await saying(() => check(olds, news));
          return { ...answer, failures: failures.map(ofResource) };
        } catch (error) {
          if (!(error instanceof Error) || isMistake(error)) throw error;
          return { inputs: news, failures: [{ property: "", reason: error.message }] };
        }
      },
    }),
    ...(diff && { diff: (id, olds, news) => quietly(() => diff(id, olds, news)) }),
    ...(read && { read: (id, props) => quietly(() => read(id, props)) }),
    ...(remove && { delete: (id, props) => quietly(() => remove(id, props)) }),
  };
}
