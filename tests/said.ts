/** For docs/failures.md: the reporter records the errors that a test saw, and whether it passed. */
export function said(error: unknown): void {
  const shared = globalThis as { seapathSaid?: string[] };
  shared.seapathSaid?.push(error instanceof Error ? error.message : String(error));
}
