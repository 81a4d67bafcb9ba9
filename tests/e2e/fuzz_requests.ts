/** Requests that are nearly right, and bytes that are nearly requests, from a seed. */

import { toStructured } from "../support/http_api.ts";
import type { SeededRandom } from "../support/seeded_random.ts";

export interface FuzzedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array<ArrayBuffer> | undefined;
}

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"];

const PATHS = [
  "/",
  "/v1",
  "/v1/events",
  "/v1/topics/order.placed",
  "/v1/topics",
  "/v1/subscriptions",
  "/v1/subscriptions/audit",
  "/v1/subscriptions/audit/pull",
  "/v1/subscriptions/audit/ack",
  "/v1/subscriptions/audit/seek",
  "/v1/dead-letters",
  "/v1/dead-letters/redrive",
  "/v1/explain",
  "/v1/tickets",
  "/routes",
  "/metrics",
  "/livez",
  "/readyz",
];

const NASTY = [
  "",
  "\u0000",
  "ä🌍\ud800",
  "..",
  "a..b",
  "order.>",
  "*",
  "%",
  "%00",
  "%ff%fe",
  "-1",
  "1e999",
  "9007199254740993",
  "null",
  "true",
  "'",
  '"',
  "__proto__",
  "constructor",
  "x".repeat(5000),
  "((((((((((((((((((((",
  "{}",
  "[]",
];

const QUERIES = [
  "topic",
  "since",
  "after",
  "limit",
  "filter",
  "group",
  "subscription",
  "format",
  "source",
  "id",
  "type",
];
const HEADERS = [
  "ce-id",
  "ce-source",
  "ce-type",
  "ce-specversion",
  "ce-time",
  "ce-subject",
  "ce-expirytime",
  "ce-topic",
  "content-type",
  "idempotency-key",
  "weft-ack",
  "weft-ttl-ms",
  "prefer",
  "accept",
  "origin",
  "authorization",
  "last-event-id",
];
const MEDIA_TYPES = [
  "application/cloudevents+json",
  "application/cloudevents-batch+json",
  "application/cloudevents+json; charset=latin1",
  "application/json",
  "text/plain",
  "multipart/form-data",
  ";;;",
];

/** Never a stream: those that answer for ever are another test's. */
export function fuzzRequest(random: SeededRandom): FuzzedRequest {
  const method = random.pick(METHODS);
  const path = mutatePath(random, random.pick(PATHS));
  const headers: Record<string, string> = { "content-type": random.pick(MEDIA_TYPES) };
  for (let n = random.integer(0, 5); n > 0; n--) headers[random.pick(HEADERS)] = toHeaderValue(random.pick(NASTY));
  if (random.next() < 0.3) Object.assign(headers, { "ce-specversion": "1.0", "ce-id": "1", "ce-source": "/a" });
  const hasBody = method !== "GET" && method !== "HEAD" && random.next() < 0.8;
  return { method, path, headers, body: hasBody ? fuzzBody(random) : undefined };
}

function mutatePath(random: SeededRandom, path: string): string {
  const segments = random.next() < 0.3 ? `${path}/${encodeURIComponent(toText(random.pick(NASTY)))}` : path;
  if (random.next() < 0.5) return segments;
  const query = `${random.pick(QUERIES)}=${encodeURIComponent(toText(random.pick(NASTY)))}`;
  return `${segments}?${query}`;
}

function fuzzBody(random: SeededRandom): string | Uint8Array<ArrayBuffer> {
  switch (random.integer(0, 4)) {
    case 0:
      return Uint8Array.from({ length: random.integer(0, 300) }, () => random.integer(0, 255));
    case 1:
      return "[".repeat(random.integer(1, 20_000));
    case 2:
      return mutateText(random, JSON.stringify(toStructured({ id: "1", data: { amount: 5 } })));
    case 3:
      return JSON.stringify([toStructured({ id: "1" }), fuzzValue(random, 0), toStructured({ id: "2" })]);
    default:
      return JSON.stringify(fuzzMembers(random));
  }
}

const MEMBERS = [
  "id",
  "source",
  "type",
  "filters",
  "config",
  "sink",
  "protocol",
  "protocolsettings",
  "topic",
  "max",
  "waitMs",
  "ack",
  "nack",
  "since",
  "ids",
  "paused",
  "sql",
  "exact",
  "any",
  "not",
  "retry",
  "data",
  "data_base64",
  "specversion",
];

function fuzzMembers(random: SeededRandom): Record<string, unknown> {
  const chosen = Array.from({ length: random.integer(0, 6) }, () => random.pick(MEMBERS));
  // A pull may wait for as long as it was told; nobody has that time here.
  return { ...Object.fromEntries(chosen.map((name) => [name, fuzzValue(random, 0)])), waitMs: 0 };
}

function fuzzValue(random: SeededRandom, depth: number): unknown {
  const kind = random.integer(0, depth > 3 ? 3 : 5);
  if (kind === 0) return random.pick(NASTY);
  if (kind === 1) return random.pick([0, -1, 1.5, 1e300, 2 ** 53]);
  if (kind === 2) return random.pick([null, true, false]);
  if (kind === 3) return random.pick(["amount > 1", "earliest", "PULL", "HTTP", "order.>", "http://127.0.0.1:1/"]);
  const values = Array.from({ length: random.integer(0, 3) }, () => fuzzValue(random, depth + 1));
  if (kind === 4) return values;
  return Object.fromEntries(values.map((value) => [random.pick(MEMBERS), value]));
}

/** Some characters changed, doubled or gone. */
export function mutateText(random: SeededRandom, text: string): string {
  let mutated = text;
  for (let n = random.integer(1, 4); n > 0; n--) {
    const at = random.integer(0, mutated.length);
    const piece = random.pick(["", ...NASTY, mutated.slice(at, at + 10)]);
    mutated = mutated.slice(0, at) + piece + mutated.slice(at + random.integer(0, 10));
  }
  return mutated;
}

/** A request as bytes, with something wrong in it. */
export function fuzzBytes(random: SeededRandom): Uint8Array<ArrayBuffer> {
  const body = JSON.stringify(toStructured({ id: "1" }));
  const length = random.pick([String(body.length), "0", "-1", "99999999999999999999", "5, 5", "abc"]);
  const request = [
    `${random.pick([...METHODS, "BREW"])} ${random.pick(PATHS)} HTTP/${
      random.pick(["1.1", "1.0", "1.1", "2.0", "9.9"])
    }`,
    "Host: 127.0.0.1",
    random.pick([`Content-Length: ${length}`, "Transfer-Encoding: chunked", "Transfer-Encoding: gzip, chunked"]),
    `Content-Type: ${random.pick(MEDIA_TYPES)}`,
    random.pick(["Connection: close", "Expect: 100-continue", "Upgrade: websocket", "Upgrade: h2c"]),
    "",
    random.pick([body, `5\r\nhello\r\n0\r\n\r\n`, "ffffffffffff\r\n", "-5\r\n"]),
  ].join(random.pick(["\r\n", "\r\n", "\n"]));
  return new TextEncoder().encode(random.next() < 0.7 ? mutateText(random, request) : request);
}

/** What `fetch` lets through in a header. */
function toHeaderValue(text: string): string {
  return [...text].filter((char) => char >= " " && char < "\u007f").join("").trim();
}

/** Without lone surrogates, which a URL cannot hold. */
function toText(text: string): string {
  return text.toWellFormed();
}
