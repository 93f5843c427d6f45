/**
 * A small stand-in for the parts of GitHub's and GitLab's APIs that previews in CI use. It implements the routes in
 * this file and records every other request: a test checks `unexpected` at the end.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A text on the forge: a comment, a note, an issue. */
export interface Entry {
  id: number;
  author: string;
  title?: string;
  body: string;
  state?: string;
  notes?: string[];
}

/** Users by token. As on the real forge, GitHub's job token cannot query its own user. */
export const TOKENS = { githubJob: "ghs-token-of-the-job", gitlab: "glpat-token-of-the-bot" };
const GITHUB_BOT = "github-actions[bot]";
const GITLAB_BOT = "project_7_bot";

type Reply = { status: number; body?: unknown; headers?: Record<string, string> };
type Handler = (
  match: RegExpExecArray,
  asked: { body: Record<string, unknown>; raw: string; query: URLSearchParams },
) => Reply;

export class StandIn {
  readonly #server: Server;
  /** Requests that no forge would accept from us. */
  readonly unexpected: string[] = [];
  /** All requests, as `METHOD /path`. */
  readonly asked: string[] = [];
  /** Replies to the next requests, instead of the usual ones. */
  readonly next: Reply[] = [];
  readonly comments: Entry[] = [];
  readonly issues: Entry[] = [];
  readonly uploads: string[] = [];
  #ids = 1000;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        this.unexpected.push(String(error));
        response.writeHead(500).end();
      });
    });
  }

  static async start(): Promise<StandIn> {
    const made = new StandIn();
    await new Promise<void>((resolve) => made.#server.listen(0, "127.0.0.1", resolve));
    return made;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  /** Adds a user's comment. */
  write(author: string, body: string): Entry {
    const entry = { id: ++this.#ids, author, body };
    this.comments.push(entry);
    return entry;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const raw = Buffer.concat(chunks).toString();
    const url = new URL(request.url ?? "", this.url);
    const line = `${request.method} ${url.pathname}`;
    this.asked.push(line);
    const { status, body, headers } = this.next.shift() ?? this.#route(request, line, url, raw);
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body ?? {}));
  }

  #route(request: IncomingMessage, line: string, url: URL, raw: string): Reply {
    const github = url.pathname.startsWith("/github/");
    const token = github ? request.headers.authorization : request.headers["private-token"];
    if (token !== (github ? `Bearer ${TOKENS.githubJob}` : TOKENS.gitlab))
      return { status: 401, body: { message: "Bad credentials" } };
    for (const [pattern, handler] of github ? this.#github : this.#gitlab) {
      const match = pattern.exec(line);
      if (match === null) continue;
      const isJson = request.headers["content-type"] === "application/json";
      return handler(match, {
        body: isJson ? (JSON.parse(raw) as Record<string, unknown>) : {},
        raw,
        query: url.searchParams,
      });
    }
    this.unexpected.push(line);
    return { status: 404, body: { message: "Not Found" } };
  }

  readonly #github: [RegExp, Handler][] = [
    [/^GET \/github\/user$/, () => ({ status: 403, body: { message: "Resource not accessible by integration" } })],
    [
      /^GET \/github\/repos\/grid\/platform\/issues\/12\/comments$/,
      (_, { query }) => page(this.comments.map(asGithub), query),
    ],
    [
      /^POST \/github\/repos\/grid\/platform\/issues\/12\/comments$/,
      (_, { body }) => written(body["body"], 65_536, () => asGithub(this.write(GITHUB_BOT, String(body["body"])))),
    ],
    [
      /^PATCH \/github\/repos\/grid\/platform\/issues\/comments\/(\d+)$/,
      ([, id], { body }) => change(this.comments, id, 65_536, { body: body["body"] }),
    ],
    [
      /^GET \/github\/repos\/grid\/platform\/issues$/,
      (_, { query }) => page(this.issues.filter(({ state }) => state === query.get("state")).map(asGithub), query),
    ],
    [
      /^POST \/github\/repos\/grid\/platform\/issues$/,
      (_, { body }) =>
        written(body["body"], 65_536, () => asGithub(this.#open(GITHUB_BOT, body["title"], body["body"]))),
    ],
    [
      /^PATCH \/github\/repos\/grid\/platform\/issues\/(\d+)$/,
      ([, id], { body }) => change(this.issues, id, 65_536, body),
    ],
    [
      /^POST \/github\/repos\/grid\/platform\/issues\/(\d+)\/comments$/,
      ([, id], { body }) => this.#note(id, body["body"]),
    ],
  ];

  readonly #gitlab: [RegExp, Handler][] = [
    [/^GET \/gitlab\/user$/, () => ({ status: 200, body: { username: GITLAB_BOT } })],
    [
      /^GET \/gitlab\/projects\/7\/merge_requests\/3\/notes$/,
      (_, { query }) => page(this.comments.map(asGitlab), query),
    ],
    [
      /^POST \/gitlab\/projects\/7\/merge_requests\/3\/notes$/,
      (_, { body }) => written(body["body"], 1_000_000, () => asGitlab(this.write(GITLAB_BOT, String(body["body"])))),
    ],
    [
      /^PUT \/gitlab\/projects\/7\/merge_requests\/3\/notes\/(\d+)$/,
      ([, id], { body }) => change(this.comments, id, 1_000_000, { body: body["body"] }),
    ],
    [
      /^POST \/gitlab\/projects\/7\/uploads$/,
      (_, { raw }) => {
        if (!/name="file"; filename="plan\.svg"[\s\S]*<svg /.test(raw))
          return { status: 400, body: { error: "file is missing" } };
        this.uploads.push(raw);
        const path = `/uploads/${String(this.uploads.length).padStart(32, "0")}/plan.svg`;
        return { status: 201, body: { alt: "plan", url: path, markdown: `![plan](${path})` } };
      },
    ],
    [
      /^GET \/gitlab\/projects\/7\/issues$/,
      (_, { query }) =>
        page(
          this.issues.filter(({ state }) => query.get("state") === "opened" && state === "open").map(asGitlab),
          query,
        ),
    ],
    [
      /^POST \/gitlab\/projects\/7\/issues$/,
      (_, { body }) =>
        written(body["description"], 1_000_000, () =>
          asGitlab(this.#open(GITLAB_BOT, body["title"], body["description"])),
        ),
    ],
    [
      /^PUT \/gitlab\/projects\/7\/issues\/(\d+)$/,
      ([, id], { body }) =>
        change(this.issues, id, 1_000_000, {
          ...(body["state_event"] === "close" ? { state: "closed" } : {}),
          ...(body["description"] === undefined ? {} : { body: body["description"] }),
        }),
    ],
    [/^POST \/gitlab\/projects\/7\/issues\/(\d+)\/notes$/, ([, id], { body }) => this.#note(id, body["body"])],
  ];

  #open(author: string, title: unknown, body: unknown): Entry {
    const entry: Entry = {
      id: ++this.#ids,
      author,
      title: String(title),
      body: String(body),
      state: "open",
      notes: [],
    };
    this.issues.push(entry);
    return entry;
  }

  #note(id: string | undefined, body: unknown): Reply {
    const issue = this.issues.find((each) => String(each.id) === id);
    if (issue === undefined) return { status: 404 };
    issue.notes?.push(String(body));
    return { status: 201 };
  }
}

