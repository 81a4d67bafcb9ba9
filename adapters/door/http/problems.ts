/** Turns errors into RFC 9457 problem documents. */

import {
  CodecError,
  InvalidPatternError,
  InvalidTopicError,
  RefusedError,
  StoreClosedError,
  StoreFailedError,
  StoreFullError,
} from "../../../node/mod.ts";
import { type Code, findProblemCode, PROBLEM_CODES } from "./problem_codes.ts";

/** RFC 9457 §3, with `code` and whatever further members the error has (`path`, `position`, `limit`, `errors` …). */
export interface Problem {
  /** `urn:weft:error:<CODE>`: stable, compared as text, not to be fetched. */
  readonly type: string;
  readonly code: string;
  readonly title: string;
  readonly status: number;
  /** What happened, with the value, why, and what to do. */
  readonly detail: string;
  readonly [member: string]: unknown;
}

/** What a door does beside answering. */
export interface ProblemHooks {
  /** An error of which the client is told nothing: a defect, or a failure of the store. For the log. */
  readonly onFailure: (error: unknown) => void;
  /** A problem is about to be answered. For the metrics. */
  readonly onProblem?: (code: string) => void;
}

/** The answer to a request that ended with `error`. */
export function toProblem(error: unknown, hooks: ProblemHooks): Response {
  return toProblemResponse(describeProblem(error, hooks));
}

/** The same as a value, for doors that have no HTTP status line (WebSocket messages, NATS replies). */
export function describeProblem(error: unknown, hooks: ProblemHooks): Problem {
  const document = toDocument(error, hooks.onFailure);
  hooks.onProblem?.(document.code);
  return document;
}

function toDocument(error: unknown, onFailure: ProblemHooks["onFailure"]): Problem {
  if (error instanceof RefusedError && findProblemCode(error.code) !== undefined) {
    return problem(error.code as Code, error.message, error.fields);
  }
  if (error instanceof CodecError) return problem(error.code, error.detail, codecMembers(error));
  if (error instanceof InvalidTopicError) return problem("INVALID_TOPIC", error.message);
  if (error instanceof InvalidPatternError) return problem("INVALID_PATTERN", error.message);
  if (error instanceof StoreFullError) {
    return problem("STORE_FULL", error.message, { full: error.full, retryAfterMs: error.retryAfterMs });
  }
  if (error instanceof StoreClosedError) {
    return problem("STORE_CLOSED", "Cannot serve: the node is stopping; try again");
  }
  onFailure(error);
  // Messages of the store and of defects may name files and queries: they are for the log alone.
  if (error instanceof StoreFailedError) {
    return problem("STORE_FAILED", "Cannot serve: the store failed; look into the log of the node for the reason");
  }
  return problem("INTERNAL", "Cannot serve: something failed inside the node; look into its log for the reason");
}

/** A problem as a response, with the headers that its status asks for. */
export function toProblemResponse(document: Problem): Response {
  const headers: Record<string, string> = { "content-type": "application/problem+json" };
  const { status } = document;
  if (status === 401 || status === 403) addChallenge(headers, document);
  if (status === 405 && Array.isArray(document.allow)) headers.allow = document.allow.join(", ");
  if (status === 429 || status === 503) headers["retry-after"] = String(retryAfterSeconds(document));
  // The rest of a body that nobody will read must not be taken for the next request.
  if (status === 408) headers.connection = "close";
  return new Response(JSON.stringify(document), { status, headers });
}

function problem(code: Code, detail: string, members: Readonly<Record<string, unknown>> = {}): Problem {
  const { status, title } = PROBLEM_CODES[code];
  return { ...members, type: `urn:weft:error:${code}`, code, title, status, detail };
}

function codecMembers({ attribute, position, index, limit, errors }: CodecError): Record<string, unknown> {
  return {
    attribute,
    position,
    index,
    limit,
    errors: errors?.map((error) => ({ code: error.code, detail: error.detail, ...codecMembers(error) })),
  };
}

// RFC 6750 §3: no error code when the request had no credentials at all.
function addChallenge(headers: Record<string, string>, { code, reason, scope }: Problem): void {
  const realm = 'Bearer realm="weft"';
  if (code === "UNAUTHENTICATED") {
    headers["www-authenticate"] = reason === "missing" ? realm : `${realm}, error="invalid_token"`;
  } else if (code === "FORBIDDEN") {
    const needed = scope === undefined ? "" : `, scope="${toQuotable(scope)}"`;
    headers["www-authenticate"] = `${realm}, error="insufficient_scope"${needed}`;
  }
}

// A topic may hold what a quoted-string, or a header at all, cannot.
function toQuotable(scope: unknown): string {
  return String(scope).replace(/[^\x21\x23-\x5b\x5d-\x7e]/gu, encodeURIComponent);
}

function retryAfterSeconds({ code, retryAfterMs }: Problem): number {
  const delayMs = typeof retryAfterMs === "number" ? retryAfterMs : findProblemCode(code)?.retryAfterMs ?? 1000;
  return Math.max(1, Math.ceil(delayMs / 1000));
}
