/** An error of a change that could not be undone: Pulumi records what exists, so that the next `up` can repair it. */
export class PartialCreateError extends Error {
  /** The resource's id. With it, Pulumi records the resource although its create failed. */
  readonly id: string;
  /** The recorded state; it must include `__provider`, or the resource is unusable afterwards. */
  readonly properties: Record<string, unknown>;
  /** What is wrong with it, one sentence each. */
  readonly reasons: readonly string[];

  constructor(id: string, properties: Record<string, unknown>, reasons: readonly string[]) {
    super(reasons.join("\n"));
    this.name = "PartialCreateError";
    this.id = id;
    this.properties = properties;
    this.reasons = reasons;
  }
}
