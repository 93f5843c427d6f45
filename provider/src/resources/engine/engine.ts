/**
 * Adapts a provider for Pulumi's host of dynamic providers, so that the user reads each message once. The host prints
 * an error of a check, a diff, a read or a delete with its stack, and passes it to the engine, which prints it again.
 * And the engine puts a property's value in front of a check failure: a whole `xml`, a secret in clear, and `{<nil>}`
 * for everything nested.
 */
import type { dynamic } from "@pulumi/pulumi";
import { ConnectionError } from "../../vmmgr";
import { Causes } from "./causes";
import type { Raw } from "./values";

type Provider = dynamic.ResourceProvider<Raw, Raw>;

/** A bug in this package rather than a bad request: its stack is the only clue. */
const isMistake = ({ cause }: { cause?: unknown }): boolean =>
  [TypeError, RangeError, ReferenceError, SyntaxError].some((kind) => cause instanceof kind);

/** Attributes a check failure to the whole resource: only then does the engine leave out the value. */
const ofResource = ({ property, reason }: dynamic.CheckFailure): dynamic.CheckFailure => ({
  property: "",
  reason: property === "" ? reason : `property ${property}: ${reason}`,
});

/** The texts that the host is about to print, and how often: the engine prints them anyway. */
const pending = new Map<string, number>();
let listening = false;

/** Suppresses the host's own print of an error, recognized by its exact text. */
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

/** Runs a call. Its error is reported once, and in short form if another resource has given the reason. */
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

/** @param provider whose errors are already readable, see `shown` */
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
