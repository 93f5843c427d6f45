/** An error of a change that could not be undone: Pulumi records what is there, so that the next `up` can heal it. */
export class PartialCreateError extends Error {
  /** The resource's id. With it Pulumi records the resource although its create failed. */
  readonly id: string;
  /** What is recorded; `__provider` has to be among it, or nothing can be done with the resource afterwards. */
  readonly properties: Record<string, unknown>;
  /** What is wrong with it, a sentence each. */
  readonly reasons: readonly string[];

  constructor(id: string, properties: Record<string, unknown>, reasons: readonly string[]) {
    super(reasons.join("\n"));
    this.name = "PartialCreateError";
    this.id = id;
    this.properties = properties;
    this.reasons = reasons;
  }
}
