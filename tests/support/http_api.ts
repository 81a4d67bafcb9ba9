/** Asks a node over HTTP as a plain client does, and reads what it answers. */

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  // deno-lint-ignore no-explicit-any -- tests look into answers of every shape
  readonly body: any;
  readonly text: string;
}

/** Long enough for a loaded machine: a node that does not answer at all fails the test with its own words. */
const ANSWER_TIMEOUT_MS = 60_000;

/** One request; `body` is sent as JSON unless it is text or bytes. */
export async function callApi(
  url: string,
  method: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<ApiAnswer> {
  const response = await fetch(url, {
    method,
    headers,
    body: toBody(body),
    redirect: "manual",
    signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json") ?? false;
  return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : undefined };
}

function toBody(body: unknown): string | Uint8Array<ArrayBuffer> | undefined {
  if (body === undefined || typeof body === "string") return body;
  return body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body);
}

/** An event to publish; what is not given is filled in. */
export interface ApiEvent {
  readonly id: string;
  readonly [attribute: string]: unknown;
}

export const STRUCTURED = { "content-type": "application/cloudevents+json" };
export const BATCH = { "content-type": "application/cloudevents-batch+json" };

export function toStructured(event: ApiEvent): Record<string, unknown> {
  return { specversion: "1.0", source: "/shops/alice", type: "order.placed", ...event };
}
