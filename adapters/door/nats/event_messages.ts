/** Events as messages, made once however many clients get them. */

import type { StoredEvent } from "../../../node/mod.ts";
import { RecentCache } from "../http/streams/mod.ts";
import { type EventMessage, fromEvent } from "./message_event.ts";

/** Of each of two generations: what a burst of events to many subscribers takes. */
const CACHE_BYTES = 4 * 1024 * 1024;
const OVERHEAD_BYTES = 200;

export class EventMessages {
  readonly #recent = new RecentCache<number, EventMessage>(CACHE_BYTES);

  of({ position, event }: StoredEvent): EventMessage {
    const known = this.#recent.get(position);
    if (known !== undefined) return known;
    const message = fromEvent(event);
    this.#recent.set(position, message, message.headers.length + message.payload.length + OVERHEAD_BYTES);
    return message;
  }
}
