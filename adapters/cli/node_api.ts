/** A node's HTTP API as commands use it: with deadlines, and with errors that have an exit code. */

import { type Client, connect, WeftError } from "../client/mod.ts";
import type { CommandContext } from "./command.ts";
import { CommandError, ExitCode, UsageError } from "./exit_codes.ts";
import { parseJson } from "./parse_json.ts";
import { createFetch } from "./trusting_fetch.ts";

const URL_DEFAULT = "http://127.0.0.1:7700";
const TIMEOUT_DEFAULT_MS = 10_000;

/** No answer came from there. */
export class UnreachableError extends CommandError {
  override readonly name = "UnreachableError";

  constructor(url: string, cause: unknown) {
    const reason = reasonOf(cause);
    super(ExitCode.unreachable, `Cannot reach a node at "${url}": ${reason}; ${wayOutOf(reason)}`, { cause });
  }
}

export class TimeoutError extends CommandError {
  override readonly name = "TimeoutError";

  constructor(message: string) {
    super(ExitCode.timeout, message);
  }
}

export interface NodeAnswer {
  readonly status: number;
  /** As it came. */
  readonly text: string;
  // deno-lint-ignore no-explicit-any -- answers of every shape; contracts are the node's
  readonly body: any;
}

export interface NodeRequest {
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON unless it is text or bytes. */
  readonly body?: unknown;
  /** Statuses beside 2xx that are answers, not errors. */
  readonly expect?: readonly number[];
  /** Longer than usual, for requests that wait by design. */
  readonly waitMs?: number;
}

export interface NodeApi {
  readonly url: string;
  /** Streams: no deadline, and lost connections are made again. */
  readonly client: Client;
  /** Rejects with `WeftError`, `UnreachableError`, `TimeoutError`, or a `CommandError` when interrupted. */
  request(method: string, path: string, request?: NodeRequest): Promise<NodeAnswer>;
  /** The body as it comes, without a deadline. */
  open(path: string, request?: NodeRequest): Promise<ReadableStream<Uint8Array>>;
}

/** `onDisconnect`: a request of `client` failed; it is about to try again. */
export function createNodeApi(
  { args, terminal }: CommandContext,
  { onDisconnect }: { readonly onDisconnect?: (reason: string) => void } = {},
): NodeApi {
  const url = toNodeUrl(args.text("url") ?? (terminal.environment.WEFT_URL || undefined) ?? URL_DEFAULT);
  const token = args.text("token") ?? (terminal.environment.WEFT_TOKEN || undefined);
  const fetchFrom = createFetch(args.text("ca") ?? (terminal.environment.WEFT_CA || undefined));
  const timeoutMs = args.number("timeout") ?? TIMEOUT_DEFAULT_MS;
  const { interrupted } = terminal;

  const send = async (method: string, path: string, request: NodeRequest, signal: AbortSignal) => {
    const { body, headers } = toContent(request);
    if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
    const response = await fetchFrom(`${url}${path}${toQuery(request.query)}`, { method, headers, body, signal });
    if (response.ok || request.expect?.includes(response.status)) return response;
    throw new WeftError(response.status, await readProblem(response));
  };

  return {
    url,
    client: connect(url, {
      token,
      fetch: (async (...parameters: Parameters<typeof fetch>) => {
        try {
          return await fetchFrom(...parameters);
        } catch (error) {
          if (!interrupted.aborted) onDisconnect?.(reasonOf(error));
          throw error;
        }
      }) as typeof fetch,
    }),
    request: async (method, path, request = {}) => {
      const limitMs = timeoutMs + (request.waitMs ?? 0);
      const late = AbortSignal.timeout(limitMs);
      try {
        const response = await send(method, path, request, AbortSignal.any([interrupted, late]));
        const text = await response.text();
        const isJson = response.headers.get("content-type")?.includes("json") ?? false;
        return { status: response.status, text, body: isJson ? parseJson(text) : undefined };
      } catch (error) {
        if (error instanceof WeftError) throw error;
        if (interrupted.aborted) throw new CommandError(ExitCode.interrupted, "Interrupted");
        if (!late.aborted) throw new UnreachableError(url, error);
        throw new TimeoutError(`Cannot ${method} "${url}${path}": no answer within ${limitMs} ms; raise --timeout`);
      }
    },
    open: async (path, request = {}) => {
      try {
        return (await send("GET", path, request, interrupted)).body!;
      } catch (error) {
        if (error instanceof WeftError) throw error;
        if (interrupted.aborted) throw new CommandError(ExitCode.interrupted, "Interrupted");
        throw new UnreachableError(url, error);
      }
    },
  };
}

/** `http://host:port`, also from `host:port`, `:port` and `port`. Throws `UsageError`. */
export function toNodeUrl(text: string): string {
  const full = /^\d+$/.test(text)
    ? `http://127.0.0.1:${text}`
    : text.startsWith(":")
    ? `http://127.0.0.1${text}`
    : /^https?:\/\//i.test(text)
    ? text
    : `http://${text}`;
  const url = URL.canParse(full) ? new URL(full) : undefined;
  if (url === undefined) {
    throw new UsageError(`Cannot use node "${text}": it is no URL; write it as ${URL_DEFAULT}`, "");
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}

function toContent({ body, headers }: NodeRequest): { headers: Headers; body: BodyInit | undefined } {
  const all = new Headers(headers);
  if (body === undefined) return { headers: all, body: undefined };
  if (!all.has("content-type")) all.set("content-type", "application/json");
  if (typeof body === "string") return { headers: all, body };
  return { headers: all, body: body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body) };
}

function toQuery(query: NodeRequest["query"] = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text === "" ? "" : `?${text}`;
}

async function readProblem(response: Response): Promise<Record<string, unknown>> {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return { detail: `the node answered ${response.status}: ${text.slice(0, 200)}` };
  }
}

const NO_HTTP = "what listens there does not speak HTTP";
const NO_TLS = "what listens there does not speak TLS";

function wayOutOf(reason: string): string {
  if (reason === NO_HTTP) {
    return "name the port of a node for HTTP (7700), not the one for NATS, with --url or WEFT_URL";
  }
  if (reason === NO_TLS) return "write http:// instead of https://, or give the node a certificate (tls)";
  if (/certificate|issuer|self.signed/i.test(reason)) return "name the file of its authority with --ca or WEFT_CA";
  return "start one with `weft node`, or name another with --url or WEFT_URL";
}

/** The words of runtimes for the same thing differ; the innermost cause says most. */
function reasonOf(error: unknown): string {
  let deepest = error;
  while (deepest instanceof Error && deepest.cause instanceof Error) deepest = deepest.cause;
  const { code, message } = deepest as { code?: unknown; message?: unknown };
  const words = `${code} ${message}`;
  if (/refused/i.test(words)) return "connection refused";
  if (/malformed.http|unexpected message|invalid HTTP/i.test(words)) return NO_HTTP;
  if (/EPROTO|InvalidContentType/.test(words)) return NO_TLS;
  return String(message ?? deepest).replace(/\. For more information, pass `verbose.*$/, "");
}
