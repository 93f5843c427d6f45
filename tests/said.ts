/** For docs/failures.md: the reporter keeps what errors a test met, beside that it passed. */
export function said(error: unknown): void {
  const shared = globalThis as { seapathSaid?: string[] };
  shared.seapathSaid?.push(error instanceof Error ? error.message : String(error));
}
