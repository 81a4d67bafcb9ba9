/** Events as messages of an event stream (WHATWG HTML §9.2.5), made once for all who get them. */

import { encodeStructured, type StoredEvent } from "../../../../node/mod.ts";
import { RecentCache } from "./recent_cache.ts";

/** Bytes of messages kept for readers that are a little behind the others. */
const MESSAGE_BYTES_MAX = 8 * 1024 * 1024;
/** Joined messages kept: readers with one pattern get the same ones at the same time. */
const CHUNKS_MAX = 8;

const encoder = new TextEncoder();

interface Chunk {
  readonly events: readonly StoredEvent[];
  readonly bytes: Uint8Array;
}

export class SseEncoder {
  readonly #cursorOf: (position: number) => string;
  readonly #messages = new RecentCache<StoredEvent, Uint8Array>(MESSAGE_BYTES_MAX);
  readonly #chunks: Chunk[] = [];

  constructor(cursorOf: (position: number) => string) {
    this.#cursorOf = cursorOf;
  }

  /** The bytes of at least one event, one behind the other. Nobody may write to them: others are sent the same. */
  encode(events: readonly StoredEvent[]): Uint8Array {
    if (events.length === 1) return this.#message(events[0]);
    const known = this.#chunks.find((chunk) => isSame(chunk.events, events));
    if (known !== undefined) return known.bytes;
    const bytes = join(events.map((event) => this.#message(event)));
    if (this.#chunks.length >= CHUNKS_MAX) this.#chunks.shift();
    this.#chunks.push({ events, bytes });
    return bytes;
  }

  #message(stored: StoredEvent): Uint8Array {
    const known = this.#messages.get(stored);
    if (known !== undefined) return known;
    const { event, position } = stored;
    const data = toDataLines(encodeStructured(event));
    const bytes = encoder.encode(`id: ${this.#cursorOf(position)}\nevent: ${event.attributes.type}\n${data}\n`);
    this.#messages.set(stored, bytes, bytes.length);
    return bytes;
  }
}

/** A message of the stream itself; it has no id, which tells it from events. */
export function toControlMessage(event: string, data: unknown): Uint8Array {
  return encoder.encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}

/** Tells an EventSource where to resume before it has seen an event: an id without data is kept, and not reported. */
export function toResumePoint(cursor: string): Uint8Array {
  return encoder.encode(`id: ${cursor}\n\n`);
}

/** A comment, which keeps proxies from cutting a stream that is idle. */
export const KEEP_ALIVE: Uint8Array = encoder.encode(":\n\n");

/** JSON data may have line breaks between its tokens; the reader puts them back (WHATWG HTML §9.2.6). */
function toDataLines(json: string): string {
  return /[\r\n]/.test(json) ? json.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`).join("") : `data: ${json}\n`;
}

function isSame(a: readonly StoredEvent[], b: readonly StoredEvent[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
