/**
 * Ownership of things on the cluster. Stacks, projects and resources can be renamed: what the state knows as its own
 * stays its own.
 */

/** The owner that a request comes from. */
export interface Owned {
  owner?: string;
  /** The owner in the state, if it has a different name. */
  formerOwner?: string;
}

/** Whether something carries the mark of the requesting owner. */
export const isOwned = (found: string | undefined, { owner, formerOwner }: Owned): boolean =>
  found !== undefined && (found === owner || found === formerOwner);
