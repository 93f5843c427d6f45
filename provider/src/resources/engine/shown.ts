/** Errors on their way to the engine: what the user reads, and what is recorded. */
import { describeError, told } from "../../errors";
import { ChangeFailed } from "../../vmmgr";
import { PartialCreateError } from "./errors";

/** Adds the next step to the message, since the engine shows nothing else. */
export async function shown<T>(act: () => Promise<T>): Promise<T> {
  try {
    return refusedInPrint(await act());
  } catch (error) {
    if (error instanceof PartialCreateError) throw error;
    throw new Error(describeError(error), { cause: error });
  }
}

/** The engine prints check failures unchanged, and they may quote untrusted text. */
function refusedInPrint<T>(answer: T): T {
  const { failures } = (answer ?? {}) as { failures?: { property: string; reason: string }[] };
  return failures === undefined
    ? answer
    : {
        ...answer,
        failures: failures.map(({ property, reason }) => ({ property: told(property), reason: told(reason) })),
      };
}

/**
 * An error that left something behind becomes one that Pulumi records; any other error leaves no trace in the state.
 */
export function recorded(error: unknown, id: string, properties: Record<string, unknown>): unknown {
  if (!(error instanceof ChangeFailed) || error.left.length === 0) return error;
  return new PartialCreateError(id, properties, [describeError(error)]);
}