function change(entries: Entry[], id: string | undefined, limit: number, fields: Record<string, unknown>): Reply {
  const entry = entries.find((each) => String(each.id) === id);
  if (entry === undefined) return { status: 404 };
  return written(
    fields["body"] ?? "-",
    limit,
    () => {
      for (const key of ["title", "body", "state"] as const) {
        const value = fields[key];
        if (typeof value === "string") entry[key] = value;
      }
      return {};
    },
    200,
  );
}

function written(body: unknown, limit: number, make: () => unknown, status = 201): Reply {
  if (typeof body !== "string" || body === "") return { status: 422, body: { message: "body can't be blank" } };
  if (body.length > limit)
    return { status: 422, body: { message: `body is too long (maximum is ${limit} characters)` } };
  return { status, body: make() };
}

function page(entries: unknown[], query: URLSearchParams): Reply {
  const size = Math.min(Number(query.get("per_page") ?? 30), 100);
  const from = (Number(query.get("page") ?? 1) - 1) * size;
  return { status: 200, body: entries.slice(from, from + size) };
}

const asGithub = ({ id, author, title, body, state }: Entry) => ({
  id,
  number: id,
  user: { login: author },
  title,
  body,
  state,
});
const asGitlab = ({ id, author, title, body }: Entry) => ({
  id,
  iid: id,
  author: { username: author },
  title,
  body,
  description: body,
  system: false,
});
