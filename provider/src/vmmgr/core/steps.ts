/** A change as readable steps, each with its undo. */
import { ChangeFailed } from "./errors";

/** One step. Its undo may run when `act` did not finish, and twice: it looks before it acts. */
export interface Step {
  /** Its name, as it follows "…: " in an error: `import the image`. */
  name: string;
  act: () => Promise<unknown>;
  /** Undoes what `act` did. It gets the failure that caused the undo. */
  undo?: (cause: unknown) => Promise<unknown>;
  /** Why it has no undo, for the reader. */
  noUndo?: string;
}

/**
 * Runs the steps in order. If one fails, it and those before it are undone, in reverse order.
 * @param what the beginning of the error: `Unable to create VM "web01" on node1`
 * @throws ChangeFailed with the step, its cause, and what could not be undone
 */
export async function runSteps(what: string, steps: readonly Step[]): Promise<void> {
  for (const [index, step] of steps.entries()) {
    try {
      await step.act();
    } catch (cause) {
      throw new ChangeFailed(what, step.name, cause, await undo(steps.slice(0, index + 1), cause));
    }
  }
}

async function undo(steps: readonly Step[], cause: unknown): Promise<string[]> {
  const left: string[] = [];
  for (const step of [...steps].reverse()) {
    try {
      await step.undo?.(cause);
    } catch (error) {
      left.push(`"${step.name}" could not be undone (${error instanceof Error ? error.message : String(error)})`);
    }
  }
  return left;
}
