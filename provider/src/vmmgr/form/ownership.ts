/** Whose something on the cluster is. A stack, a project and a resource can be renamed: what the state knows as its own stays so. */

/** Who asks for something. */
export interface Owned {
  owner?: string;
  /** Whose it was by the state, where that is another name. */
  formerOwner?: string;
}

/** Whether something carries the mark of who asks. */
export const isOwned = (found: string | undefined, { owner, formerOwner }: Owned): boolean =>
  found !== undefined && (found === owner || found === formerOwner);
