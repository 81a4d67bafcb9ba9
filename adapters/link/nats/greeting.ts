/** The first line that a NATS server says: `INFO {…}`. */

import { DialError } from "./dial_error.ts";

export interface Greeting {
  readonly tlsRequired: boolean;
  readonly tlsAvailable: boolean;
}

/** nats-server's own is below 1 kB. */
const GREETING_BYTES_MAX = 64 * 1024;

const decoder = new TextDecoder();

/** What `bytes` say; `undefined` as long as the line is not whole, an error as soon as it cannot become a greeting. */
export function parseGreeting(bytes: Uint8Array): Greeting | DialError | undefined {
  const end = bytes.indexOf(10);
  const text = decoder.decode(end < 0 ? bytes : bytes.subarray(0, end));
  if (!"INFO ".startsWith(text.slice(0, 5).toUpperCase()) || bytes.length > GREETING_BYTES_MAX) return notNats(text);
  if (end < 0) return undefined;
  try {
    const { tls_required, tls_available } = JSON.parse(text.slice(5));
    return { tlsRequired: tls_required === true, tlsAvailable: tls_available === true };
  } catch {
    return notNats(text);
  }
}

function notNats(text: string): DialError {
  const start = JSON.stringify(text.slice(0, 40));
  return new DialError(
    "NOT_NATS",
    `it greets with ${start}, which is not NATS; check the port (a node's is nats.port)`,
  );
}
