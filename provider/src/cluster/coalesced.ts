/**
 * A read that callers share. A caller gets an answer to a read that began after its request, so it is never stale.
 * Callers during a read share the next one. A burst of any size costs two reads.
 */
export class Coalesced<Request, Answer> {
  readonly #read: (request: Request) => Promise<Answer>;
  readonly #merge: (a: Request, b: Request) => Request;
  #running: Promise<unknown> | undefined;
  #next: { request: Request; answer: Promise<Answer> } | undefined;

  constructor(read: (request: Request) => Promise<Answer>, merge: (a: Request, b: Request) => Request) {
    this.#read = read;
    this.#merge = merge;
  }

  ask(request: Request): Promise<Answer> {
    if (this.#next !== undefined) {
      this.#next.request = this.#merge(this.#next.request, request);
      return this.#next.answer;
    }
    const next = { request, answer: undefined as unknown as Promise<Answer> };
    this.#next = next;
    next.answer = this.#begin(next);
    return next.answer;
  }

  async #begin(next: { request: Request }): Promise<Answer> {
    // Let concurrent callers join before the read begins.
    await new Promise((resolve) => setTimeout(resolve, 5));
    while (this.#running !== undefined) await this.#running.catch(() => undefined);
    this.#next = undefined;
    const answer = this.#read(next.request);
    this.#running = answer;
    try {
      return await answer;
    } finally {
      this.#running = undefined;
    }
  }
}
