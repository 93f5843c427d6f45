// @ts-check
// Requests to a forge: retried within limits if that can help, and never with the token in an error.

/** The maximum number of tries per request. */
const TRIES = 4;

/** The longest wait between two tries. */
const LONGEST_WAIT_MS = 60_000;

/** How long one response may take. */
const DEADLINE_MS = 30_000;

/** The forge did not do what was requested. */
export class ForgeError extends Error {
  /** @param {string} message @param {{ status?: number, cause?: unknown, hint?: string }} [more] */
  constructor(message, { status, cause, hint } = {}) {
    super(hint === undefined ? message : `${message}\n  → ${hint}`, cause === undefined ? undefined : { cause });
    this.status = status;
  }
}

/** @typedef {{ status: number, headers: Headers, body: unknown }} Answer */
/** @typedef {(ms: number) => Promise<void>} Wait */

/** @type {Wait} */
const sleep = (ms) => new Promise((resolve) => void setTimeout(resolve, ms));

/**
 * How long to wait before retrying a request; undefined if a retry is useless, or the request may have succeeded.
 * @param {{ status: number, headers: Headers } | undefined} answer undefined if there was none
 * @param {string} method
 * @param {number} tries so far
 */
export function waitBefore(answer, method, tries) {
  const safe = method === "GET" || method === "PUT" || method === "PATCH";
  const limited = answer !== undefined && (answer.status === 429 || (answer.status === 403 && isLimit(answer.headers)));
  const broken = answer === undefined || answer.status >= 500;
  if (tries >= TRIES || !(limited || (broken && safe))) return undefined;
  return Math.min(retryAfter(answer?.headers.get("retry-after") ?? null) ?? 1000 * 2 ** (tries - 1), LONGEST_WAIT_MS);
}

/** GitHub also answers 403 to too many requests. @param {Headers} headers */
const isLimit = (headers) => headers.has("retry-after") || headers.get("x-ratelimit-remaining") === "0";

/** Seconds, or a date. @param {string | null} value */
function retryAfter(value) {
  if (value === null || value.trim() === "") return undefined;
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

/**
 * A client for a forge.
 * @param {{ base: string, headers: Record<string, string>, wait?: Wait }} to
 */
export function client({ base, headers, wait = sleep }) {
  const root = base.replace(/\/+$/, "");
  /**
   * @param {string} method @param {string} path @param {object | FormData} [body]
   * @returns {Promise<Answer>}
   * @throws {ForgeError}
   */
  async function request(method, path, body) {
    for (let tries = 1; ; tries++) {
      const { answer, cause } = await once(method, `${root}${path}`, headers, body);
      if (answer !== undefined && answer.status < 300) return answer;
      const ms = waitBefore(answer, method, tries);
      if (ms !== undefined) {
        await wait(ms);
        continue;
      }
      const why = answer === undefined ? reason(cause) : `HTTP ${answer.status}${said(answer.body)}`;
      throw new ForgeError(
        `${method} ${root}${path.replace(/\?.*$/, "")}: ${why}${tries > 1 ? `, ${tries} times` : ""}`,
        answer === undefined ? { cause } : { status: answer.status },
      );
    }
  }
  return { request, pages: (/** @type {string} */ path) => pages(request, path) };
}

/** @typedef {ReturnType<typeof client>} Client */

/** @param {string} method @param {string} url @param {Record<string, string>} headers @param {object | FormData} [body] @returns {Promise<{ answer?: Answer, cause?: unknown }>} */
async function once(method, url, headers, body) {
  const isForm = body instanceof FormData;
  try {
    const response = await fetch(url, {
      method,
      headers: { ...headers, ...(body === undefined || isForm ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    const text = await response.text();
    return { answer: { status: response.status, headers: response.headers, body: parsed(text) } };
  } catch (cause) {
    return { cause };
  }
}

/** @param {string} text @returns {unknown} */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text; // a proxy's answer in HTML
  }
}

/** @param {unknown} cause */
function reason(cause) {
  if (!(cause instanceof Error)) return String(cause);
  const inner = cause.cause instanceof Error ? cause.cause.message : "";
  return inner === "" ? cause.message : `${cause.message} (${inner})`;
}

/** @param {unknown} body */
function said(body) {
  const { message, error } = /** @type {{ message?: unknown, error?: unknown }} */ (
    typeof body === "object" && body !== null ? body : {}
  );
  const words = message ?? error;
  return words === undefined ? "" : `: ${(typeof words === "string" ? words : JSON.stringify(words)).slice(0, 300)}`;
}

/** The most pages to read: ten thousand comments. */
const PAGES = 100;

/**
 * All entries of a list, page by page.
 * @param {(method: string, path: string) => Promise<Answer>} request @param {string} path
 * @returns {AsyncGenerator<Record<string, unknown>>}
 */
async function* pages(request, path) {
  for (let page = 1; page <= PAGES; page++) {
    const { body } = await request("GET", `${path}${path.includes("?") ? "&" : "?"}per_page=100&page=${page}`);
    if (!Array.isArray(body)) throw new ForgeError(`GET ${path}: the answer is no list`);
    yield* body;
    if (body.length < 100) return;
  }
}
